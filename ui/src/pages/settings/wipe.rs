//! Removing everything there is, for whom all of it is entrusted to. What has to be typed keeps a slip
//! of the hand from doing it.

use crate::api;
use crate::components::{Button, Card, Dialog, ErrorNote, IconName, TextField, Variant};
use crate::i18n::{common, place as words};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::WipeEverything;
use yew::prelude::*;

/// A card whose button asks twice.
#[component]
pub fn WipeCard() -> Html {
    let asking = use_state_eq(|| false);
    html! {
        <Card title={words::WIPE}>
            <p class="muted">{ words::WIPE_TEXT }</p>
            <div class="about__actions">
                <Button
                    label={words::WIPE_ACTION}
                    icon={IconName::Trash}
                    variant={Variant::Danger}
                    onclick={let asking = asking.clone(); move |_| asking.set(true)}
                    testid="wipe"
                />
            </div>
            if *asking {
                <WipeDialog on_close={move |()| asking.set(false)} />
            }
        </Card>
    }
}

#[derive(Properties, PartialEq)]
struct WipeProps {
    on_close: Callback<()>,
}

#[component]
fn WipeDialog(props: &WipeProps) -> Html {
    let typed = use_state_eq(String::new);
    let busy = use_state_eq(|| false);
    let failure = use_state(|| None::<ApiError>);
    let wipe = {
        let (busy, failure) = (busy.clone(), failure.clone());
        move |_| {
            busy.set(true);
            failure.set(None);
            let (busy, failure) = (busy.clone(), failure.clone());
            wasm_bindgen_futures::spawn_local(async move {
                // Where it goes well the program starts again, and this page with it.
                if let Err(error) = api::call::<WipeEverything>(()).await {
                    failure.set(Some(error));
                    busy.set(false);
                }
            });
        }
    };
    let set = typed.clone();
    let actions = html! {
        <>
            <Button
                label={common::CANCEL}
                disabled={*busy}
                onclick={props.on_close.reform(|_: MouseEvent| ())}
                testid="dialog-cancel"
            />
            <Button
                label={words::WIPE_DO}
                variant={Variant::Danger}
                disabled={!confirms(&typed)}
                loading={*busy}
                onclick={wipe}
                testid="wipe-confirm"
            />
        </>
    };
    html! {
        <Dialog title={words::WIPE_TITLE} on_close={props.on_close.clone()} busy={*busy} {actions}>
            <p class="dialog__text">{ words::WIPE_TEXT }</p>
            <TextField
                id="wipe-word"
                label={words::WIPE_FIELD}
                dir="auto"
                value={(*typed).clone()}
                oninput={Callback::from(move |text| set.set(text))}
                testid="wipe-word"
            />
            if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
        </Dialog>
    }
}

/// Spaces and joiners are not what is asked for.
fn confirms(typed: &str) -> bool {
    let bare = |text: &str| text.replace([' ', '\u{200c}'], "");
    bare(typed) == bare(words::WIPE_WORD)
}

#[cfg(test)]
mod tests {
    use super::confirms;

    #[test]
    fn the_word_itself_is_asked_for_and_not_its_spacing() {
        assert!(confirms(" پاک شود") && confirms("پاک‌شود"));
        assert!(!confirms("") && !confirms("پاک"));
    }
}
