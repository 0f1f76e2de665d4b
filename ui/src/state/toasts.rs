//! Short messages at the window's corner.

use std::rc::Rc;
use yew::prelude::*;

/// What a toast is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    /// Something worked.
    Success,
    /// Something worth knowing.
    Info,
    /// Something failed.
    Error,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// Tells toasts apart.
    pub key: u32,
    /// What it is about.
    pub kind: ToastKind,
    /// What it says.
    pub text: AttrValue,
}

/// The messages on show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToastList {
    /// Oldest first.
    pub toasts: Vec<Toast>,
    next_key: u32,
}

/// A change to [`ToastList`].
pub enum ToastAction {
    /// Shows a message.
    Show(ToastKind, AttrValue),
    /// Takes the message with this key away.
    Dismiss(u32),
}

/// At most this many are shown; the oldest gives way.
const MOST: usize = 4;

impl Reducible for ToastList {
    type Action = ToastAction;

    fn reduce(self: Rc<Self>, action: ToastAction) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            ToastAction::Show(kind, text) => {
                next.toasts.retain(|toast| toast.text != text);
                next.toasts.push(Toast {
                    key: next.next_key,
                    kind,
                    text,
                });
                next.next_key = next.next_key.wrapping_add(1);
                let surplus = next.toasts.len().saturating_sub(MOST);
                next.toasts.drain(..surplus);
            }
            ToastAction::Dismiss(key) => next.toasts.retain(|toast| toast.key != key),
        }
        Rc::new(next)
    }
}

/// Shows and dismisses messages.
pub type Toasts = UseReducerHandle<ToastList>;

/// Words for showing a message.
pub trait ShowToast {
    /// Something worked.
    fn success(&self, text: impl Into<AttrValue>);
    /// Something worth knowing.
    fn info(&self, text: impl Into<AttrValue>);
    /// Something failed.
    fn error(&self, text: impl Into<AttrValue>);
}

impl ShowToast for Toasts {
    fn success(&self, text: impl Into<AttrValue>) {
        self.dispatch(ToastAction::Show(ToastKind::Success, text.into()));
    }
    fn info(&self, text: impl Into<AttrValue>) {
        self.dispatch(ToastAction::Show(ToastKind::Info, text.into()));
    }
    fn error(&self, text: impl Into<AttrValue>) {
        self.dispatch(ToastAction::Show(ToastKind::Error, text.into()));
    }
}

/// Props of [`ToastProvider`].
#[derive(Properties, PartialEq)]
pub struct ToastProviderProps {
    /// What may show messages.
    pub children: Html,
}

/// Holds the messages.
#[component]
pub fn ToastProvider(props: &ToastProviderProps) -> Html {
    let toasts = use_reducer(ToastList::default);
    html! {
        <ContextProvider<Toasts> context={toasts}>
            { props.children.clone() }
        </ContextProvider<Toasts>>
    }
}

/// The window's messages.
#[hook]
pub fn use_toasts() -> Toasts {
    use_context::<Toasts>().expect("BUG: every page is inside ToastProvider")
}

#[cfg(test)]
mod tests {
    use super::{ToastAction, ToastKind, ToastList};
    use std::rc::Rc;
    use yew::Reducible;

    fn show(list: Rc<ToastList>, text: &'static str) -> Rc<ToastList> {
        list.reduce(ToastAction::Show(ToastKind::Info, text.into()))
    }

    #[test]
    fn the_oldest_message_gives_way_to_a_fifth() {
        let list = ["a", "b", "c", "d", "e"]
            .into_iter()
            .fold(Rc::new(ToastList::default()), show);
        let texts: Vec<_> = list
            .toasts
            .iter()
            .map(|toast| toast.text.as_str())
            .collect();
        assert_eq!(texts, ["b", "c", "d", "e"], "four are shown, latest last");
    }

    #[test]
    fn the_same_message_is_not_shown_twice() {
        let list = show(show(Rc::new(ToastList::default()), "a"), "a");
        assert_eq!(list.toasts.len(), 1, "the newer one replaces the older");
        let list = list
            .clone()
            .reduce(ToastAction::Dismiss(list.toasts[0].key));
        assert!(list.toasts.is_empty(), "a dismissed message is gone");
    }
}
