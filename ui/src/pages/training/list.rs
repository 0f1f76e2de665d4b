//! All runs, latest first, a page at a time; those that wait can change places, and some can be chosen
//! to be compared.

use super::compare::address;
use super::pager::Pager;
use super::row::RunRow;
use crate::api;
use crate::components::{
    Button, ButtonLink, Deferred, EmptyState, ErrorNote, ErrorState, IconName, PageHeader,
    SegmentedChoice, SegmentedOption, Skeleton, TextField, Variant,
};
use crate::hooks::{Query, use_event, use_kept_query, use_painted};
use crate::i18n::{compare, training as words};
use crate::route::Route;
use amoozgar_types::compare::MOST_COMPARED;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{JobChanged, JobDeleted, TrainingPage};
use amoozgar_types::job::JobRecord;
use amoozgar_types::job::{JobGroup, JobPage, JobQuery};
use std::rc::Rc;
use yew::prelude::*;

/// Runs of one page.
const PER_PAGE: u32 = 25;
/// The least that a run takes of the window's height, in CSS pixels, and what stands above the first one.
const RUN_HEIGHT: f64 = 112.0;
const ABOVE_RUNS: f64 = 200.0;

/// All runs.
#[component]
pub fn TrainingListPage() -> Html {
    let asked = use_state_eq(|| JobQuery {
        limit: PER_PAGE,
        ..JobQuery::default()
    });
    let chosen = use_reducer_eq(Chosen::default);
    let n_in_sight = *use_memo((), |()| n_in_sight());
    let most_rows = if use_painted() {
        usize::MAX
    } else {
        n_in_sight
    };
    let query = use_kept_query::<TrainingPage>((*asked).clone());
    {
        let (query, group) = (query.clone(), asked.group);
        use_event::<JobChanged, _>(move |job: JobRecord| {
            let shown = query
                .data()
                .is_some_and(|page| page.jobs.iter().any(|known| known.job_id == job.job_id));
            if shown && group.contains(job.status) {
                query.update(move |page| replace(&mut page.jobs, job));
            } else {
                query.reload();
            }
        });
    }
    {
        let (query, chosen) = (query.clone(), chosen.dispatcher());
        use_event::<JobDeleted, _>(move |id: JobId| {
            chosen.dispatch(Choose::Drop(id));
            query.reload();
        });
    }
    let onchoose = {
        let chosen = chosen.dispatcher();
        use_callback((), move |id: JobId, ()| chosen.dispatch(Choose::Toggle(id)))
    };
    // The same at every drawing, as `onchoose` is, so that rows are not drawn again at every key.
    let latest = use_mut_ref(|| None);
    *latest.borrow_mut() = Some(query.on_retry());
    let on_moved = use_callback((), move |(), ()| {
        if let Some(reload) = &*latest.borrow() {
            reload.emit(());
        }
    });
    let some = query.data().is_some_and(|page| page.n_all > 0);
    let ask = {
        let asked = asked.clone();
        Callback::from(move |next: JobQuery| asked.set(next))
    };
    html! {
        <>
            <PageHeader
                title={words::TITLE}
                subtitle={words::SUBTITLE}
                actions={if some { new_run() } else { html! {} }}
            />
            if some {
                <Filter asked={(*asked).clone()} {ask} />
            }
            { content(&query, &asked, &chosen.ids, &onchoose, &on_moved, most_rows) }
            if !chosen.ids.is_empty() {
                <Choice
                    chosen={chosen.ids.clone()}
                    onclear={move |()| chosen.dispatch(Choose::Nothing)}
                />
            }
        </>
    }
}

fn content(
    query: &Query<JobPage>,
    asked: &UseStateHandle<JobQuery>,
    chosen: &[JobId],
    onchoose: &Callback<JobId>,
    on_moved: &Callback<()>,
    most_rows: usize,
) -> Html {
    match (query.data(), query.error()) {
        (None, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={5} /> },
        (Some(page), _) if page.n_all == 0 => html! {
            <EmptyState
                icon={IconName::Training}
                title={words::EMPTY_TITLE}
                text={words::EMPTY_TEXT}
                action={new_run()}
            />
        },
        (Some(page), _) if page.n_matching == 0 => {
            let asked = asked.clone();
            html! {
                <EmptyState
                    icon={IconName::Search}
                    title={words::NOTHING_FOUND}
                    text={words::NOTHING_FOUND_TEXT}
                    action={html! {
                        <Button
                            label={words::SHOW_ALL_RUNS}
                            onclick={move |_| asked.set(JobQuery { limit: PER_PAGE, ..JobQuery::default() })}
                            testid="run-filter-clear"
                        />
                    }}
                />
            }
        }
        (Some(page), error) => {
            let minute = (js_sys::Date::now() / 60_000.0) as i64;
            let onpage = {
                let asked = asked.clone();
                move |page: u32| {
                    asked.set(JobQuery {
                        offset: page * PER_PAGE,
                        ..(*asked).clone()
                    });
                }
            };
            html! {
                <>
                    if let Some(error) = error { <ErrorNote {error} /> }
                    <ul class="run-list" data-testid="run-list">
                        { for page.jobs.iter().take(most_rows).map(|job| html! {
                            <RunRow
                                key={job.job_id.to_string()}
                                job={job.clone()}
                                n_queued={page.n_queued}
                                on_moved={on_moved.clone()}
                                chosen={chosen.contains(&job.job_id)}
                                can_choose={chosen.len() < MOST_COMPARED}
                                onchoose={onchoose.clone()}
                                {minute}
                            />
                        }) }
                    </ul>
                    <Deferred>
                        <Pager
                            page={asked.offset / PER_PAGE}
                            n_pages={page.n_matching.div_ceil(PER_PAGE)}
                            {onpage}
                        />
                    </Deferred>
                </>
            }
        }
    }
}

