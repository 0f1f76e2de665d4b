//! Where data lies, and how much room there is.

use crate::components::{ErrorState, IconName, Ltr, Skeleton};
use crate::hooks::use_query;
use crate::i18n::account;
use amoozgar_text::number;
use amoozgar_types::ipc::{DashboardDisk, SystemAppInfo};
use yew::prelude::*;

/// The folder and the room on its disk.
#[component]
pub fn Place() -> Html {
    let info = use_query::<SystemAppInfo>(());
    let disk = use_query::<DashboardDisk>(());
    let body = match (info.data(), info.error()) {
        (Some(info), _) => html! {
            <div class="welcome__place">
                { IconName::Folder.svg() }
                <span class="welcome__path"><Ltr text={info.data_dir.clone()} /></span>
                if let Some(disk) = disk.data() {
                    <span class="muted">
                        { format!("{}: {}", account::PLACE_FREE, number::bytes(disk.free)) }
                    </span>
                }
            </div>
        },
        (None, Some(error)) => html! { <ErrorState {error} on_retry={info.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={2} /> },
    };
    html! {
        <>
            <p class="muted">{ account::PLACE_TEXT }</p>
            { body }
        </>
    }
}
