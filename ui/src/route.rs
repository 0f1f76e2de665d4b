//! The pages' addresses.

use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use yew_router::Routable;

/// Every page. The same paths come from the shell (`open-route`), without the hash.
#[derive(Debug, Clone, PartialEq, Routable)]
pub enum Route {
    /// Choosing or making a profile.
    #[at("/login")]
    Login,
    /// Greeting, what runs, what is next.
    #[at("/")]
    Home,
    /// The machine, what runs, and what takes room.
    #[at("/dashboard")]
    Dashboard,
    /// All runs.
    #[at("/training")]
    Training,
    /// The new-run form.
    #[at("/training/new")]
    NewRun,
    /// Several runs beside one another; `?ids=` names them, parted by commas.
    #[at("/training/compare")]
    CompareRuns,
    /// One run.
    #[at("/training/jobs/:id")]
    Job {
        /// Its id.
        id: String,
    },
    /// All datasets.
    #[at("/datasets")]
    Datasets,
    /// One dataset's rows.
    #[at("/datasets/:id")]
    Dataset {
        /// Its id.
        id: String,
    },
    /// What is installed, and the downloads.
    #[at("/models")]
    Models,
    /// One model of this machine.
    #[at("/models/:id")]
    Model {
        /// [`ModelRef::slug`].
        id: String,
    },
    /// The catalog, and a search of the Hub.
    #[at("/models/catalog")]
    Catalog,
    /// One model of the Hub.
    #[at("/models/catalog/:owner/:name")]
    HubModel {
        /// Who made it; `-` for the few that stand without.
        owner: String,
        /// Its name.
        name: String,
    },
    /// One dataset of the Hub.
    #[at("/models/catalog/datasets/:owner/:name")]
    HubDataset {
        /// Who made it; `-` for the few that stand without.
        owner: String,
        /// Its name.
        name: String,
    },
    /// Conversations, and a new one.
    #[at("/chat")]
    Chat,
    /// One conversation.
    #[at("/chat/:id")]
    OneChat {
        /// Its id.
        id: String,
    },
    /// What happened.
    #[at("/notifications")]
    Notifications,
    /// Preferences.
    #[at("/settings")]
    Settings,
    /// One section of them.
    #[at("/settings/:section")]
    SettingsSection {
        /// Its name in `pages::settings`.
        section: String,
    },
    /// The guide.
    #[at("/help")]
    Help,
    /// A chapter of the guide.
    #[at("/help/:chapter")]
    HelpChapter {
        /// Its file's name.
        chapter: String,
    },
    /// A section of a chapter.
    #[at("/help/:chapter/:section")]
    HelpSection {
        /// The chapter's file.
        chapter: String,
        /// Its number, from 1.
        section: usize,
    },
    /// Every component, for developers.
    #[cfg(debug_assertions)]
    #[at("/dev/components")]
    Components,
    /// Anything else.
    #[not_found]
    #[at("/404")]
    NotFound,
}

/// Stands where a repository has no owner; no owner's name begins so.
const NO_OWNER: &str = "-";

impl Route {
    /// The page of a repository of the Hub.
    pub fn repo(kind: RepoKind, repo: &str) -> Self {
        let (owner, name) = repo.split_once('/').unwrap_or((NO_OWNER, repo));
        let (owner, name) = (owner.to_owned(), name.to_owned());
        match kind {
            RepoKind::Model => Self::HubModel { owner, name },
            RepoKind::Dataset => Self::HubDataset { owner, name },
        }
    }

    /// The page of a model of this machine.
    pub fn model(model: &ModelRef) -> Self {
        Self::Model { id: model.slug() }
    }

    /// A section of the preferences.
    pub fn settings(section: &str) -> Self {
        Self::SettingsSection {
            section: section.to_owned(),
        }
    }
}

/// The repository that an address names.
pub fn repo_of(owner: &str, name: &str) -> String {
    if owner == NO_OWNER {
        name.to_owned()
    } else {
        format!("{owner}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, repo_of};
    use amoozgar_types::id::JobId;
    use amoozgar_types::model_ref::ModelRef;
    use amoozgar_types::repo::RepoKind;
    use yew_router::Routable;

    #[test]
    fn a_model_s_page_is_found_by_its_address_again_whatever_the_model_is_called() {
        let imported = |name: &str| ModelRef::Imported {
            name: name.to_owned(),
        };
        let hub = |repo: &str| ModelRef::Hub {
            repo: repo.to_owned(),
            kind: RepoKind::Model,
        };
        for model in [
            hub("Qwen/Qwen3-0.6B"),
            hub("gpt2"),
            imported("tiny"),
            imported("مدل من (۲)--q8"),
            imported("a%2Fb c"),
            ModelRef::Trained {
                job_id: JobId::new("0190"),
            },
        ] {
            let path = Route::model(&model).to_path();
            let again = Route::recognize(&path);
            let Some(Route::Model { id }) = &again else {
                panic!("`{path}` leads to {again:?}");
            };
            assert_eq!(ModelRef::from_slug(id).as_ref(), Some(&model), "`{path}`");
        }
        assert_eq!(Route::recognize("/models/catalog"), Some(Route::Catalog));
    }

    #[test]
    fn a_repository_s_page_is_found_by_its_address_again() {
        for (kind, repo, path) in [
            (
                RepoKind::Model,
                "Qwen/Qwen3-0.6B",
                "/models/catalog/Qwen/Qwen3-0.6B",
            ),
            (RepoKind::Model, "gpt2", "/models/catalog/-/gpt2"),
            (RepoKind::Dataset, "a/b.c", "/models/catalog/datasets/a/b.c"),
        ] {
            let route = Route::repo(kind, repo);
            assert_eq!(route.to_path(), path);
            let again = Route::recognize(path);
            assert_eq!(again.as_ref(), Some(&route), "`{path}`");
            if let Some(Route::HubModel { owner, name } | Route::HubDataset { owner, name }) = again
            {
                assert_eq!(repo_of(&owner, &name), repo, "`{path}`");
            }
        }
    }
}
