//! The user's downloads, shared by the models page and the navigation, so that their progress is
//! the same wherever one looks and after leaving and returning.

use crate::hooks::{Query, use_event, use_query};
use amoozgar_types::ApiError;
use amoozgar_types::download::{DownloadProgress, DownloadRecord, DownloadStatus};
use amoozgar_types::ipc::{DownloadChanged, DownloadProgressed, DownloadRemoved, DownloadsList};
use amoozgar_types::repo::RepoKind;
use std::rc::Rc;
use yew::prelude::*;

/// Every download of the user.
#[derive(Clone)]
pub struct Downloads {
    query: Query<Vec<DownloadRecord>>,
    list: Option<Rc<Vec<DownloadRecord>>>,
}

impl PartialEq for Downloads {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list && self.query.error() == other.query.error()
    }
}

impl Downloads {
    /// The downloads, in the order in which they are worth a look; `None` until they are read.
    pub fn list(&self) -> Option<Vec<DownloadRecord>> {
        self.list.as_ref().map(|list| in_order(list))
    }

    /// The download of a repository that has not ended well.
    pub fn of_repo(&self, kind: RepoKind, repo: &str) -> Option<DownloadRecord> {
        self.list.as_ref().and_then(|list| {
            list.iter()
                .filter(|record| record.kind == kind && record.repo == repo)
                .find(|record| {
                    !matches!(
                        record.status,
                        DownloadStatus::Installed | DownloadStatus::Cancelled
                    )
                })
                .cloned()
        })
    }

    /// Why they could not be read.
    pub fn error(&self) -> Option<ApiError> {
        self.query.error()
    }

    /// Reads them again.
    pub fn on_retry(&self) -> Callback<()> {
        self.query.on_retry()
    }

    /// What is under way; `None` while nothing is.
    pub fn under_way(&self) -> Option<UnderWay> {
        self.list.as_ref().and_then(|list| under_way(list))
    }

    /// Takes a record in that a command answered, before its event comes.
    pub fn took(&self, record: DownloadRecord) {
        self.query.update(move |list| changed(list, record));
    }
}

/// What is under way, for the navigation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnderWay {
    /// How many downloads.
    pub n: usize,
    /// Share of all their bytes, where any are known.
    pub percent: Option<f64>,
}

/// Props of [`DownloadsProvider`].
#[derive(Properties, PartialEq)]
pub struct DownloadsProviderProps {
    /// What sees the downloads.
    pub children: Html,
}

/// Reads the downloads once and follows the shell's events.
#[component]
pub fn DownloadsProvider(props: &DownloadsProviderProps) -> Html {
    let query = use_query::<DownloadsList>(());
    {
        let query = query.clone();
        use_event::<DownloadChanged, _>(move |record| {
            query.update(move |list| changed(list, record));
        });
    }
    {
        let query = query.clone();
        use_event::<DownloadProgressed, _>(move |progress| {
            query.update(move |list| progressed(list, progress));
        });
    }
    {
        let query = query.clone();
        use_event::<DownloadRemoved, _>(move |id| {
            query.update(move |list| list.retain(|record| record.download_id != id));
        });
    }
    let downloads = Downloads {
        list: query.data(),
        query,
    };
    html! {
        <ContextProvider<Downloads> context={downloads}>
            { props.children.clone() }
        </ContextProvider<Downloads>>
    }
}

/// The downloads of the signed-in user.
#[hook]
pub fn use_downloads() -> Downloads {
    use_context::<Downloads>().expect("BUG: every guarded page is inside DownloadsProvider")
}

/// Puts a record in the place of the one with its id, or at the end.
fn changed(list: &mut Vec<DownloadRecord>, record: DownloadRecord) {
    match list
        .iter_mut()
        .find(|known| known.download_id == record.download_id)
    {
        Some(known) => *known = record,
        None => list.push(record),
    }
}

/// Progress of what is not live any more comes too late and is left out.
fn progressed(list: &mut [DownloadRecord], progress: DownloadProgress) {
    let live = list
        .iter_mut()
        .find(|record| record.download_id == progress.download_id)
        .filter(|record| record.status.is_live());
    if let Some(record) = live {
        record.done_bytes = progress.done_bytes;
        record.total_bytes = progress.total_bytes;
        record.percent = progress.percent;
        record.bytes_per_s = progress.bytes_per_s;
        record.eta_s = progress.eta_s;
        record.file = progress.file;
    }
}

