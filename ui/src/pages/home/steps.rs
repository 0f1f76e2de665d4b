//! The three steps to the first model.

use crate::components::{IconName, LinkTo};
use crate::i18n::{common, home};
use crate::route::Route;
use amoozgar_types::job::{JobRecord, JobStatus};
use yew::prelude::*;

/// Props of [`FirstSteps`].
#[derive(Properties, PartialEq)]
pub struct FirstStepsProps {
    /// The latest run, where there is one.
    pub latest: Option<JobRecord>,
}

struct Step {
    icon: IconName,
    title: &'static str,
    text: &'static str,
    action: &'static str,
    to: Route,
    done: bool,
    testid: &'static str,
}

/// Choose, train, read; the step that is next stands out.
#[component]
pub fn FirstSteps(props: &FirstStepsProps) -> Html {
    let latest = props.latest.as_ref();
    let steps = [
        Step {
            icon: IconName::Database,
            title: home::STEP_DATA,
            text: home::STEP_DATA_TEXT,
            action: home::STEP_DATA_ACTION,
            to: Route::Datasets,
            done: latest.is_some(),
            testid: "home-step-data",
        },
        Step {
            icon: IconName::Training,
            title: home::STEP_TRAIN,
            text: home::STEP_TRAIN_TEXT,
            action: home::STEP_TRAIN_ACTION,
            to: Route::NewRun,
            done: latest.is_some_and(|job| job.step > 0),
            testid: "home-step-train",
        },
        Step {
            icon: IconName::Book,
            title: home::STEP_READ,
            text: home::STEP_READ_TEXT,
            action: home::STEP_READ_ACTION,
            to: latest.map_or(Route::Training, |job| Route::Job {
                id: job.job_id.to_string(),
            }),
            done: latest.is_some_and(|job| job.status == JobStatus::Completed),
            testid: "home-step-read",
        },
    ];
    let next = steps.iter().position(|step| !step.done);
    html! {
        <section class="steps" aria-label={home::STEPS}>
            <ol class="steps__list">
                { for steps.iter().enumerate().map(|(index, step)| view(index, step, next)) }
            </ol>
        </section>
    }
}

fn view(index: usize, step: &Step, next: Option<usize>) -> Html {
    let is_next = next == Some(index);
    html! {
        <li
            key={index}
            class={classes!(
                "step",
                step.done.then_some("is-done"),
                is_next.then_some("is-next"),
            )}
        >
            <LinkTo to={step.to.clone()} class="step__link" testid={step.testid}>
                <span class="step__top">
                    <span class="step__number">
                        if step.done {
                            <span class="visually-hidden">{ home::STEP_DONE }</span>
                            { IconName::Check.svg() }
                        } else {
                            { common::count(index as u64 + 1) }
                        }
                    </span>
                    <span class="step__icon">{ step.icon.svg() }</span>
                </span>
                <span class="step__title">{ step.title }</span>
                <span class="step__text">{ step.text }</span>
                <span class="step__action">
                    { step.action }
                    { IconName::Forward.svg() }
                </span>
            </LinkTo>
        </li>
    }
}
