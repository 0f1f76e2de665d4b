//! Links to pages.

use super::{IconName, Variant};
use crate::route::Route;
use yew::prelude::*;
use yew_router::prelude::*;

/// Props of [`LinkTo`].
#[derive(Properties, PartialEq)]
pub struct LinkToProps {
    /// The page.
    pub to: Route,
    /// CSS classes.
    #[prop_or_default]
    pub class: Classes,
    /// Marks the page that is open.
    #[prop_or_default]
    pub current: bool,
    /// A tooltip.
    #[prop_or_default]
    pub title: Option<AttrValue>,
    /// The direction of its words, `auto` where a person wrote them.
    #[prop_or_default]
    pub dir: Option<&'static str>,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
    /// What it shows.
    #[prop_or_default]
    pub children: Html,
}

/// A link to a page of the program.
#[component]
pub fn LinkTo(props: &LinkToProps) -> Html {
    let navigator = use_navigator();
    let to = props.to.clone();
    let onclick = move |event: MouseEvent| {
        event.prevent_default();
        if let Some(navigator) = &navigator {
            navigator.push(&to);
        }
    };
    html! {
        <a
            href={format!("#{}", props.to.to_path())}
            class={props.class.clone()}
            aria-current={props.current.then_some("page")}
            title={props.title.clone()}
            dir={props.dir}
            data-testid={props.testid.clone()}
            {onclick}
        >
            { props.children.clone() }
        </a>
    }
}

/// Props of [`ButtonLink`].
#[derive(Properties, PartialEq)]
pub struct ButtonLinkProps {
    /// The page.
    pub to: Route,
    /// Its words.
    pub label: AttrValue,
    /// Its weight.
    #[prop_or_default]
    pub variant: Variant,
    /// A picture before the words.
    #[prop_or_default]
    pub icon: Option<IconName>,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A link that looks like a button.
#[component]
pub fn ButtonLink(props: &ButtonLinkProps) -> Html {
    html! {
        <LinkTo to={props.to.clone()} class={props.variant.class()} testid={props.testid.clone()}>
            if let Some(icon) = props.icon { { icon.svg() } }
            <span>{ &props.label }</span>
        </LinkTo>
    }
}
