//! The machine that trains.

use super::tips::Tips;
use crate::components::{Card, ErrorState, IconName, Ltr, Skeleton};
use crate::hooks::use_kept_query;
use crate::i18n::{common, home};
use amoozgar_types::ipc::{DatasetsList, SystemAppInfo};
use amoozgar_types::job::JobRecord;
use yew::prelude::*;

/// Props of [`MachineCard`].
#[derive(Properties, PartialEq)]
pub struct MachineCardProps {
    /// All runs, which the advice depends on.
    pub jobs: Vec<JobRecord>,
}

/// Processor, memory and data, with a skeleton and a failure of its own; advice that fits them.
#[component]
pub fn MachineCard(props: &MachineCardProps) -> Html {
    let info = use_kept_query::<SystemAppInfo>(());
    let datasets = use_kept_query::<DatasetsList>(());
    let body = match (info.data(), info.error()) {
        (_, Some(error)) => html! { <ErrorState {error} on_retry={info.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={3} /> },
        (Some(info), None) => html! {
            <ul class="machine">
                { fact(IconName::Cpu, home::PROCESSOR, html! {
                    <>
                        { home::cores(info.n_cpus) }
                        <span class="machine__sub"><Ltr text={info.cpu.clone()} /></span>
                    </>
                }) }
                { fact(IconName::Memory, home::MEMORY, html! {
                    { home::memory(info.free_memory_bytes, info.memory_bytes) }
                }) }
                { fact(IconName::Database, home::DATASETS, html! {
                    { datasets.data().map_or_else(
                        || common::NONE_YET.to_owned(),
                        |list| common::count(list.len() as u64),
                    ) }
                }) }
            </ul>
        },
    };
    html! {
        <>
            <Card title={home::MACHINE} class="home__side">{ body }</Card>
            if let Some(info) = info.data() {
                <Tips machine={(*info).clone()} jobs={props.jobs.clone()} />
            }
        </>
    }
}

fn fact(icon: IconName, name: &'static str, value: Html) -> Html {
    html! {
        <li class="machine__item">
            <span class="machine__icon">{ icon.svg() }</span>
            <span class="machine__text">
                <span class="muted">{ name }</span>
                <span class="machine__value">{ value }</span>
            </span>
        </li>
    }
}
