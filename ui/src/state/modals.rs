//! Which modal dialogs lie over the page, so that what must stay usable above them can live in the
//! topmost: everything outside a modal is inert.

use std::rc::Rc;
use web_sys::Element;
use yew::prelude::*;

/// The open modals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModalList {
    /// The topmost is the last.
    open: Vec<Element>,
}

impl ModalList {
    /// The modal that everything else lies under, if there is one.
    pub fn topmost(&self) -> Option<&Element> {
        self.open.last()
    }
}

/// A change to [`ModalList`].
pub enum ModalAction {
    /// A modal was opened above the others.
    Opened(Element),
    /// A modal was closed, topmost or not.
    Closed(Element),
}

impl Reducible for ModalList {
    type Action = ModalAction;

    fn reduce(self: Rc<Self>, action: ModalAction) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            ModalAction::Opened(modal) => next.open.push(modal),
            ModalAction::Closed(modal) => next.open.retain(|open| *open != modal),
        }
        Rc::new(next)
    }
}

/// The open modals, with the way to change them.
pub type Modals = UseReducerHandle<ModalList>;

/// Props of [`ModalProvider`].
#[derive(Properties, PartialEq)]
pub struct ModalProviderProps {
    /// What may open modals.
    pub children: Html,
}

/// Holds the list.
#[component]
pub fn ModalProvider(props: &ModalProviderProps) -> Html {
    let modals = use_reducer(ModalList::default);
    html! {
        <ContextProvider<Modals> context={modals}>
            { props.children.clone() }
        </ContextProvider<Modals>>
    }
}

/// The window's open modals.
#[hook]
pub fn use_modals() -> Modals {
    use_context::<Modals>().expect("BUG: every page is inside ModalProvider")
}
