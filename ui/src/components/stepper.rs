//! Where one stands on a way of several steps.

use super::IconName;
use crate::i18n::common;
use yew::prelude::*;

/// Props of [`Stepper`].
#[derive(Properties, PartialEq)]
pub struct StepperProps {
    /// What the steps lead to, for screen readers.
    pub label: AttrValue,
    /// The steps' names.
    pub steps: Vec<AttrValue>,
    /// The index of the step one is at; the number of steps where all are done.
    pub current: usize,
    /// Called with the index of a step that is done and shall be seen again.
    #[prop_or_default]
    pub onselect: Option<Callback<usize>>,
}

/// A row of numbered steps; those that are done can be gone back to.
#[component]
pub fn Stepper(props: &StepperProps) -> Html {
    html! {
        <ol class="stepper" aria-label={props.label.clone()}>
            { for props.steps.iter().enumerate().map(|(index, name)| {
                let (done, here) = (index < props.current, index == props.current);
                let content = html! {
                    <>
                        <span class="stepper__mark">
                            if done {
                                { IconName::Check.svg() }
                            } else {
                                { common::count(index as u64 + 1) }
                            }
                        </span>
                        <span class="stepper__name">{ name }</span>
                        if done { <span class="visually-hidden">{ common::STEP_DONE }</span> }
                    </>
                };
                let back = props.onselect.clone().filter(|_| done);
                html! {
                    <li
                        key={index}
                        class={classes!(
                            "stepper__step",
                            done.then_some("is-done"),
                            here.then_some("is-here"),
                        )}
                        aria-current={here.then_some("step")}
                    >
                        if let Some(onselect) = back {
                            <button
                                type="button"
                                class="stepper__button"
                                onclick={move |_| onselect.emit(index)}
                            >
                                { content }
                            </button>
                        } else {
                            <span class="stepper__button">{ content }</span>
                        }
                    </li>
                }
            }) }
        </ol>
    }
}
