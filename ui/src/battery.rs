//! The question that comes when the machine loses its power while a run goes on.

use crate::api;
use crate::components::{ConfirmDialog, Variant};
use crate::hooks::use_event;
use crate::i18n::preferences as words;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{JobChanged, TrainingPause, WentOnBattery};
use amoozgar_types::job::{JobRecord, JobStatus};
use yew::prelude::*;

/// Asks whether the run shall pause; nothing until the shell says so.
#[component]
pub fn BatteryQuestion() -> Html {
    let asked = use_state_eq(|| None::<JobRecord>);
    let busy = use_state_eq(|| false);
    let failure = use_state_eq(|| None::<ApiError>);
    {
        let asked = asked.clone();
        use_event::<WentOnBattery, _>(move |job| asked.set(Some(job)));
    }
    {
        // A run that pauses or ends meanwhile leaves nothing to ask.
        let asked = asked.clone();
        use_event::<JobChanged, _>(move |job| {
            let ours = asked
                .as_ref()
                .is_some_and(|known| known.job_id == job.job_id);
            if ours && job.status != JobStatus::Running {
                asked.set(None);
            }
        });
    }
    let Some(job) = (*asked).clone() else {
        return html! {};
    };
    let close = {
        let (asked, failure) = (asked.clone(), failure.clone());
        Callback::from(move |()| {
            asked.set(None);
            failure.set(None);
        })
    };
    let pause = {
        let (busy, failure, close) = (busy.clone(), failure.clone(), close.clone());
        let job_id = job.job_id.clone();
        move |()| {
            let (busy, failure, close) = (busy.clone(), failure.clone(), close.clone());
            let job_id = job_id.clone();
            busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<TrainingPause>(job_id).await {
                    Ok(()) => close.emit(()),
                    Err(error) => failure.set(Some(error)),
                }
                busy.set(false);
            });
        }
    };
    html! {
        <ConfirmDialog
            title={words::WENT_ON_BATTERY}
            text={words::went_on_battery(&job.name)}
            confirm={words::PAUSE_NOW}
            variant={Variant::Primary}
            busy={*busy}
            error={(*failure).clone()}
            on_confirm={pause}
            on_cancel={close}
        />
    }
}
