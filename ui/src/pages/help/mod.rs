//! The guide inside the application: chapters, search, parameters, glossary.

mod guide;

use crate::components::{Button, Variant};
use crate::components::{
    Card, EmptyState, ErrorState, IconName, LinkTo, PageHeader, Skeleton, TextField,
};
use crate::i18n::help as words;
use crate::markdown;
use crate::route::Route;
use amoozgar_types::ApiError;
use guide::{ChapterText, Found};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// Props of [`HelpPage`].
#[derive(Properties, PartialEq)]
pub struct HelpPageProps {
    /// The open chapter; the first where absent or unknown.
    #[prop_or_default]
    pub chapter: AttrValue,
    /// The section to show, from 1.
    #[prop_or_default]
    pub section: Option<usize>,
}

/// Contents and search at the side, the chapter beside them.
#[component]
pub fn HelpPage(props: &HelpPageProps) -> Html {
    let chapters = use_state(|| None::<Result<Rc<Vec<ChapterText>>, ApiError>>);
    let query = use_state_eq(String::new);
    let load = {
        let chapters = chapters.setter();
        use_callback((), move |(): (), ()| {
            let chapters = chapters.clone();
            chapters.set(None);
            wasm_bindgen_futures::spawn_local(async move {
                chapters.set(Some(guide::fetch().await.map(Rc::new)));
            });
        })
    };
    {
        let load = load.clone();
        use_effect_with((), move |()| load.emit(()));
    }
    {
        // A link that was followed is where one wants to be, not in the list of what was found.
        let query = query.setter();
        let at = (props.chapter.clone(), props.section);
        use_effect_with(at, move |_| query.set(String::new()));
    }
    let body = match &*chapters {
        None => html! { <Card><Skeleton lines={8} /></Card> },
        Some(Err(error)) => html! { <ErrorState error={error.clone()} on_retry={load} /> },
        Some(Ok(chapters)) => {
            let open = chapters
                .iter()
                .position(|chapter| chapter.slug == props.chapter.as_str())
                .unwrap_or_default();
            let oninput = {
                let query = query.clone();
                Callback::from(move |text| query.set(text))
            };
            let clear = {
                let query = query.clone();
                Callback::from(move |()| query.set(String::new()))
            };
            html! {
                <div class="help">
                    <aside class="help__side">
                        <TextField
                            id="help-search"
                            label={words::SEARCH}
                            value={(*query).clone()}
                            {oninput}
                            placeholder={words::SEARCH_PLACEHOLDER}
                            testid="help-search"
                        />
                        { contents(chapters, open) }
                    </aside>
                    if query.trim().is_empty() {
                        <Chapter chapters={chapters.clone()} {open} section={props.section} />
                    } else {
                        { results(&guide::search(chapters, &query), clear) }
                    }
                </div>
            }
        }
    };
    html! {
        <>
            <PageHeader title={words::TITLE} subtitle={words::SUBTITLE} />
            { body }
        </>
    }
}

fn route_of(chapter: &ChapterText) -> Route {
    Route::HelpChapter {
        chapter: chapter.slug.to_owned(),
    }
}

fn contents(chapters: &[ChapterText], open: usize) -> Html {
    html! {
        <nav aria-label={words::CONTENTS}>
            <ul class="help__contents">
                { for chapters.iter().enumerate().map(|(index, chapter)| html! {
                    <li key={chapter.slug}>
                        <LinkTo
                            to={route_of(chapter)}
                            class="help__chapter"
                            current={index == open}
                            testid={format!("help-{}", chapter.slug)}
                        >
                            { chapter.title }
                        </LinkTo>
                    </li>
                }) }
            </ul>
        </nav>
    }
}

fn results(found: &[Found], clear: Callback<()>) -> Html {
    if found.is_empty() {
        return html! {
            <Card>
                <EmptyState
                    icon={IconName::Search}
                    title={words::NOTHING}
                    text={words::NOTHING_TEXT}
                    action={html! {
                        <Button
                            label={words::CLEAR}
                            variant={Variant::Secondary}
                            onclick={clear.reform(|_: MouseEvent| ())}
                        />
                    }}
                />
            </Card>
        };
    }
    html! {
        <Card>
            <p class="help__count" role="status">{ words::found(found.len()) }</p>
            <ul class="help__found" data-testid="help-found">
                { for found.iter().map(|hit| {
                    let to = Route::HelpSection {
                        chapter: hit.slug.to_owned(),
                        section: hit.number,
                    };
                    html! {
                        <li key={format!("{}-{}", hit.slug, hit.number)}>
                            <LinkTo {to} class="help__hit">
                                <span class="help__hit-title">
                                    { if hit.section.is_empty() { hit.chapter } else { hit.section.as_str() } }
                                </span>
                                <span class="help__hit-chapter">{ hit.chapter }</span>
                                <span class="help__hit-text">{ &hit.excerpt }</span>
                            </LinkTo>
                        </li>
                    }
                }) }
            </ul>
        </Card>
    }
}

#[derive(Properties, PartialEq)]
struct ChapterProps {
    chapters: Rc<Vec<ChapterText>>,
    open: usize,
    section: Option<usize>,
}

#[component]
fn Chapter(props: &ChapterProps) -> Html {
    use_effect_with((props.open, props.section), |&(_, section)| show(section));
    let Some(chapter) = props.chapters.get(props.open) else {
        return html! {};
    };
    html! {
        <article class="card prose" data-testid="help-chapter">
            { markdown::view(&chapter.blocks) }
            if let Some(next) = props.chapters.get(props.open + 1) {
                <p class="prose__next">
                    <span class="muted">{ words::NEXT }</span>
                    <LinkTo to={route_of(next)} class="text-link">
                        { next.title }
                        { IconName::Forward.svg() }
                    </LinkTo>
                </p>
            }
        </article>
    }
}

/// Brings a section, or the chapter's beginning, into sight.
fn show(section: Option<usize>) {
    let id = match section.filter(|number| *number > 0) {
        Some(number) => format!("section-{number}"),
        None => "main".to_owned(),
    };
    let element = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|page| page.get_element_by_id(&id))
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        if id == "main" {
            element.set_scroll_top(0);
        } else {
            element.scroll_into_view();
            crate::components::focus(Some(element));
        }
    }
}
