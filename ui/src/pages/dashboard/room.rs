//! What takes room on the disk, and the way to make some.

use super::cleanup::CleanupDialog;
use crate::components::{Button, Card, ErrorState, IconName, Skeleton};
use crate::hooks::use_kept_query;
use crate::i18n::dashboard as words;
use amoozgar_text::number;
use amoozgar_types::ipc::DashboardDisk;
use amoozgar_types::storage::DiskUse;
use yew::prelude::*;

/// The shares with their sizes.
#[component]
pub fn RoomCard() -> Html {
    let disk = use_kept_query::<DashboardDisk>(());
    let cleaning = use_state(|| false);
    let open = {
        let cleaning = cleaning.clone();
        move |_| cleaning.set(true)
    };
    let on_close = {
        let (cleaning, disk) = (cleaning.clone(), disk.clone());
        Callback::from(move |()| {
            cleaning.set(false);
            disk.reload();
        })
    };
    let body = match (disk.data(), disk.error()) {
        (Some(disk), _) => html! { <Shares disk={*disk} /> },
        (None, Some(error)) => html! { <ErrorState {error} on_retry={disk.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={5} /> },
    };
    html! {
        <Card
            title={words::ROOM}
            class="dashboard__third"
            actions={html! {
                <Button
                    label={words::CLEAN_UP}
                    icon={IconName::Sparkle}
                    onclick={open}
                    testid="clean-up"
                />
            }}
        >
            { body }
            if *cleaning {
                <CleanupDialog {on_close} />
            }
        </Card>
    }
}

#[derive(Properties, PartialEq)]
struct SharesProps {
    disk: DiskUse,
}

#[component]
fn Shares(props: &SharesProps) -> Html {
    let disk = props.disk;
    let shares = [
        (words::MODELS, disk.models, "room__part--models"),
        (
            words::CHECKPOINTS,
            disk.checkpoints,
            "room__part--checkpoints",
        ),
        (words::CACHES, disk.caches, "room__part--caches"),
        (words::DATASETS, disk.datasets, "room__part--datasets"),
        (words::DOWNLOADS, disk.downloads, "room__part--downloads"),
    ];
    let all: u64 = shares.iter().map(|(_, bytes, _)| bytes).sum();
    html! {
        <div class="room" data-testid="room">
            if all > 0 {
                <div class="room__bar" aria-hidden="true">
                    { for shares.iter().filter(|(_, bytes, _)| *bytes > 0).map(|(name, bytes, class)| {
                        let percent = *bytes as f64 / all as f64 * 100.0;
                        html! {
                            <span
                                key={*name}
                                class={classes!("room__part", *class)}
                                style={format!("inline-size: {percent:.2}%")}
                            />
                        }
                    }) }
                </div>
            }
            <dl class="room__list">
                { for shares.iter().map(|(name, bytes, class)| html! {
                    <div class="room__row" key={*name}>
                        <dt><span class={classes!("room__dot", *class)} aria-hidden="true" />{ *name }</dt>
                        <dd>{ number::bytes(*bytes) }</dd>
                    </div>
                }) }
                <div class="room__row room__row--free">
                    <dt>{ words::FREE }</dt>
                    <dd>{ words::of_all(disk.free, disk.all) }</dd>
                </div>
            </dl>
        </div>
    }
}