fn new_run() -> Html {
    html! {
        <ButtonLink
            to={Route::NewRun}
            label={words::NEW_RUN}
            variant={Variant::Primary}
            icon={IconName::Plus}
            testid="new-run"
        />
    }
}

/// The runs that the window has room for; those below come after the first frame.
fn n_in_sight() -> usize {
    let height = web_sys::window()
        .and_then(|window| window.inner_height().ok())
        .and_then(|height| height.as_f64())
        .unwrap_or_default();
    ((height - ABOVE_RUNS) / RUN_HEIGHT).ceil().max(1.0) as usize
}

/// Puts a changed row in its place, unless a later state of it is there.
fn replace(jobs: &mut [JobRecord], job: JobRecord) {
    if let Some(known) = jobs
        .iter_mut()
        .find(|known| known.job_id == job.job_id && known.updated_ms <= job.updated_ms)
    {
        *known = job;
    }
}

/// The runs chosen to be compared.
#[derive(Debug, Default, Clone, PartialEq)]
struct Chosen {
    ids: Vec<JobId>,
}

/// A change of the choice.
enum Choose {
    /// One run more, or less; the choice never grows above what can be compared.
    Toggle(JobId),
    /// A run that is gone.
    Drop(JobId),
    /// None at all.
    Nothing,
}

impl Reducible for Chosen {
    type Action = Choose;

    fn reduce(self: Rc<Self>, action: Choose) -> Rc<Self> {
        let mut ids = self.ids.clone();
        match action {
            Choose::Toggle(id) if ids.contains(&id) => ids.retain(|one| *one != id),
            Choose::Toggle(id) if ids.len() < MOST_COMPARED => ids.push(id),
            Choose::Toggle(_) => {}
            Choose::Drop(id) => ids.retain(|one| *one != id),
            Choose::Nothing => ids.clear(),
        }
        Rc::new(Self { ids })
    }
}

#[derive(Properties, PartialEq)]
struct FilterProps {
    asked: JobQuery,
    ask: Callback<JobQuery>,
}

/// Search and states; each change begins at the first page.
#[component]
fn Filter(props: &FilterProps) -> Html {
    let asked = &props.asked;
    let with = |change: fn(&mut JobQuery, String)| {
        let (asked, ask) = (asked.clone(), props.ask.clone());
        move |text: String| {
            let mut next = asked.clone();
            change(&mut next, text);
            next.offset = 0;
            ask.emit(next);
        }
    };
    let choose = {
        let (asked, ask) = (asked.clone(), props.ask.clone());
        move |index: usize| {
            if let Some(group) = JobGroup::ALL.get(index) {
                ask.emit(JobQuery {
                    group: *group,
                    offset: 0,
                    ..asked.clone()
                });
            }
        }
    };
    let selected = JobGroup::ALL
        .iter()
        .position(|group| *group == asked.group)
        .unwrap_or_default();
    let options: Vec<_> = JobGroup::ALL
        .iter()
        .map(|group| SegmentedOption {
            label: words::group(*group).into(),
            icon: None,
            testid: Some(words::group_testid(*group).into()),
        })
        .collect();
    html! {
        <div class="run-filter" role="search">
            <div class="run-filter__search">
                <TextField
                    id="run-search"
                    label={words::SEARCH}
                    value={asked.search.clone()}
                    oninput={with(|next, text| next.search = text)}
                    placeholder={words::SEARCH_PLACEHOLDER}
                    testid="run-search"
                />
            </div>
            <SegmentedChoice label={words::GROUP} {options} {selected} onselect={choose} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ChoiceProps {
    chosen: Vec<JobId>,
    onclear: Callback<()>,
}

/// What is chosen, and what can be done with it.
#[component]
fn Choice(props: &ChoiceProps) -> Html {
    let go = {
        let address = address(&props.chosen);
        move |_| {
            let went = web_sys::window().map(|window| window.location().set_hash(&address));
            if let Some(Err(error)) = went {
                api::log(&format!("the comparison could not be opened: {error:?}"));
            }
        }
    };
    html! {
        <div class="run-choice" role="status">
            <span class="run-choice__text">
                { compare::chosen(props.chosen.len(), MOST_COMPARED) }
            </span>
            <Button
                label={compare::CLEAR_CHOICE}
                variant={Variant::Ghost}
                onclick={props.onclear.reform(|_| ())}
                testid="compare-clear"
            />
            <Button
                label={compare::COMPARE}
                icon={IconName::Compare}
                variant={Variant::Primary}
                disabled={props.chosen.len() < 2}
                onclick={go}
                testid="compare-go"
            />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::{Choose, Chosen};
    use amoozgar_types::id::JobId;
    use std::rc::Rc;
    use yew::Reducible;

    #[test]
    fn a_second_click_takes_a_run_back_and_a_seventh_run_is_not_chosen() {
        let ids: Vec<JobId> = (0..7).map(|n| JobId::new(n.to_string())).collect();
        let toggled = |chosen: Rc<Chosen>, id: &JobId| chosen.reduce(Choose::Toggle(id.clone()));
        let six = ids.iter().fold(Rc::new(Chosen::default()), toggled);
        assert_eq!(six.ids, ids[..6], "the seventh stays out");
        let five = toggled(six, &ids[0]);
        assert_eq!(five.ids, ids[1..6], "a chosen one is taken back");
        let four = five.reduce(Choose::Drop(ids[3].clone()));
        assert!(
            !four.ids.contains(&ids[3]),
            "one that is gone is not chosen"
        );
    }
}
