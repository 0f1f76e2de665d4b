//! Preferences, a section at a time: `/settings/<section>` leads to each.
//!
//! A section is a file of this folder and a line in [`SECTIONS`]. One with fields keeps them in
//! [`form`]; one with actions alone draws its own cards.

mod about;
mod account;
mod appearance;
mod connection;
mod digits;
mod downloads;
pub mod form;
mod network;
mod notifications;
mod place;
mod secret;
mod services;
mod storage;
pub mod task;
mod token;
mod training;
mod window;
mod wipe;

use crate::components::{Card, ErrorState, IconName, LinkTo, PageHeader, Skeleton};
use crate::i18n::{
    account as account_words, network as network_words, preferences, settings as words,
};
use crate::pages::not_found::NotFoundPage;
use crate::route::Route;
use crate::state::settings::use_settings;
use yew::prelude::*;

/// One section.
struct Section {
    /// Its place in the address.
    slug: &'static str,
    /// Its name in the side list.
    label: &'static str,
    icon: IconName,
    body: fn() -> Html,
}

/// Every section, in the order of the side list; the first one opens by itself.
const SECTIONS: &[Section] = &[
    Section {
        slug: "appearance",
        label: words::APPEARANCE,
        icon: IconName::Sun,
        body: || html! { <><appearance::AppearanceSection /><digits::DigitsCard /></> },
    },
    Section {
        slug: "training",
        label: words::TRAINING,
        icon: IconName::Cpu,
        body: || html! { <training::TrainingSection /> },
    },
    Section {
        slug: "notifications",
        label: preferences::NOTIFICATIONS,
        icon: IconName::Bell,
        body: || html! { <notifications::NotificationsSection /> },
    },
    Section {
        slug: "services",
        label: preferences::SERVICES,
        icon: IconName::Globe,
        body: || html! { <services::ServicesSection /> },
    },
    Section {
        slug: "storage",
        label: preferences::STORAGE,
        icon: IconName::Disk,
        body: || html! { <storage::StorageSection /> },
    },
    Section {
        slug: "window",
        label: preferences::PROGRAM,
        icon: IconName::Settings,
        body: || html! { <window::WindowSection /> },
    },
    Section {
        slug: "account",
        label: account_words::ACCOUNT,
        icon: IconName::User,
        body: || html! { <account::AccountSection /> },
    },
    Section {
        slug: "network",
        label: network_words::NETWORK,
        icon: IconName::Globe,
        body: || html! { <network::NetworkSection /> },
    },
    Section {
        slug: "token",
        label: network_words::TOKEN,
        icon: IconName::Key,
        body: token::token_section,
    },
    Section {
        slug: "downloads",
        label: network_words::DOWNLOADS,
        icon: IconName::Download,
        body: || html! { <downloads::DownloadsSection /> },
    },
    Section {
        slug: "about",
        label: words::ABOUT,
        icon: IconName::Info,
        body: || html! { <about::AboutSection /> },
    },
];

/// Props of [`SettingsPage`].
#[derive(Properties, PartialEq)]
pub struct SettingsPageProps {
    /// The open section; the first where absent.
    #[prop_or_default]
    pub section: Option<AttrValue>,
}

/// The side list and the open section.
#[component]
pub fn SettingsPage(props: &SettingsPageProps) -> Html {
    let settings = use_settings();
    let open = match &props.section {
        None => SECTIONS.first(),
        Some(slug) => SECTIONS.iter().find(|section| slug == section.slug),
    };
    let Some(open) = open else {
        return html! { <NotFoundPage /> };
    };
    let body = match (settings.current(), settings.error()) {
        (Some(_), _) => (open.body)(),
        (None, Some(error)) => html! { <ErrorState {error} on_retry={settings.on_retry()} /> },
        (None, None) => html! { <Card><Skeleton lines={6} /></Card> },
    };
    html! {
        <>
            <PageHeader title={words::TITLE} subtitle={words::SUBTITLE} />
            <div class="settings">
                <nav class="settings__nav" aria-label={words::SECTIONS}>
                    <ul>
                        { for SECTIONS.iter().map(|section| link(section, section.slug == open.slug)) }
                    </ul>
                </nav>
                <div
                    key={open.slug}
                    class="settings__section"
                    data-testid={format!("settings-section-{}", open.slug)}
                >
                    { body }
                </div>
            </div>
        </>
    }
}

fn link(section: &Section, current: bool) -> Html {
    let to = Route::SettingsSection {
        section: section.slug.to_owned(),
    };
    html! {
        <li key={section.slug}>
            <LinkTo
                {to}
                class="settings__link"
                {current}
                testid={format!("settings-nav-{}", section.slug)}
            >
                { section.icon.svg() }
                <span>{ section.label }</span>
            </LinkTo>
        </li>
    }
}
