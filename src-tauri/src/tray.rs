//! The tray: the running job's name and percent, open, pause or resume, quit. A system without a
//! tray is served without one.

use crate::state::App;
use crate::{window, words};
use amoozgar_types::job::{JobRecord, JobStatus};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use tauri::menu::{MenuBuilder, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};

const OPEN: &str = "open";
const TOGGLE: &str = "toggle";
const QUIT: &str = "quit";
const STATUS: &str = "status";

struct Tray {
    icon: TrayIcon<Wry>,
    status: MenuItem<Wry>,
    toggle: MenuItem<Wry>,
    shown: Mutex<Option<Shown>>,
}

/// What the tray says; it is touched only when that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    status: String,
    toggle: &'static str,
    can_toggle: bool,
}

/// Puts the icon into the tray. Where the system has none, that is logged and no more.
pub fn create(app: &AppHandle) {
    // The indicator library is loaded at run time, and the binding panics where it is missing.
    match catch_unwind(AssertUnwindSafe(|| build(app))) {
        Ok(Ok(tray)) => {
            app.manage(tray);
        }
        Ok(Err(failure)) => tracing::warn!(%failure, "there is no tray"),
        Err(_) => tracing::warn!("there is no tray: its library could not be loaded"),
    }
}

/// Shows how far the live run is, or that nothing runs.
pub fn show(app: &AppHandle, live: Option<&JobRecord>) {
    let Some(tray) = app.try_state::<Tray>() else {
        return;
    };
    let next = Shown::of(live);
    {
        let mut shown = tray.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.as_ref() == Some(&next) {
            return;
        }
        *shown = Some(next.clone());
    }
    let tooltip = if live.is_some() {
        &next.status
    } else {
        words::APP_NAME
    };
    let changed = tray
        .status
        .set_text(&next.status)
        .and_then(|()| tray.toggle.set_text(next.toggle))
        .and_then(|()| tray.toggle.set_enabled(next.can_toggle))
        .and_then(|()| tray.icon.set_tooltip(Some(tooltip)));
    if let Err(failure) = changed {
        tracing::debug!(%failure, "the tray could not be changed");
    }
}

impl Shown {
    fn of(live: Option<&JobRecord>) -> Self {
        Self {
            status: live.map_or_else(
                || words::TRAY_IDLE.to_owned(),
                |job| words::tray_progress(&job.name, job.progress),
            ),
            toggle: match live.map(|job| job.status) {
                Some(JobStatus::Paused) => words::TRAY_RESUME,
                _ => words::TRAY_PAUSE,
            },
            can_toggle: live
                .is_some_and(|job| matches!(job.status, JobStatus::Running | JobStatus::Paused)),
        }
    }
}

fn build(app: &AppHandle) -> tauri::Result<Tray> {
    let idle = Shown::of(None);
    let status = MenuItem::with_id(app, STATUS, &idle.status, false, None::<&str>)?;
    let toggle = MenuItem::with_id(app, TOGGLE, idle.toggle, false, None::<&str>)?;
    let menu = MenuBuilder::new(app)
        .item(&status)
        .item(&PredefinedMenuItem::separator(app)?)
        .text(OPEN, words::TRAY_OPEN)
        .item(&toggle)
        .text(QUIT, words::TRAY_QUIT)
        .build()?;
    let builder = TrayIconBuilder::with_id("main")
        .icon(tauri::include_image!("./icons/tray.png"))
        .tooltip(words::APP_NAME)
        .menu(&menu)
        .show_menu_on_left_click(false)
        .on_menu_event(on_menu)
        .on_tray_icon_event(on_icon);
    Ok(Tray {
        icon: builder.build(app)?,
        status,
        toggle,
        shown: Mutex::new(None),
    })
}

fn on_menu(app: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        OPEN => window::show(app),
        TOGGLE => toggle(app),
        QUIT => window::quit(app),
        _ => {}
    }
}

fn on_icon(tray: &TrayIcon<Wry>, event: TrayIconEvent) {
    if let TrayIconEvent::Click {
        button: MouseButton::Left,
        button_state: MouseButtonState::Up,
        ..
    } = event
    {
        window::show(tray.app_handle());
    }
}

fn toggle(app: &AppHandle) {
    let state = app.state::<App>();
    let Some((owner, job)) = state.live.get() else {
        return;
    };
    let jobs = state.jobs.clone();
    tauri::async_runtime::spawn(async move {
        let done = if job.status == JobStatus::Paused {
            jobs.resume(owner, job.job_id).await
        } else {
            jobs.pause(owner, job.job_id).await
        };
        if let Err(failure) = done {
            tracing::info!(error = %failure, "the tray's order came too late");
        }
    });
}
