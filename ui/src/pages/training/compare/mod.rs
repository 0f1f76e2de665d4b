//! Several runs beside one another: curves, final measures, settings, texts.

mod charts;
mod drawing;
mod picture;
mod side;
pub mod tables;

use crate::components::{
    ButtonLink, Card, Deferred, EmptyState, ErrorState, IconName, LinkTo, PageHeader, Skeleton,
    Variant,
};
use crate::hooks::{use_event, use_kept_query};
use crate::i18n::compare as words;
use crate::route::Route;
use crate::state::job::Shared;
use amoozgar_types::compare::MOST_COMPARED;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{CompareRequest, JobChanged, TrainingCompare};
use charts::CompareCharts;
use side::{Measures, SettingsTable, Texts};
use yew::prelude::*;
use yew_router::prelude::*;

/// The page's address with these runs.
pub fn address(job_ids: &[JobId]) -> String {
    let ids: Vec<&str> = job_ids.iter().map(JobId::as_str).collect();
    format!("{}?ids={}", Route::CompareRuns.to_path(), ids.join(","))
}

/// The runs that an address' query names, each once, no more than can be compared.
fn named(query: &str) -> Vec<JobId> {
    let ids = query
        .trim_start_matches('?')
        .split('&')
        .find_map(|part| part.strip_prefix("ids="))
        .unwrap_or_default();
    let mut named: Vec<JobId> = Vec::new();
    for id in ids.split(',').filter(|id| !id.is_empty()) {
        let id = JobId::new(id);
        if !named.contains(&id) && named.len() < MOST_COMPARED {
            named.push(id);
        }
    }
    named
}

/// The comparison.
#[component]
pub fn ComparePage() -> Html {
    let location = use_location();
    let query = location
        .map(|place| place.query_str().to_owned())
        .unwrap_or_default();
    let job_ids = named(&query);
    let body = if job_ids.is_empty() {
        html! {
            <EmptyState
                icon={IconName::Compare}
                title={words::NONE_TITLE}
                text={words::NONE_TEXT}
                action={html! {
                    <ButtonLink to={Route::Training} label={words::TO_LIST} variant={Variant::Primary} />
                }}
            />
        }
    } else {
        html! { <Comparison key={query} {job_ids} /> }
    };
    html! {
        <>
            <PageHeader
                title={words::TITLE}
                subtitle={words::SUBTITLE}
                before={html! {
                    <LinkTo to={Route::Training} class="back-link">
                        { IconName::Back.svg() }
                        { words::BACK }
                    </LinkTo>
                }}
            />
            { body }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ComparisonProps {
    job_ids: Vec<JobId>,
}

#[component]
fn Comparison(props: &ComparisonProps) -> Html {
    let query = use_kept_query::<TrainingCompare>(CompareRequest {
        job_ids: props.job_ids.clone(),
    });
    {
        // A run that goes on is drawn anew when its state changes; its own page follows each step.
        let (query, job_ids) = (query.clone(), props.job_ids.clone());
        use_event::<JobChanged, _>(move |job| {
            if job_ids.contains(&job.job_id) {
                query.reload();
            }
        });
    }
    let runs = use_memo(query.data(), |data| {
        data.as_ref().map(|runs| Shared::new((**runs).clone()))
    });
    match ((*runs).clone(), query.error()) {
        (None, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Card><Skeleton lines={8} /></Card> },
        (Some(runs), _) => html! {
            <div class="compare" data-testid="compare">
                <CompareCharts runs={runs.clone()} />
                <Deferred>
                    <Measures runs={runs.clone()} />
                    <SettingsTable runs={runs.clone()} />
                    <Texts {runs} />
                </Deferred>
            </div>
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{address, named};
    use amoozgar_types::id::JobId;

    #[test]
    fn an_address_names_each_run_once_and_reads_back() {
        let ids: Vec<_> = ["a", "b", "c"].map(JobId::new).to_vec();
        let address = address(&ids);
        let query = address.split_once('?').map_or("", |parts| parts.1);
        assert_eq!(named(&format!("?{query}")), ids, "as the router gives it");
        assert_eq!(named("ids=a,a,,b"), ids[..2], "no run twice and none empty");
        assert_eq!(named("?other=1").len(), 0, "no runs");
        assert_eq!(named("?ids=1,2,3,4,5,6,7,8").len(), 6, "no more than six");
    }
}
