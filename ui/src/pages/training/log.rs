//! The last lines of a run's log.

use crate::components::{Button, EmptyState, ErrorState, IconName, Skeleton, Variant};
use crate::hooks::use_query;
use crate::i18n::training as words;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::TrainingLog;
use amoozgar_types::job::JobStatus;
use yew::prelude::*;

/// Props of [`LogView`].
#[derive(Properties, PartialEq)]
pub struct LogViewProps {
    /// Whose log.
    pub id: JobId,
    /// Where the run stands: the log is read again when that changes.
    pub status: JobStatus,
}

/// The log as code, with a button to read it again.
#[component]
pub fn LogView(props: &LogViewProps) -> Html {
    let query = use_query::<TrainingLog>(props.id.clone());
    let on_retry = query.on_retry();
    {
        let (on_retry, first) = (on_retry.clone(), use_mut_ref(|| true));
        use_effect_with(props.status, move |_| {
            if !first.replace(false) {
                on_retry.emit(());
            }
        });
    }
    match (query.data(), query.error()) {
        (None, Some(error)) => html! { <ErrorState {error} {on_retry} /> },
        (None, None) => html! { <Skeleton lines={6} /> },
        (Some(lines), _) => html! {
            <div class="log">
                <div class="log__actions">
                    <Button
                        label={words::REFRESH}
                        variant={Variant::Ghost}
                        icon={IconName::Refresh}
                        loading={query.is_loading()}
                        onclick={move |_| on_retry.emit(())}
                        testid="job-log-refresh"
                    />
                </div>
                if lines.is_empty() {
                    <EmptyState icon={IconName::File} title={words::NO_LOG} />
                } else {
                    <pre class="log__lines" dir="ltr" tabindex="0" data-testid="job-log">{ lines.join("\n") }</pre>
                }
            </div>
        },
    }
}
