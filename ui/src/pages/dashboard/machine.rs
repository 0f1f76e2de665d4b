//! The machine now: processor, memory, disk, and what else it tells of itself.

use super::live::Live;
use crate::components::{Badge, Card, ErrorState, IconName, Skeleton, Tone};
use crate::i18n::{dashboard as words, home};
use amoozgar_types::machine::{Gpu, Snapshot};
use yew::prelude::*;

/// Props of [`MachineCard`].
#[derive(Properties, PartialEq)]
pub struct MachineCardProps {
    /// What is seen.
    pub machine: Live,
}

/// Meters and facts.
#[component]
pub fn MachineCard(props: &MachineCardProps) -> Html {
    let machine = &props.machine;
    let body = match (&machine.snapshot, &machine.error) {
        (Some(snapshot), _) => html! { <Meters snapshot={(**snapshot).clone()} /> },
        (None, Some(error)) => html! {
            <ErrorState error={error.clone()} on_retry={machine.retry.clone()} />
        },
        (None, None) => html! { <Skeleton lines={6} /> },
    };
    html! {
        <Card
            title={words::MACHINE}
            class="dashboard__machine"
            actions={html! { <Badge label={words::MACHINE_LIVE} tone={Tone::Live} /> }}
        >
            { body }
        </Card>
    }
}

#[derive(Properties, PartialEq)]
struct MetersProps {
    snapshot: Snapshot,
}

#[component]
fn Meters(props: &MetersProps) -> Html {
    let seen = &props.snapshot;
    let used_disk = seen.disk_bytes.saturating_sub(seen.free_disk_bytes);
    html! {
        <div class="meters" data-testid="machine">
            <div class="meters__pair">
                { meter(IconName::Cpu, words::PROCESSOR.into(), words::share(seen.cpu_percent), seen.cpu_percent, "meter-cpu") }
                { cores(&seen.cores_percent) }
            </div>
            { meter(
                IconName::Memory,
                words::MEMORY.into(),
                words::of_all(seen.used_memory_bytes, seen.memory_bytes),
                ratio(seen.used_memory_bytes, seen.memory_bytes),
                "meter-memory",
            ) }
            if seen.disk_bytes > 0 {
                { meter(
                    IconName::Disk,
                    words::DISK.into(),
                    words::of_all(used_disk, seen.disk_bytes),
                    ratio(used_disk, seen.disk_bytes),
                    "meter-disk",
                ) }
            }
            { for seen.gpus.iter().map(gpu) }
            <dl class="meters__facts">
                { fact(
                    IconName::Box,
                    words::OWN,
                    words::own(seen.own.cpu_percent, seen.own.memory_bytes, seen.own.n_processes),
                    "machine-own",
                ) }
                if let Some(tokens_per_s) = seen.tokens_per_s {
                    { fact(
                        IconName::Training,
                        words::THROUGHPUT,
                        home::speed(tokens_per_s),
                        "machine-speed",
                    ) }
                }
                if let Some(celsius) = seen.temperature_c {
                    { fact(IconName::Temperature, words::TEMPERATURE, words::degrees(celsius), "machine-temperature") }
                }
                if let Some(battery) = seen.battery {
                    { fact(
                        IconName::Battery,
                        words::BATTERY,
                        if battery.on_mains {
                            format!("{}، {}", words::share(f32::from(battery.percent)), words::ON_MAINS)
                        } else {
                            words::share(f32::from(battery.percent))
                        },
                        "machine-battery",
                    ) }
                }
            </dl>
        </div>
    }
}

fn gpu(gpu: &Gpu) -> Html {
    let name = gpu.name.clone();
    html! {
        <div class="meters__gpu">
            if let Some(percent) = gpu.percent {
                { meter(IconName::Screen, words::GPU.into(), words::share(percent), percent, "meter-gpu") }
            }
            if let (Some(all), Some(used)) = (gpu.memory_bytes, gpu.used_memory_bytes) {
                { meter(IconName::Memory, words::GPU_MEMORY.into(), words::of_all(used, all), ratio(used, all), "meter-gpu-memory") }
            }
            <p class="meters__note">
                if let Some(name) = name { <bdi dir="ltr">{ name }</bdi> }
                if let Some(celsius) = gpu.temperature_c { <span>{ words::degrees(celsius) }</span> }
            </p>
        </div>
    }
}

/// A bar per core, side by side: where one is busy and the others are not, one sees it.
fn cores(percents: &[f32]) -> Html {
    html! {
        <ul class="cores" aria-label={words::CORES} data-testid="machine-cores">
            { for percents.iter().enumerate().map(|(index, percent)| {
                let name = words::core(index + 1);
                html! {
                    <li
                        key={index}
                        class="cores__core"
                        title={format!("{name}: {}", words::share(*percent))}
                    >
                        <span class="visually-hidden">
                            { format!("{name}: {}", words::share(*percent)) }
                        </span>
                        <span class="cores__bar" style={format!("block-size: {percent:.0}%")} />
                    </li>
                }
            }) }
        </ul>
    }
}

fn meter(
    icon: IconName,
    label: AttrValue,
    value: String,
    percent: f32,
    testid: &'static str,
) -> Html {
    let level = if percent >= 90.0 { "is-high" } else { "" };
    html! {
        <div class="meter" data-testid={testid}>
            <span class="meter__label">{ icon.svg() }{ &label }</span>
            <span class="meter__value">{ &value }</span>
            <div
                class={classes!("meter__track", level)}
                role="meter"
                aria-label={label}
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow={format!("{percent:.0}")}
                aria-valuetext={value}
            >
                <span class="meter__bar" style={format!("inline-size: {percent:.1}%")} />
            </div>
        </div>
    }
}

fn fact(icon: IconName, name: &'static str, value: String, testid: &'static str) -> Html {
    html! {
        <div class="meters__fact" data-testid={testid}>
            <dt>{ icon.svg() }{ name }</dt>
            <dd>{ value }</dd>
        </div>
    }
}

fn ratio(part: u64, all: u64) -> f32 {
    if all == 0 {
        0.0
    } else {
        (part as f64 / all as f64 * 100.0) as f32
    }
}
