//! The pages' addresses.

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
