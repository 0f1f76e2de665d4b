//! Advice that fits this machine and what was done on it so far. What to say is pure.

use crate::components::{Card, IconName, LinkTo};
use crate::i18n::home as words;
use crate::route::Route;
use amoozgar_types::ipc::AppInfo;
use amoozgar_types::job::{JobRecord, JobStatus};
use yew::prelude::*;

/// A piece of advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tip {
    /// Little memory is free: close other programs.
    FewFree(u64),
    /// Few cores: the small sizes are for this machine.
    FewCores(u32),
    /// Many cores and much memory: the medium size is within reach.
    Strong(u32),
    /// A run failed lately: the guide helps.
    Failed,
    /// Something was learnt: write with it, then try a text of one's own.
    OwnText,
    /// How to get about by the keyboard.
    Palette,
    /// The window may be closed.
    Tray,
}

/// The most that are shown at once.
const MOST: usize = 3;
const GIB: u64 = 1 << 30;

/// The advice that fits, most urgent first.
pub fn fitting(machine: &AppInfo, jobs: &[JobRecord]) -> Vec<Tip> {
    let mut tips = Vec::new();
    if machine.free_memory_bytes < GIB {
        tips.push(Tip::FewFree(machine.free_memory_bytes));
    }
    let latest = jobs.iter().max_by_key(|job| job.updated_ms);
    if latest.is_some_and(|job| job.status == JobStatus::Failed) {
        tips.push(Tip::Failed);
    }
    match machine.n_cpus {
        0..=4 => tips.push(Tip::FewCores(machine.n_cpus)),
        8.. if machine.memory_bytes >= 12 * GIB => tips.push(Tip::Strong(machine.n_cpus)),
        _ => {}
    }
    if jobs.iter().any(|job| job.status.is_live()) {
        tips.push(Tip::Tray);
    }
    if jobs.iter().any(|job| job.status == JobStatus::Completed) {
        tips.push(Tip::OwnText);
    }
    tips.push(Tip::Palette);
    tips.truncate(MOST);
    tips
}

impl Tip {
    fn icon(self) -> IconName {
        match self {
            Self::FewFree(_) => IconName::Memory,
            Self::FewCores(_) | Self::Strong(_) => IconName::Cpu,
            Self::Failed => IconName::Alert,
            Self::OwnText => IconName::Book,
            Self::Palette => IconName::Search,
            Self::Tray => IconName::Clock,
        }
    }

    fn text(self) -> String {
        match self {
            Self::FewFree(bytes) => words::tip_few_free(bytes),
            Self::FewCores(n) => words::tip_few_cores(n),
            Self::Strong(n) => words::tip_strong(n),
            Self::Failed => words::TIP_FAILED.to_owned(),
            Self::OwnText => words::TIP_OWN_TEXT.to_owned(),
            Self::Palette => words::TIP_PALETTE.to_owned(),
            Self::Tray => words::TIP_TRAY.to_owned(),
        }
    }

    /// Where more is said.
    fn chapter(self) -> Option<&'static str> {
        match self {
            Self::FewFree(_) | Self::Failed => Some("troubleshooting"),
            Self::FewCores(_) | Self::Strong(_) => Some("settings"),
            Self::OwnText => Some("preparing-text"),
            Self::Tray => Some("pause-resume"),
            Self::Palette => None,
        }
    }
}

/// Props of [`Tips`].
#[derive(Properties, PartialEq)]
pub struct TipsProps {
    /// The machine.
    pub machine: AppInfo,
    /// All runs.
    pub jobs: Vec<JobRecord>,
}

/// The card of advice.
#[component]
pub fn Tips(props: &TipsProps) -> Html {
    html! {
        <Card title={words::TIPS} class="home__side" testid="home-tips">
            <ul class="tips">
                { for fitting(&props.machine, &props.jobs).into_iter().map(|tip| html! {
                    <li class="tips__item" key={tip.icon() as usize}>
                        <span class="machine__icon">{ tip.icon().svg() }</span>
                        <span class="tips__text">
                            { tip.text() }
                            if let Some(chapter) = tip.chapter() {
                                { " " }
                                <LinkTo
                                    to={Route::HelpChapter { chapter: chapter.to_owned() }}
                                    class="prose__link"
                                >
                                    { words::TIP_MORE }
                                </LinkTo>
                            }
                        </span>
                    </li>
                }) }
            </ul>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::{GIB, Tip, fitting};
    use amoozgar_types::ipc::AppInfo;

    fn machine(n_cpus: u32, memory_gib: u64, free_gib: u64) -> AppInfo {
        AppInfo {
            version: "0.1.0".into(),
            data_dir: String::new(),
            place: String::new(),
            place_is_there: true,
            place_is_private: true,
            place_left: None,
            n_cpus,
            cpu: String::new(),
            memory_bytes: memory_gib * GIB,
            free_memory_bytes: free_gib * GIB,
            database_set_aside: None,
        }
    }

    #[test]
    fn advice_fits_the_machine() {
        let tight = fitting(&machine(2, 4, 0), &[]);
        assert_eq!(
            tight,
            [Tip::FewFree(0), Tip::FewCores(2), Tip::Palette],
            "short of memory and of cores"
        );
        let strong = fitting(&machine(16, 32, 20), &[]);
        assert_eq!(strong, [Tip::Strong(16), Tip::Palette], "rich in both");
        let middling = fitting(&machine(6, 8, 4), &[]);
        assert_eq!(middling, [Tip::Palette], "nothing to warn of");
        let starved = fitting(&machine(16, 8, 4), &[]);
        assert!(
            !starved.contains(&Tip::Strong(16)),
            "cores without memory are not enough"
        );
    }
}
