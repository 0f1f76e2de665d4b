//! The page for an address that leads nowhere.

use crate::components::{ButtonLink, EmptyState, IconName, Variant};
use crate::i18n::common;
use crate::route::Route;
use yew::prelude::*;

/// Says that there is no such page and leads home.
#[component]
pub fn NotFoundPage() -> Html {
    html! {
        <div data-testid="not-found">
            <EmptyState
                icon={IconName::Search}
                title={common::NOT_FOUND_TITLE}
                text={common::NOT_FOUND_TEXT}
                action={html! {
                    <ButtonLink
                        to={Route::Home}
                        label={common::NOT_FOUND_ACTION}
                        icon={IconName::Home}
                        variant={Variant::Primary}
                    />
                }}
            />
        </div>
    }
}
