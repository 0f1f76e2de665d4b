//! A job's state and progress.

use crate::i18n::common;
use amoozgar_types::job::JobStatus;
use yew::prelude::*;

/// Props of [`StatusBadge`].
#[derive(Properties, PartialEq)]
pub struct StatusBadgeProps {
    /// The state.
    pub status: JobStatus,
}

/// A job's state in a word, with its colour.
#[component]
pub fn StatusBadge(props: &StatusBadgeProps) -> Html {
    let tone = match props.status {
        JobStatus::Queued => "neutral",
        JobStatus::Starting | JobStatus::Loading | JobStatus::Running => "live",
        JobStatus::Paused | JobStatus::Interrupted => "warning",
        JobStatus::Completed => "success",
        JobStatus::Failed => "danger",
        JobStatus::Stopped => "muted",
    };
    html! {
        <span class={classes!("badge", "badge--state", format!("badge--{tone}"))} data-status={props.status.as_str()}>
            { common::status(props.status) }
        </span>
    }
}

/// Props of [`Progress`].
#[derive(Properties, PartialEq)]
pub struct ProgressProps {
    /// 0 to 100; `None` where it is not known.
    pub value: Option<f64>,
    /// What progresses, for screen readers.
    pub label: AttrValue,
    /// Shows that nothing moves just now.
    #[prop_or_default]
    pub paused: bool,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A bar that fills from the right.
#[component]
pub fn Progress(props: &ProgressProps) -> Html {
    let value = props.value.map(|value| value.clamp(0.0, 100.0));
    html! {
        <div
            class={classes!(
                "progress",
                value.is_none().then_some("is-indeterminate"),
                props.paused.then_some("is-paused"),
            )}
            role="progressbar"
            aria-label={props.label.clone()}
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow={value.map(|value| format!("{value:.0}"))}
            data-testid={props.testid.clone()}
        >
            <span
                // Another element, so that a share does not grow out of the block that slid.
                key={if value.is_some() { "share" } else { "slides" }}
                class="progress__bar"
                style={value.map(|value| format!("inline-size:{value:.2}%"))}
            />
        </div>
    }
}
