//! What was looked for in the catalog and the Hub's search, kept while one walks from page to page.

use amoozgar_types::catalog::CatalogTask;
use amoozgar_types::ipc::HubSort;
use amoozgar_types::repo::RepoKind;
use yew::prelude::*;

/// What the catalog's page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogView {
    /// The search is open, not the list.
    pub searching: bool,
    /// Models or datasets, of both.
    pub kind: RepoKind,
    /// Words to filter the list by.
    pub catalog_text: String,
    /// The task to filter it by.
    pub catalog_task: Option<CatalogTask>,
    /// Only what fits into this machine's memory.
    pub catalog_fits: bool,
    /// Words to search for, as typed.
    pub typed: String,
    /// Words that were searched for; `None` before the first search.
    pub sought: Option<String>,
    /// The task to search for; empty for all.
    pub task: String,
    /// The language to search for; empty for all.
    pub language: String,
    /// The form of the weights to search for; empty for all.
    pub library: String,
    /// The order.
    pub sort: HubSort,
    /// The pages before this one, by where each begins.
    pub cursors: Vec<String>,
}

impl Default for CatalogView {
    fn default() -> Self {
        Self {
            searching: false,
            kind: RepoKind::Model,
            catalog_text: String::new(),
            catalog_task: None,
            catalog_fits: false,
            typed: String::new(),
            sought: None,
            task: String::new(),
            language: "fa".to_owned(),
            library: String::new(),
            sort: HubSort::Downloads,
            cursors: Vec::new(),
        }
    }
}

impl CatalogView {
    /// Turns to models or datasets; tasks of the one are none of the other.
    pub fn choose_kind(&mut self, kind: RepoKind) {
        self.kind = kind;
        self.catalog_task = None;
        self.task.clear();
        self.library.clear();
        self.cursors.clear();
    }

    /// Takes the list's filters away.
    pub fn clear_catalog(&mut self) {
        self.catalog_text.clear();
        self.catalog_task = None;
        self.catalog_fits = false;
    }

    /// Another question begins at its first page.
    pub fn ask(&mut self) {
        self.sought = Some(self.typed.trim().to_owned());
        self.cursors.clear();
    }
}

/// The view, and a way to change it.
#[derive(Clone, PartialEq)]
pub struct Shelf {
    /// What is shown.
    pub view: CatalogView,
    state: UseStateHandle<CatalogView>,
}

impl Shelf {
    /// A callback that changes the view.
    pub fn setter<V: 'static>(&self, put: impl Fn(&mut CatalogView, V) + 'static) -> Callback<V> {
        let (state, view) = (self.state.clone(), self.view.clone());
        Callback::from(move |value| {
            let mut next = view.clone();
            put(&mut next, value);
            state.set(next);
        })
    }
}

/// Props of [`ShelfProvider`].
#[derive(Properties, PartialEq)]
pub struct ShelfProviderProps {
    /// What sees the view.
    pub children: Html,
}

/// Holds the view for as long as a profile is signed in.
#[component]
pub fn ShelfProvider(props: &ShelfProviderProps) -> Html {
    let state = use_state(CatalogView::default);
    let shelf = Shelf {
        view: (*state).clone(),
        state,
    };
    html! {
        <ContextProvider<Shelf> context={shelf}>
            { props.children.clone() }
        </ContextProvider<Shelf>>
    }
}

/// The view of the catalog's page.
#[hook]
pub fn use_shelf() -> Shelf {
    use_context::<Shelf>().expect("BUG: every guarded page is inside ShelfProvider")
}

#[cfg(test)]
mod tests {
    use super::CatalogView;
    use amoozgar_types::repo::RepoKind;

    #[test]
    fn another_kind_or_question_begins_anew() {
        let mut view = CatalogView {
            task: "text-generation".into(),
            cursors: vec!["b".into()],
            typed: " bert ".into(),
            ..CatalogView::default()
        };
        view.choose_kind(RepoKind::Dataset);
        assert_eq!(view.task, "", "a model's task is no dataset's");
        view.cursors.push("c".into());
        view.ask();
        assert_eq!(view.sought.as_deref(), Some("bert"), "spaces do not count");
        assert!(view.cursors.is_empty(), "at the first page");
    }
}
