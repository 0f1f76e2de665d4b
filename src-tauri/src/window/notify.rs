//! Notifications: the row, the event, and the system's own bubble unless the window is in front.

use super::front::{is_in_front, show};
use crate::accounts::Session;
use crate::clock::{new_id, now_ms};
use crate::db::Db;
use crate::events::emit;
use crate::words;
use amoozgar_types::ApiError;
use amoozgar_types::download::DownloadRecord;
use amoozgar_types::id::{NotificationId, UserId};
use amoozgar_types::ipc::NotificationAdded;
use amoozgar_types::job::JobRecord;
use amoozgar_types::notification::{NotificationContent, NotificationKind, NotificationRecord};
use amoozgar_types::settings::Settings;
use std::time::Duration;
use tauri::AppHandle;

/// Says that a run has ended, where its state needs saying. Blocks.
pub fn job_ended(
    app: &AppHandle,
    db: &Db,
    session: &Session,
    owner: &UserId,
    job: &JobRecord,
) -> Result<(), ApiError> {
    match NotificationContent::of_job(job) {
        Some(content) => tell(app, db, session, owner, content),
        None => Ok(()),
    }
}

/// Says that a download has ended. Blocks.
pub fn download_ended(
    app: &AppHandle,
    db: &Db,
    session: &Session,
    owner: &UserId,
    download: &DownloadRecord,
) -> Result<(), ApiError> {
    match NotificationContent::of_download(download) {
        Some(content) => tell(app, db, session, owner, content),
        None => Ok(()),
    }
}

fn tell(
    app: &AppHandle,
    db: &Db,
    session: &Session,
    owner: &UserId,
    content: NotificationContent,
) -> Result<(), ApiError> {
    let (title, body) = words::notification(&content);
    let route = content.route();
    let record = NotificationRecord {
        notification_id: NotificationId::new(new_id()),
        content,
        read: false,
        created_ms: now_ms(),
    };
    // The bubble does not depend on the row: a full disk is the very thing to hear of.
    let kept = db.now(|store| store.insert_notification(owner, &record));
    if kept.is_ok() && session.is(owner) {
        emit::<NotificationAdded>(app, &record);
    }
    let wanted = db
        .now(|store| store.settings(owner))
        .map_or(true, |settings| pops_up(&settings, &record));
    if wanted && !is_in_front(app) {
        bubble(app, title, body, Some(route));
    }
    kept
}

/// Whether the system shows it: the user wants this kind, and it is not the hour to be quiet. The list
/// keeps it in any case.
fn pops_up(settings: &Settings, record: &NotificationRecord) -> bool {
    let of_kind = match record.content.kind() {
        NotificationKind::Completed => settings.notify.completed,
        NotificationKind::Failed => settings.notify.failed,
        NotificationKind::Interrupted => settings.notify.interrupted,
        NotificationKind::Download => settings.notify.downloads,
    };
    settings.native_notifications && of_kind && !settings.notify.quiet.contain(record.created_ms)
}

/// Asks what a run shall do now that the machine lives on its battery.
pub fn went_on_battery(app: &AppHandle, job: &JobRecord) {
    let (title, body) = words::went_on_battery(&job.name);
    let route = format!("/training/jobs/{}", job.job_id);
    bubble(app, title, body, Some(route));
}

/// Says that no run can be started, also where the window is in front: no page says it.
pub fn stuck(app: &AppHandle) {
    let (title, body) = words::stuck();
    bubble(app, title, body.to_owned(), None);
}

/// Says once that the program goes on in the tray.
pub fn tray_hint(app: &AppHandle) {
    bubble(app, words::APP_NAME, words::TRAY_HINT.to_owned(), None);
}

/// Says that the program could not start. Waits for the daemon, since the program ends next, but not
/// for ever.
pub fn start_failed(failure: &ApiError) {
    const WITHIN: Duration = Duration::from_secs(3);
    let body = words::start_failed(failure);
    let (told, is_told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let shown = notification(words::START_FAILED, &body).show().map(drop);
        if let Err(failure) = shown {
            tracing::warn!(%failure, "the system shows no notifications");
        }
        // Nobody waits any more where it took too long.
        let _ = told.send(());
    });
    // An ended or silent daemon changes nothing: the failure is on standard error too.
    let _ = is_told.recv_timeout(WITHIN);
}

fn notification(title: &str, body: &str) -> notify_rust::Notification {
    let mut notification = notify_rust::Notification::new();
    notification
        .appname(words::APP_NAME)
        .summary(title)
        .body(body)
        .icon("amoozgar");
    notification
}

/// Shows the system's own notification from a thread of its own: a notification daemon may answer
/// late, or never.
fn bubble(app: &AppHandle, title: &'static str, body: String, route: Option<String>) {
    let app = app.clone();
    std::thread::spawn(move || {
        let mut notification = notification(title, &body);
        notification.action("default", words::NOTIFICATION_OPEN);
        match notification.show() {
            Ok(shown) => wait_for_click(&app, shown, route),
            Err(failure) => {
                tracing::warn!(%failure, "the system shows no notifications");
            }
        }
    });
}

#[cfg(all(unix, not(target_os = "macos")))]
fn wait_for_click(app: &AppHandle, shown: notify_rust::NotificationHandle, route: Option<String>) {
    shown.wait_for_action(|action| {
        if action == "default" {
            open(app, route);
        }
    });
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn wait_for_click<T>(_app: &AppHandle, _shown: T, _route: Option<String>) {}

/// Brings the window to the front, on the page given.
#[cfg(all(unix, not(target_os = "macos")))]
fn open(app: &AppHandle, route: Option<String>) {
    show(app);
    if let Some(route) = route {
        emit::<amoozgar_types::ipc::OpenRoute>(app, &route);
    }
}

#[cfg(test)]
mod tests {
    use super::pops_up;
    use amoozgar_types::id::{JobId, NotificationId};
    use amoozgar_types::notification::{NotificationContent, NotificationRecord};
    use amoozgar_types::settings::Settings;

    fn interrupted(created_ms: i64) -> NotificationRecord {
        NotificationRecord {
            notification_id: NotificationId::new("n"),
            content: NotificationContent::TrainingInterrupted {
                job_id: JobId::new("j"),
                job_name: "اجرا".into(),
            },
            read: false,
            created_ms,
        }
    }

    #[test]
    fn a_notification_pops_up_unless_its_kind_is_off_or_the_hour_is_quiet() {
        let mut settings = Settings::default();
        assert!(pops_up(&settings, &interrupted(0)), "by default");
        settings.notify.quiet.on = true;
        // 03:30 in Tehran.
        assert!(!pops_up(&settings, &interrupted(0)), "at night");
        assert!(pops_up(&settings, &interrupted(12 * 3_600_000)), "at day");
        settings.notify.quiet.on = false;
        settings.notify.interrupted = false;
        assert!(!pops_up(&settings, &interrupted(0)), "this kind is off");
        settings.notify.interrupted = true;
        settings.native_notifications = false;
        assert!(!pops_up(&settings, &interrupted(0)), "all are off");
    }
}
