//! What the program waits for before it ends: a run that is being saved. It is said over every page, the
//! lock and the sign-in too, and whoever does not want to wait says so here.

use crate::api;
use crate::components::{Button, Modal, Variant, use_id};
use crate::hooks::use_event;
use crate::i18n::ending as words;
use amoozgar_types::ipc::{EndingChoice, EndingRun, EndingTold, SystemEnding};
use yew::prelude::*;

/// Says what is waited for; nothing until the shell does.
#[component]
pub fn EndingNotice() -> Html {
    let told = use_state_eq(|| None::<EndingRun>);
    let given_up = use_state_eq(|| false);
    let title = use_id("ending");
    {
        let told = told.clone();
        use_event::<EndingTold, _>(move |run| told.set(Some(run)));
    }
    let Some(run) = (*told).clone() else {
        return html! {};
    };
    let choose = {
        let (told, given_up) = (told.clone(), given_up.clone());
        move |choice: EndingChoice| {
            given_up.set(choice == EndingChoice::GiveUp);
            if let Some(run) = (*told).clone() {
                // Until the shell says more.
                told.set(Some(EndingRun { asks: false, ..run }));
            }
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = api::call::<SystemEnding>(choice).await {
                    api::log(&format!("the choice did not arrive: {error:?}"));
                }
            });
        }
    };
    let wait = {
        let choose = choose.clone();
        Callback::from(move |()| choose(EndingChoice::Wait))
    };
    let heading = if run.asks { words::ASKS } else { words::SAVING };
    html! {
        <Modal labelled_by={title.clone()} on_close={wait.clone()} testid="ending">
            <h2 class="dialog__title" id={title}>{ heading }</h2>
            <p class="dialog__text" role="status">{ words::text(&run) }</p>
            <p class="dialog__text">{ words::loss(&run) }</p>
            <div class="dialog__actions">
                if run.asks {
                    <Button
                        label={words::WAIT}
                        variant={Variant::Primary}
                        onclick={wait.reform(|_: MouseEvent| ())}
                        testid="ending-wait"
                    />
                }
                <Button
                    label={words::GIVE_UP}
                    variant={Variant::Danger}
                    loading={*given_up}
                    onclick={move |_: MouseEvent| choose(EndingChoice::GiveUp)}
                    testid="ending-give-up"
                />
            </div>
        </Modal>
    }
}
