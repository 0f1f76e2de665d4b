//! Parts of a page of which one is shown.

use super::ids::{focus_child, moved};
use yew::prelude::*;

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Its words.
    pub label: AttrValue,
    /// `data-testid`.
    pub testid: Option<AttrValue>,
}

/// Props of [`Tabs`].
#[derive(Properties, PartialEq)]
pub struct TabsProps {
    /// What the tabs are about, for screen readers.
    pub label: AttrValue,
    /// The tabs.
    pub tabs: Vec<Tab>,
    /// The id of the element that shows the open one's content; that element has the role `tabpanel`
    /// and is labelled by [`tab_id`].
    pub panel: AttrValue,
    /// The index of the open one.
    pub selected: usize,
    /// Called with an index.
    pub onselect: Callback<usize>,
}

/// A row of tabs; the page shows the open one's content itself. Arrow keys move between them.
#[component]
pub fn Tabs(props: &TabsProps) -> Html {
    let (count, selected) = (props.tabs.len(), props.selected);
    let onkeydown = {
        let onselect = props.onselect.clone();
        move |event: KeyboardEvent| {
            if let Some(next) = moved(&event.key(), selected, count) {
                event.prevent_default();
                focus_child(&event, next);
                onselect.emit(next);
            }
        }
    };
    html! {
        <div class="tabs" role="tablist" aria-label={props.label.clone()} {onkeydown}>
            { for props.tabs.iter().enumerate().map(|(index, tab)| {
                let open = index == selected;
                let onselect = props.onselect.clone();
                html! {
                    <button
                        key={index}
                        type="button"
                        role="tab"
                        id={tab_id(&props.panel, index)}
                        aria-controls={props.panel.clone()}
                        class={classes!("tabs__tab", open.then_some("is-selected"))}
                        aria-selected={if open { "true" } else { "false" }}
                        tabindex={if open { "0" } else { "-1" }}
                        data-testid={tab.testid.clone()}
                        onclick={move |_| onselect.emit(index)}
                    >
                        { &tab.label }
                    </button>
                }
            }) }
        </div>
    }
}

/// The id of a panel's tab.
pub fn tab_id(panel: &str, index: usize) -> String {
    format!("{panel}-tab-{index}")
}