/// What moves first, then what will, in the queue's order; what has ended last, the latest first.
fn in_order(list: &[DownloadRecord]) -> Vec<DownloadRecord> {
    let rank = |record: &DownloadRecord| match record.status {
        DownloadStatus::Running | DownloadStatus::Preparing => 0,
        DownloadStatus::Queued | DownloadStatus::Waiting => 1,
        DownloadStatus::Paused => 2,
        DownloadStatus::Failed => 3,
        DownloadStatus::Installed | DownloadStatus::Cancelled => 4,
    };
    let mut sorted = list.to_vec();
    sorted.sort_by_key(|record| {
        let ended = if record.status.has_ended() {
            -record.finished_ms.unwrap_or(record.updated_ms)
        } else {
            record.created_ms
        };
        (
            rank(record),
            record.queue_position.unwrap_or(u32::MAX),
            ended,
        )
    });
    sorted
}

fn under_way(list: &[DownloadRecord]) -> Option<UnderWay> {
    let live: Vec<_> = list
        .iter()
        .filter(|record| record.status.is_live())
        .collect();
    if live.is_empty() {
        return None;
    }
    let total: u64 = live.iter().map(|record| record.total_bytes).sum();
    let done: u64 = live.iter().map(|record| record.done_bytes).sum();
    Some(UnderWay {
        n: live.len(),
        percent: (total > 0).then(|| done as f64 * 100.0 / total as f64),
    })
}

#[cfg(test)]
mod tests {
    use super::{changed, in_order, progressed, under_way};
    use amoozgar_types::download::{DownloadProgress, DownloadRecord, DownloadStatus};
    use amoozgar_types::id::DownloadId;
    use amoozgar_types::repo::RepoKind;

    fn record(id: &str, status: DownloadStatus, place: Option<u32>) -> DownloadRecord {
        DownloadRecord {
            download_id: DownloadId::new(id),
            repo: format!("a/{id}"),
            kind: RepoKind::Model,
            revision: "main".into(),
            commit: None,
            files: Vec::new(),
            status,
            waits_for: None,
            retry_ms: None,
            queue_position: place,
            n_files: 2,
            done_bytes: 25,
            total_bytes: 100,
            percent: 25.0,
            bytes_per_s: None,
            eta_s: None,
            file: None,
            error: None,
            path: None,
            created_ms: 1,
            updated_ms: 1,
            finished_ms: None,
        }
    }

    fn progress(id: &str, done_bytes: u64) -> DownloadProgress {
        DownloadProgress {
            download_id: DownloadId::new(id),
            done_bytes,
            total_bytes: 100,
            percent: done_bytes as f64,
            bytes_per_s: Some(5.0),
            eta_s: Some(10.0),
            file: Some("model.safetensors".into()),
        }
    }

    #[test]
    fn progress_that_comes_after_the_end_changes_nothing() {
        let mut list = vec![
            record("a", DownloadStatus::Running, None),
            record("b", DownloadStatus::Paused, None),
        ];
        progressed(&mut list, progress("a", 40));
        progressed(&mut list, progress("b", 40));
        progressed(&mut list, progress("c", 40));
        let done: Vec<_> = list.iter().map(|record| record.done_bytes).collect();
        assert_eq!(done, [40, 25], "what runs moves, what is paused stays");
    }

    #[test]
    fn a_change_replaces_its_record_and_a_new_one_is_added() {
        let mut list = vec![record("a", DownloadStatus::Queued, Some(0))];
        changed(&mut list, record("a", DownloadStatus::Running, None));
        changed(&mut list, record("b", DownloadStatus::Queued, Some(0)));
        let states: Vec<_> = list.iter().map(|record| record.status).collect();
        assert_eq!(states, [DownloadStatus::Running, DownloadStatus::Queued]);
    }

    #[test]
    fn what_moves_stands_first_and_the_queue_keeps_its_order() {
        let list = vec![
            record("done", DownloadStatus::Installed, None),
            record("second", DownloadStatus::Queued, Some(1)),
            record("paused", DownloadStatus::Paused, None),
            record("first", DownloadStatus::Waiting, Some(0)),
            record("moves", DownloadStatus::Running, None),
        ];
        let order: Vec<_> = in_order(&list)
            .into_iter()
            .map(|record| record.download_id.to_string())
            .collect();
        assert_eq!(order, ["moves", "first", "second", "paused", "done"]);
    }

    #[test]
    fn the_navigation_tells_of_what_moves_alone() {
        let mut list = vec![record("paused", DownloadStatus::Paused, None)];
        assert_eq!(under_way(&list), None, "nothing moves");
        list.push(record("a", DownloadStatus::Running, None));
        let mut unknown = record("b", DownloadStatus::Preparing, None);
        (unknown.done_bytes, unknown.total_bytes) = (0, 0);
        list.push(unknown);
        let told = under_way(&list).map(|told| (told.n, told.percent));
        assert_eq!(told, Some((2, Some(25.0))), "of the bytes that are known");
    }
}
