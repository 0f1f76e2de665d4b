//! From one page of a long list to the next.

use crate::components::{Button, Variant};
use crate::i18n::training as words;
use yew::prelude::*;

/// Props of [`Pager`].
#[derive(Properties, PartialEq)]
pub struct PagerProps {
    /// The open page, from 0.
    pub page: u32,
    /// How many there are.
    pub n_pages: u32,
    /// Called with the page to open.
    pub onpage: Callback<u32>,
}

/// Two buttons and where one is; nothing where there is one page only.
#[component]
pub fn Pager(props: &PagerProps) -> Html {
    if props.n_pages < 2 {
        return html! {};
    }
    let to = |page: u32| props.onpage.reform(move |_: MouseEvent| page);
    html! {
        <nav class="pager" aria-label={words::PAGES}>
            <Button
                label={words::NEWER}
                variant={Variant::Ghost}
                disabled={props.page == 0}
                onclick={to(props.page.saturating_sub(1))}
                testid="page-newer"
            />
            <span data-testid="page-at">{ words::page_at(props.page, props.n_pages) }</span>
            <Button
                label={words::OLDER}
                variant={Variant::Ghost}
                disabled={props.page + 1 >= props.n_pages}
                onclick={to(props.page + 1)}
                testid="page-older"
            />
        </nav>
    }
}
