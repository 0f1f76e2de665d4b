//! What a new profile is led through: recovery codes where there are some, the looks, where data
//! lies, and what this machine can train. Short, and every step but the codes can be left out.

mod look;
mod machine;
mod place;

use super::codes::Codes;
use crate::components::{Button, IconName, Logo, Stepper, Variant};
use crate::hooks::use_session;
use crate::i18n::account;
use look::Look;
use machine::Machine;
use place::Place;
use yew::prelude::*;

#[derive(Clone, Copy, PartialEq)]
enum Step {
    Codes,
    Look,
    Place,
    Machine,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Codes => account::STEP_CODES,
            Self::Look => account::STEP_LOOK,
            Self::Place => account::STEP_PLACE,
            Self::Machine => account::STEP_MACHINE,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Codes => account::CODES_TITLE,
            Self::Look => account::LOOK_TITLE,
            Self::Place => account::PLACE_TITLE,
            Self::Machine => account::MACHINE_TITLE,
        }
    }
}

/// The steps, one at a time.
#[component]
pub fn WelcomePage() -> Html {
    let session = use_session();
    let at = use_state(|| 0_usize);
    let codes = session.welcome().and_then(|welcome| welcome.codes);
    let mut steps = vec![Step::Look, Step::Place, Step::Machine];
    if codes.is_some() {
        steps.insert(0, Step::Codes);
    }
    let step = steps.get(*at).copied().unwrap_or(Step::Machine);
    let is_last = *at + 1 >= steps.len();
    let go = {
        let at = at.clone();
        Callback::from(move |to: usize| at.set(to))
    };
    let end = move |_: MouseEvent| session.welcomed();
    let next = {
        let (go, end, at) = (go.clone(), end.clone(), *at);
        move |event: MouseEvent| {
            if is_last {
                end(event);
            } else {
                go.emit(at + 1);
            }
        }
    };
    let before = at.checked_sub(1);
    let label = match step {
        Step::Codes => account::CODES_KEPT,
        _ if is_last => account::FINISH,
        _ => account::NEXT,
    };
    let body = match step {
        Step::Codes => html! { <Codes codes={codes.unwrap_or_default()} /> },
        Step::Look => html! { <Look /> },
        Step::Place => html! { <Place /> },
        Step::Machine => html! { <Machine /> },
    };
    html! {
        <main class="welcome" data-testid="welcome">
            <div class="welcome__frame">
                <header class="welcome__brand"><Logo /></header>
                <Stepper
                    label={account::WIZARD}
                    steps={steps.iter().map(|step| step.name().into()).collect::<Vec<AttrValue>>()}
                    current={*at}
                    onselect={go.clone()}
                />
                <section class="welcome__step" key={step.name()} aria-live="polite">
                    <h1>{ step.title() }</h1>
                    { body }
                </section>
                <footer class="welcome__actions">
                    <Button
                        {label}
                        variant={Variant::Primary}
                        onclick={next}
                        testid="welcome-next"
                    />
                    if let Some(before) = before {
                        <Button
                            label={account::BEFORE}
                            variant={Variant::Ghost}
                            icon={IconName::Back}
                            onclick={move |_| go.emit(before)}
                            testid="welcome-back"
                        />
                    }
                    if step != Step::Codes && !is_last {
                        <Button
                            label={account::SKIP}
                            variant={Variant::Ghost}
                            onclick={end}
                            testid="welcome-skip"
                        />
                    }
                </footer>
            </div>
        </main>
    }
}
