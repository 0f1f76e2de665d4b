//! Framed parts of a page, and its head.

use yew::prelude::*;

/// Props of [`Card`].
#[derive(Properties, PartialEq)]
pub struct CardProps {
    /// Its heading.
    #[prop_or_default]
    pub title: Option<AttrValue>,
    /// What stands at the end of the heading's line.
    #[prop_or_default]
    pub actions: Html,
    /// Further CSS classes.
    #[prop_or_default]
    pub class: Classes,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
    /// Its content.
    #[prop_or_default]
    pub children: Html,
}

/// A framed part of a page.
#[component]
pub fn Card(props: &CardProps) -> Html {
    html! {
        <section class={classes!("card", props.class.clone())} data-testid={props.testid.clone()}>
            if let Some(title) = &props.title {
                <header class="card__header">
                    <h2 class="card__title">{ title }</h2>
                    <div class="card__actions">{ props.actions.clone() }</div>
                </header>
            }
            { props.children.clone() }
        </section>
    }
}

/// Props of [`PageHeader`].
#[derive(Properties, PartialEq)]
pub struct PageHeaderProps {
    /// The page's name; may be what a user wrote.
    pub title: AttrValue,
    /// A sentence below it.
    #[prop_or_default]
    pub subtitle: Option<AttrValue>,
    /// What stands above the title, such as a way back.
    #[prop_or_default]
    pub before: Html,
    /// What can be done on this page.
    #[prop_or_default]
    pub actions: Html,
}

/// The head of a page.
#[component]
pub fn PageHeader(props: &PageHeaderProps) -> Html {
    html! {
        <header class="page-header">
            <div class="page-header__text">
                { props.before.clone() }
                <h1 class="page-header__title" dir="auto">{ &props.title }</h1>
                if let Some(subtitle) = &props.subtitle {
                    <p class="page-header__subtitle">{ subtitle }</p>
                }
            </div>
            <div class="page-header__actions">{ props.actions.clone() }</div>
        </header>
    }
}
