//! Where one left off: the run that waits to be resumed, or the model that can write.

use crate::components::{ButtonLink, Card, IconName, StatusBadge, Variant};
use crate::i18n::{home as words, time};
use crate::route::Route;
use amoozgar_text::number;
use amoozgar_types::UtcMs;
use amoozgar_types::job::{JobRecord, JobStatus};
use yew::prelude::*;

/// The run to go on with: the one that was touched last, of those that wait half done; else the
/// finished one that was touched last. Nothing where a run is live, which stands on the page already.
pub fn onward(jobs: &[JobRecord]) -> Option<&JobRecord> {
    let states: Vec<_> = jobs
        .iter()
        .map(|job| (job.status, job.updated_ms))
        .collect();
    choose(&states).and_then(|index| jobs.get(index))
}

fn choose(states: &[(JobStatus, UtcMs)]) -> Option<usize> {
    if states.iter().any(|(status, _)| status.is_live()) {
        return None;
    }
    let latest = |wanted: fn(JobStatus) -> bool| {
        (0..states.len())
            .filter(|index| {
                states
                    .get(*index)
                    .is_some_and(|(status, _)| wanted(*status))
            })
            .max_by_key(|index| states.get(*index).map(|(_, updated)| *updated))
    };
    latest(|status| matches!(status, JobStatus::Stopped | JobStatus::Interrupted))
        .or_else(|| latest(|status| status == JobStatus::Completed))
}

/// Props of [`Onward`].
#[derive(Properties, PartialEq)]
pub struct OnwardProps {
    /// The run.
    pub job: JobRecord,
}

/// The card that leads back to a run.
#[component]
pub fn Onward(props: &OnwardProps) -> Html {
    let job = &props.job;
    let finished = job.status == JobStatus::Completed;
    let (text, action, icon) = if finished {
        (
            words::ONWARD_WRITE_TEXT,
            words::ONWARD_WRITE,
            IconName::Edit,
        )
    } else {
        (
            words::ONWARD_RESUME_TEXT,
            words::ONWARD_RESUME,
            IconName::Play,
        )
    };
    html! {
        <Card title={words::ONWARD} testid="home-onward">
            <div class="onward">
                <div class="onward__text">
                    <div class="live__head">
                        <strong class="live__name" dir="auto">{ &job.name }</strong>
                        <StatusBadge status={job.status} />
                    </div>
                    <p class="onward__facts">
                        { text }
                        { " " }
                        <span class="muted">
                            if !finished && job.total_steps > 0 {
                                { number::percent(job.progress, 0) }
                                { " · " }
                            }
                            { time::ago(job.updated_ms) }
                        </span>
                    </p>
                </div>
                <ButtonLink
                    to={Route::Job { id: job.job_id.to_string() }}
                    label={action}
                    {icon}
                    variant={Variant::Primary}
                    testid="home-onward-open"
                />
            </div>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::choose;
    use amoozgar_types::job::JobStatus;

    #[test]
    fn what_waits_half_done_comes_before_what_is_finished() {
        let done = (JobStatus::Completed, 9);
        let half = [done, (JobStatus::Stopped, 1), (JobStatus::Interrupted, 2)];
        assert_eq!(choose(&half), Some(2), "the latest that can be resumed");
        assert_eq!(choose(&[done]), Some(0), "else the finished one");
        let live = [done, (JobStatus::Running, 3)];
        assert_eq!(choose(&live), None, "a live run has its own card");
        assert_eq!(
            choose(&[(JobStatus::Failed, 1)]),
            None,
            "a failure is no way on"
        );
    }
}
