//! Words of the notification page.

use super::common;
use super::errors;
use amoozgar_text::bidi::{isolate, isolate_ltr};
use amoozgar_types::notification::NotificationContent;

/// Page.
pub const TITLE: &str = "اعلان‌ها";
/// Page.
pub const SUBTITLE: &str = "خبر پایان و خطای اجراها و دانلودها، روز به روز";
/// Button.
pub const MARK_ALL_READ: &str = "همه خوانده شد";
/// Button.
pub const CLEAR: &str = "پاک کردن همه";
/// Question.
pub const CLEAR_TITLE: &str = "همهٔ اعلان‌ها پاک شوند؟";
/// Question.
pub const CLEAR_TEXT: &str = "فقط فهرست اعلان‌ها پاک می‌شود؛ اجراها و مدل‌ها می‌مانند.";
/// Empty list.
pub const EMPTY_TITLE: &str = "هنوز اعلانی نیست";
/// Empty list.
pub const EMPTY_TEXT: &str = "وقتی اجرا یا دانلودی پایان یابد یا به خطا برخورد، اینجا می‌بینید.";
/// Choice.
pub const KIND: &str = "نوع اعلان";
/// Choice.
pub const EVERY_KIND: &str = "همهٔ نوع‌ها";
/// Choice.
pub const READ_OR_NOT: &str = "خوانده یا خوانده‌نشده";
/// Choice.
pub const READ_AND_UNREAD: &str = "همه";
/// Choice.
pub const UNREAD_ONLY: &str = "خوانده‌نشده‌ها";
/// Nothing matches.
pub const NOTHING_FOUND: &str = "اعلانی از این دست نیست";
/// Nothing matches.
pub const NOTHING_FOUND_TEXT: &str = "نوع دیگری را انتخاب کنید یا همه را ببینید.";
/// Button.
pub const SHOW_ALL: &str = "نمایش همه";

/// Button.
pub fn more(n: usize) -> String {
    format!("نمایش بیشتر ({} اعلان دیگر)", common::count(n as u64))
}

/// For screen readers.
pub const UNREAD: &str = "خوانده‌نشده";

/// On a notification: what a click opens.
pub fn open_label(content: &NotificationContent) -> &'static str {
    match content {
        NotificationContent::TrainingCompleted { .. }
        | NotificationContent::TrainingFailed { .. }
        | NotificationContent::TrainingInterrupted { .. } => "دیدن اجرا",
        NotificationContent::DownloadCompleted { .. }
        | NotificationContent::DownloadFailed { .. } => "دیدن مدل‌ها",
    }
}

/// Title and sentence of a notification.
pub fn words(content: &NotificationContent) -> (&'static str, String) {
    match content {
        NotificationContent::TrainingCompleted {
            job_name, val_loss, ..
        } => (
            "آموزش تکمیل شد",
            match val_loss {
                Some(loss) => format!(
                    "«{}» پایان یافت؛ زیان اعتبارسنجی {}.",
                    isolate(job_name),
                    common::loss(*loss)
                ),
                None => format!("«{}» پایان یافت.", isolate(job_name)),
            },
        ),
        NotificationContent::TrainingFailed {
            job_name, error, ..
        } => (
            "خطا در آموزش",
            format!(
                "«{}»: {}",
                isolate(job_name),
                errors::describe(error).message
            ),
        ),
        NotificationContent::TrainingInterrupted { job_name, .. } => (
            "آموزش قطع شد",
            format!(
                "فرایند «{}» ناگهان پایان یافت؛ می‌توانید آن را ادامه دهید.",
                isolate(job_name)
            ),
        ),
        NotificationContent::DownloadCompleted { repo, .. } => (
            "دانلود تکمیل شد",
            format!(
                "«{}» نصب شد و همهٔ فایل‌هایش بررسی شده‌اند.",
                isolate_ltr(repo)
            ),
        ),
        NotificationContent::DownloadFailed { repo, error, .. } => (
            "خطا در دانلود",
            format!(
                "«{}»: {}",
                isolate_ltr(repo),
                errors::describe(error).message
            ),
        ),
    }
}
