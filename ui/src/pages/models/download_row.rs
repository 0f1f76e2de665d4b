//! One download: how far it is, and what can be done with it.

use crate::components::{ErrorNote, IconButton, IconName, LinkTo, Ltr, Progress};
use crate::i18n::{downloads as words, time};
use crate::route::Route;
use amoozgar_types::ErrorCode;
use amoozgar_types::download::{DownloadRecord, DownloadStatus};
use yew::prelude::*;

/// What a person wants of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Wait, keeping what has come.
    Pause,
    /// Go on.
    Resume,
    /// Try again.
    Retry,
    /// Give it up, after asking what happens to its bytes.
    Cancel,
    /// One place earlier in the queue.
    Earlier,
    /// One place later in the queue.
    Later,
}

/// What a row is made of.
pub struct DownloadRow<'a> {
    /// The download.
    pub record: &'a DownloadRecord,
    /// How many are in line, itself included.
    pub n_in_line: u32,
    /// A wish of it is being done.
    pub busy: bool,
    /// Called with what a person wants.
    pub on_wish: Callback<Wish>,
}

/// Name, state, bar, numbers, buttons. Not a component: it holds no state, and each component has
/// its weight in what the window loads.
pub fn download_row(props: &DownloadRow<'_>) -> Html {
    let record = props.record;
    let status = record.status;
    let id = &record.download_id;
    let shows_bar = !matches!(
        status,
        DownloadStatus::Installed | DownloadStatus::Cancelled
    );
    let known = (record.total_bytes > 0).then_some(record.percent);
    let still = !status.is_live();
    let to = Route::repo(record.kind, &record.repo);
    html! {
        <li
            key={id.to_string()}
            class="download"
            data-testid={format!("download-{id}")}
            data-status={status.as_str()}
            data-repo={record.repo.clone()}
        >
            <div class="download__head">
                <LinkTo {to} class="download__name"><Ltr text={record.repo.clone()} /></LinkTo>
                { status_word(status) }
                <div class="download__buttons">{ buttons(props) }</div>
            </div>
            if shows_bar {
                <Progress
                    value={if status == DownloadStatus::Preparing { known } else { Some(known.unwrap_or(0.0)) }}
                    label={words::label(words::TITLE, &record.repo)}
                    paused={still}
                    testid={format!("download-progress-{id}")}
                />
            }
            { numbers(record) }
            if let Some(error) = failure(record) {
                <ErrorNote {error} />
                if matches!(record.error.as_ref().map(|error| error.code), Some(ErrorCode::GatedRepo | ErrorCode::OnlyPickle | ErrorCode::BadToken | ErrorCode::NoToken)) {
                    <LinkTo to={Route::repo(record.kind, &record.repo)} class="text-link">
                        <span>{ words::OPEN_REPO }</span>{ IconName::Forward.svg() }
                    </LinkTo>
                }
            }
        </li>
    }
}

/// A failure stands in full; what is only waited out is told by the line of numbers.
fn failure(record: &DownloadRecord) -> Option<amoozgar_types::ApiError> {
    (record.status == DownloadStatus::Failed)
        .then(|| record.error.clone())
        .flatten()
}

/// A download's state in a word, with its colour.
pub fn status_word(status: DownloadStatus) -> Html {
    let tone = match status {
        DownloadStatus::Queued | DownloadStatus::Cancelled => "badge",
        DownloadStatus::Preparing | DownloadStatus::Running => "badge badge--live",
        DownloadStatus::Waiting | DownloadStatus::Paused => "badge badge--warning",
        DownloadStatus::Installed => "badge badge--success",
        DownloadStatus::Failed => "badge badge--danger",
    };
    html! {
        <span class={classes!("badge--state", tone)} data-status={status.as_str()}>
            { words::status(status) }
        </span>
    }
}

fn numbers(record: &DownloadRecord) -> Html {
    let mut facts: Vec<String> = Vec::new();
    match record.status {
        DownloadStatus::Preparing if record.total_bytes == 0 => facts.push(words::ASKING.into()),
        DownloadStatus::Installed => {
            facts.push(words::files(record.n_files));
            facts.push(amoozgar_text::number::bytes(record.total_bytes));
            facts.extend(record.finished_ms.map(time::ago));
        }
        _ => {
            if record.total_bytes > 0 {
                facts.push(words::percent(record.percent));
            }
            if record.total_bytes > 0 || record.done_bytes > 0 {
                facts.push(words::amount(record.done_bytes, record.total_bytes));
            }
            if record.status == DownloadStatus::Running {
                facts.extend(record.bytes_per_s.map(words::speed));
                facts.extend(record.eta_s.map(words::remaining));
            }
            if record.status == DownloadStatus::Queued {
                facts.extend(record.queue_position.map(words::place));
            }
        }
    }
    let waiting = (record.status == DownloadStatus::Waiting)
        .then(|| words::waits_for(record.waits_for, record.retry_ms, time::now_ms()));
    let file = record
        .file
        .clone()
        .filter(|_| record.status == DownloadStatus::Running);
    html! {
        <div class="download__facts">
            <p class="download__numbers" data-testid={format!("download-numbers-{}", record.download_id)}>
                { for facts.into_iter().map(|fact| html! { <span>{ fact }</span> }) }
            </p>
            if let Some(waiting) = waiting {
                <p class="download__wait" data-testid={format!("download-wait-{}", record.download_id)}>
                    { waiting }
                </p>
            }
            if let Some(file) = file {
                <p class="download__file"><Ltr text={file} /></p>
            }
        </div>
    }
}

