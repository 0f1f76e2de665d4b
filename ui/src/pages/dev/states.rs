//! Badges, progress, waiting, nothing, failure.

use crate::components::{
    Badge, Button, Card, EmptyState, ErrorNote, ErrorState, IconName, Progress, Skeleton, Spinner,
    StatusBadge, Tone, Variant,
};
use crate::i18n::dev as words;
use amoozgar_types::job::JobStatus;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use yew::prelude::*;

const TONES: [Tone; 6] = [
    Tone::Neutral,
    Tone::Live,
    Tone::Success,
    Tone::Warning,
    Tone::Danger,
    Tone::Label,
];

/// Each state a page can be in.
#[component]
pub fn States() -> Html {
    let error = ApiError::with(
        ErrorCode::InvalidJson,
        ErrorParams {
            path: Some("/home/sara/texts/hafez.jsonl".to_owned()),
            line: Some(7),
            detail: Some("expected `,` or `}` at line 7 column 12".to_owned()),
            ..ErrorParams::default()
        },
    );
    html! {
        <Card title={words::STATES}>
            <div class="dev__row">
                { for TONES.iter().zip(words::BADGES).map(|(tone, label)| html! {
                    <Badge {label} tone={*tone} />
                }) }
                <Badge label={words::BADGES[0]} icon={IconName::Clock} />
                <Spinner />
            </div>
            <div class="dev__row">
                { for JobStatus::ALL.iter().map(|status| html! { <StatusBadge status={*status} /> }) }
            </div>
            <Progress value={62.0} label={words::PROGRESS} />
            <Progress value={38.0} label={words::PROGRESS} paused={true} />
            <Progress value={None} label={words::PROGRESS} />
            <Skeleton lines={3} />
            <EmptyState
                icon={IconName::Box}
                title={words::EMPTY}
                text={words::EMPTY_TEXT}
                action={html! {
                    <Button label={words::VARIANTS[0]} variant={Variant::Primary} onclick={Callback::noop()} />
                }}
            />
            <ErrorNote error={error.clone()} />
            <ErrorState {error} on_retry={Callback::noop()} />
        </Card>
    }
}
