//! The runs by state, and those that changed last.

use crate::components::{
    ButtonLink, Card, EmptyState, ErrorState, IconName, LinkTo, Skeleton, StatusBadge, Variant,
};
use crate::hooks::{use_event, use_kept_query};
use crate::i18n::{common, dashboard as words, home, time};
use crate::route::Route;
use amoozgar_types::ipc::{DashboardOverview, JobChanged, JobDeleted, Overview};
use yew::prelude::*;

#[hook]
fn use_overview() -> crate::hooks::Query<Overview> {
    let query = use_kept_query::<DashboardOverview>(());
    {
        let query = query.clone();
        use_event::<JobChanged, _>(move |_| query.reload());
    }
    {
        let query = query.clone();
        use_event::<JobDeleted, _>(move |_| query.reload());
    }
    query
}

/// How many runs are in which state.
#[component]
pub fn JobsCard() -> Html {
    let query = use_overview();
    let body = match (query.data(), query.error()) {
        (Some(overview), _) if overview.jobs_by_status.is_empty() => html! {
            <EmptyState
                icon={IconName::Training}
                title={words::JOBS_EMPTY}
                text={words::JOBS_EMPTY_TEXT}
                action={html! {
                    <ButtonLink
                        to={Route::NewRun}
                        label={home::NEW_RUN}
                        icon={IconName::Plus}
                        variant={Variant::Primary}
                    />
                }}
            />
        },
        (Some(overview), _) => html! {
            <ul class="tally" data-testid="jobs-by-status">
                { for overview.jobs_by_status.iter().map(|(status, n)| html! {
                    <li class="tally__item" key={status.as_str()}>
                        <StatusBadge status={*status} />
                        <span class="tally__count">{ common::count(*n) }</span>
                    </li>
                }) }
            </ul>
        },
        (None, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={3} /> },
    };
    html! { <Card title={words::JOBS} class="dashboard__third">{ body }</Card> }
}

/// What changed last, latest first.
#[component]
pub fn RecentCard() -> Html {
    let query = use_overview();
    let body = match (query.data(), query.error()) {
        (Some(overview), _) if overview.recent.is_empty() => {
            html! { <p class="muted">{ words::JOBS_EMPTY }</p> }
        }
        (Some(overview), _) => html! {
            <ul class="recent" data-testid="recent">
                { for overview.recent.iter().map(|job| html! {
                    <li class="recent__item" key={job.job_id.to_string()}>
                        <LinkTo
                            to={Route::Job { id: job.job_id.to_string() }}
                            class="table__link"
                        >
                            <span dir="auto">{ &job.name }</span>
                        </LinkTo>
                        <span class="recent__when">{ time::ago(job.updated_ms) }</span>
                        <StatusBadge status={job.status} />
                    </li>
                }) }
            </ul>
        },
        (None, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={3} /> },
    };
    html! { <Card title={words::RECENT} class="dashboard__third">{ body }</Card> }
}
