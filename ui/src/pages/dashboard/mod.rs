//! The machine now and over the last hours, the runs by state, what takes room, and what happened.

mod cleanup;
mod history;
mod live;
mod machine;
mod room;
mod runs;

use crate::components::PageHeader;
use crate::i18n::{common, dashboard as words};
use history::HistoryCards;
use live::use_machine;
use machine::MachineCard;
use room::RoomCard;
use runs::{JobsCard, RecentCard};
use yew::prelude::*;

/// Everything at a glance. Nothing is measured once the page is left.
#[component]
pub fn DashboardPage() -> Html {
    let machine = use_machine();
    let minute = machine
        .snapshot
        .as_ref()
        .map_or(0, |snapshot| snapshot.at_ms / 60_000);
    let memory_bytes = machine
        .snapshot
        .as_ref()
        .map(|snapshot| snapshot.memory_bytes);
    html! {
        <>
            <PageHeader title={common::NAV_DASHBOARD} subtitle={words::SUBTITLE} />
            <div class="dashboard">
                <MachineCard {machine} />
                <HistoryCards {minute} {memory_bytes} />
                <JobsCard />
                <RoomCard />
                <RecentCard />
            </div>
        </>
    }
}
