//! Checking a model's files: what will be done, how far it is, and what is wrong where.

use super::super::transfer::Transfer;
use crate::api;
use crate::components::{Button, Dialog, ErrorNote, IconName, Ltr, Variant};
use crate::i18n::{common, library as words};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{ModelsCheck, TransferProgress};
use amoozgar_types::library::{CheckFault, CheckReport};
use amoozgar_types::model_ref::ModelRef;
use yew::prelude::*;

/// Where the dialog stands.
#[derive(Debug, Clone, PartialEq)]
enum Phase {
    Asking,
    Reading(Option<TransferProgress>),
    Read(CheckReport),
}

/// Props of [`CheckDialog`].
#[derive(Properties, PartialEq)]
pub struct CheckDialogProps {
    /// Which.
    pub model: ModelRef,
    /// It was left.
    pub on_close: Callback<()>,
}

/// The question, the bar, the report.
#[component]
pub fn CheckDialog(props: &CheckDialogProps) -> Html {
    let phase = use_state(|| Phase::Asking);
    let failure = use_state(|| None::<ApiError>);
    let toasts = use_toasts();
    let begin = {
        let (phase, failure, model) = (phase.setter(), failure.setter(), props.model.clone());
        move |_: MouseEvent| {
            let (phase, failure, model) = (phase.clone(), failure.clone(), model.clone());
            let toasts = toasts.clone();
            phase.set(Phase::Reading(None));
            failure.set(None);
            wasm_bindgen_futures::spawn_local(async move {
                let hear = phase.clone();
                let heard = Callback::from(move |told| hear.set(Phase::Reading(Some(told))));
                match api::call_with_channel::<ModelsCheck, TransferProgress>(model, heard).await {
                    Ok(report) if report.stopped => {
                        toasts.info(words::CHECK_STOPPED);
                        phase.set(Phase::Asking);
                    }
                    Ok(report) => phase.set(Phase::Read(report)),
                    Err(error) => {
                        failure.set(Some(error));
                        phase.set(Phase::Asking);
                    }
                }
            });
        }
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    let actions = match &*phase {
        Phase::Asking => html! {
            <>
                <Button label={common::CANCEL} onclick={close} testid="dialog-cancel" />
                <Button label={words::CHECK_START} variant={Variant::Primary} onclick={begin} testid="check-start" />
            </>
        },
        Phase::Reading(_) => html! {},
        Phase::Read(_) => html! {
            <Button label={common::CLOSE} variant={Variant::Primary} onclick={close} testid="check-close" />
        },
    };
    html! {
        <Dialog
            title={words::CHECK_TITLE}
            on_close={props.on_close.clone()}
            busy={matches!(*phase, Phase::Reading(_))}
            testid="check-dialog"
            {actions}
        >
            { match &*phase {
                Phase::Asking => html! {
                    <>
                        <p class="dialog__text">{ words::CHECK_TEXT }</p>
                        if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
                    </>
                },
                Phase::Reading(progress) => html! {
                    <Transfer label={words::CHECKING} progress={progress.clone()} />
                },
                Phase::Read(report) => shown(report),
            } }
        </Dialog>
    }
}

fn shown(report: &CheckReport) -> Html {
    let is_sound = report.n_faults == 0;
    let (class, icon, title) = if is_sound {
        ("note", IconName::Check, words::SOUND)
    } else {
        ("note note--warning", IconName::Alert, words::DAMAGED)
    };
    let unlisted = report.n_faults.saturating_sub(report.faults.len() as u64);
    html! {
        <div class="check" data-testid="check-report" data-faults={report.n_faults.to_string()}>
            <div {class} role="status">
                { icon.svg() }
                <div>
                    <strong>{ title }</strong>
                    <p>{ words::checked(report) }</p>
                </div>
            </div>
            if !is_sound {
                <p>{ words::faults(report.n_faults) }</p>
                <ul class="check__faults">{ for report.faults.iter().map(fault) }</ul>
                if unlisted > 0 { <p class="muted">{ words::further_faults(unlisted) }</p> }
                <p class="muted">{ words::DAMAGED_HELP }</p>
            }
        </div>
    }
}

fn fault(fault: &CheckFault) -> Html {
    html! {
        <li class="check__fault">
            <strong>{ words::fault(fault.kind) }</strong>
            <p class="check__place">
                <Ltr text={fault.file.clone()} />
                if let Some(weight) = &fault.weight {
                    <Ltr text={weight.clone()} />
                }
            </p>
            if !fault.detail.is_empty() {
                <p class="muted check__detail"><Ltr text={fault.detail.clone()} /></p>
            }
        </li>
    }
}
