//! A history of years, and the pages and fields that must cope with it: tests see that each of them
//! shows what it is about, `benches/pages.rs` takes their times.

use super::history::History;
use anyhow::Result;
use std::path::Path;

/// A page that is visited.
pub struct Visit {
    pub path: &'static str,
    /// The test id of what the page is about.
    pub shows: &'static str,
    /// What comes last, as a CSS selector, where some of the page follows its first frame.
    pub last: Option<&'static str>,
}

/// A field that is typed into.
pub struct Field {
    pub path: &'static str,
    pub test_id: &'static str,
    pub text: &'static str,
}

pub const VISITS: &[Visit] = &[
    Visit {
        path: "/training",
        shows: "run-list",
        last: Some("[data-testid=run-list] > :nth-child(25)"),
    },
    Visit {
        path: "/settings",
        shows: "theme-system",
        last: None,
    },
    Visit {
        path: "/settings/training",
        shows: "settings-threads",
        last: None,
    },
    Visit {
        path: "/datasets",
        shows: "dataset-row-stories",
        last: None,
    },
    Visit {
        path: "/notifications",
        shows: "empty-state",
        last: None,
    },
    Visit {
        path: "/training/new",
        shows: "run-start",
        last: Some("[data-testid=run-advanced]"),
    },
    Visit {
        path: "/training/jobs/long",
        shows: "loss-chart",
        last: Some(
            ".job:has([data-testid=job-samples]) [data-testid=loss-chart]:not([data-points='0']) canvas",
        ),
    },
    Visit {
        path: "/training/compare?ids=long,other",
        shows: "compare-chart",
        last: Some(".compare:has([data-testid=compare-texts]) [data-testid=compare-chart] canvas"),
    },
];

pub const FIELDS: &[Field] = &[
    Field {
        path: "/training",
        test_id: "run-search",
        text: "اجرای شمارهٔ ۹۹۹۹",
    },
    Field {
        path: "/training/new",
        test_id: "run-name",
        text: "اجرای شمارهٔ ۹۹۹۹",
    },
    Field {
        path: "/settings/training",
        test_id: "settings-memory",
        text: "۱۰۲۴",
    },
];

/// Writes `n_jobs` ended runs, and the runs `long` and `other` with curves of `n_points` each.
pub fn write(data_dir: &Path, n_jobs: u32, n_points: u32) -> Result<()> {
    let mut history = History::of(data_dir)?;
    history.add_jobs(n_jobs)?;
    history.add_run("long", "اجرای دراز", n_points, 1e-3)?;
    history.add_run("other", "اجرای دیگر", n_points, 2e-3)
}