fn buttons(props: &DownloadRow<'_>) -> Html {
    let record = props.record;
    let id = &record.download_id;
    let button = |wish: Wish, icon: IconName, label: &'static str, name: &str| {
        let on_wish = props.on_wish.clone();
        html! {
            <IconButton
                {icon}
                label={words::label(label, &record.repo)}
                disabled={props.busy}
                onclick={move |_| on_wish.emit(wish)}
                testid={format!("download-{name}-{id}")}
            />
        }
    };
    let place = record.queue_position;
    html! {
        <>
            { for wishes(record.status, place, props.n_in_line).into_iter().map(|wish| match wish {
                Wish::Pause => button(wish, IconName::Pause, words::PAUSE, "pause"),
                Wish::Resume => button(wish, IconName::Play, words::RESUME, "resume"),
                Wish::Retry => button(wish, IconName::Refresh, words::RETRY, "retry"),
                Wish::Cancel => button(wish, IconName::Close, words::CANCEL, "cancel"),
                Wish::Earlier => button(wish, IconName::ChevronUp, words::EARLIER, "earlier"),
                Wish::Later => button(wish, IconName::ChevronDown, words::LATER, "later"),
            }) }
        </>
    }
}

/// What can be wished of a download in this state, at this place of the queue.
fn wishes(status: DownloadStatus, place: Option<u32>, n_in_line: u32) -> Vec<Wish> {
    let mut wishes = Vec::new();
    if let Some(place) = place.filter(|_| status.is_in_line()) {
        if place > 0 {
            wishes.push(Wish::Earlier);
        }
        if place + 1 < n_in_line {
            wishes.push(Wish::Later);
        }
    }
    match status {
        DownloadStatus::Queued
        | DownloadStatus::Waiting
        | DownloadStatus::Preparing
        | DownloadStatus::Running => wishes.extend([Wish::Pause, Wish::Cancel]),
        DownloadStatus::Paused => wishes.extend([Wish::Resume, Wish::Cancel]),
        DownloadStatus::Failed => wishes.extend([Wish::Retry, Wish::Cancel]),
        DownloadStatus::Cancelled => wishes.push(Wish::Retry),
        DownloadStatus::Installed => {}
    }
    wishes
}

#[cfg(test)]
mod tests {
    use super::{Wish, wishes};
    use amoozgar_types::download::DownloadStatus;

    #[test]
    fn only_what_the_state_allows_is_offered() {
        assert_eq!(
            wishes(DownloadStatus::Running, None, 2),
            [Wish::Pause, Wish::Cancel]
        );
        assert_eq!(
            wishes(DownloadStatus::Failed, None, 0),
            [Wish::Retry, Wish::Cancel]
        );
        assert!(
            wishes(DownloadStatus::Installed, None, 0).is_empty(),
            "what is installed is managed in the list of models"
        );
        for &status in DownloadStatus::ALL {
            for wish in wishes(status, None, 0) {
                let next = match wish {
                    Wish::Pause => DownloadStatus::Paused,
                    Wish::Resume | Wish::Retry => DownloadStatus::Queued,
                    Wish::Cancel => DownloadStatus::Cancelled,
                    Wish::Earlier | Wish::Later => continue,
                };
                assert!(
                    status.may_become(next),
                    "{status:?} offers {wish:?}, which the shell would refuse"
                );
            }
        }
    }

    #[test]
    fn the_ends_of_the_queue_cannot_be_passed() {
        let first = wishes(DownloadStatus::Queued, Some(0), 3);
        let middle = wishes(DownloadStatus::Waiting, Some(1), 3);
        let last = wishes(DownloadStatus::Queued, Some(2), 3);
        assert_eq!(first.first(), Some(&Wish::Later));
        assert!(!first.contains(&Wish::Earlier), "{first:?}");
        assert_eq!(middle[..2], [Wish::Earlier, Wish::Later]);
        assert!(!last.contains(&Wish::Later), "{last:?}");
    }
}
