//! The page for an address that leads nowhere.

use crate::components::{Button, ButtonLink, IconName, Ltr, Variant};
use crate::i18n::common;
use crate::palette::use_palette;
use crate::route::Route;
use yew::prelude::*;
use yew_router::prelude::*;

/// Says that there is no such page, which one was asked for, and three ways on.
#[component]
pub fn NotFoundPage() -> Html {
    let palette = use_palette();
    let navigator = use_navigator();
    let address = use_location()
        .map(|location| location.path().to_owned())
        .unwrap_or_default();
    let back = move |_| {
        if let Some(navigator) = &navigator {
            navigator.back();
        }
    };
    html! {
        <div class="empty not-found" data-testid="not-found">
            <span class="empty__icon">{ IconName::Search.svg() }</span>
            <h1 class="empty__title">{ common::NOT_FOUND_TITLE }</h1>
            <p class="empty__text">
                { common::NOT_FOUND_TEXT }
                { " " }
                <Ltr text={address} />
            </p>
            <div class="not-found__ways">
                <ButtonLink
                    to={Route::Home}
                    label={common::NOT_FOUND_ACTION}
                    icon={IconName::Home}
                    variant={Variant::Primary}
                />
                <Button label={common::NOT_FOUND_BACK} icon={IconName::Back} onclick={back} />
                <Button
                    label={common::SEARCH}
                    icon={IconName::Search}
                    onclick={move |_| palette.open()}
                />
            </div>
        </div>
    }
}
