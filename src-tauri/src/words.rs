//! The Persian words that the shell itself shows: in the system's notifications and in the tray.
//! Everything else that people read lives in the interface.

use amoozgar_text::bidi::isolate_ltr;
use amoozgar_text::number;
use amoozgar_types::notification::NotificationContent;
use amoozgar_types::{ApiError, ErrorCode};

/// The program's name.
pub const APP_NAME: &str = "آموزگار";
/// The tray's item that shows the window.
pub const TRAY_OPEN: &str = "باز کردن آموزگار";
/// The tray's item that pauses the run.
pub const TRAY_PAUSE: &str = "مکث آموزش";
/// The tray's item that lets the run go on.
pub const TRAY_RESUME: &str = "ادامهٔ آموزش";
/// The tray's item that ends the program.
pub const TRAY_QUIT: &str = "خروج";
/// The tray's first line while nothing runs.
pub const TRAY_IDLE: &str = "آموزشی در حال اجرا نیست";
/// The tray's second line while nothing is downloaded.
pub const TRAY_NO_DOWNLOAD: &str = "دانلودی در جریان نیست";
/// Said once, when the window first hides while a run or a download goes on.
pub const TRAY_HINT: &str =
    "کار در پس‌زمینه ادامه دارد. آموزگار را از ناحیهٔ اعلان یا با اجرای دوباره باز کنید.";
/// The label of a notification's action.
pub const NOTIFICATION_OPEN: &str = "نمایش";
/// The title where the program could not start.
pub const START_FAILED: &str = "آموزگار باز نشد";
/// The file kind in the dialog's filter and the bundled datasets' names.
pub const DATASET_HAFEZ: &str = "دیوان حافظ";
/// The bundled stories.
pub const DATASET_STORIES: &str = "قصه‌های ساده";

/// The bundled questions and answers.
pub const DATASET_TALKS: &str = "پرسش و پاسخ فارسی";

/// A model as it was after some steps of its run.
pub fn at_step(name: &str, step: u64) -> String {
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    format!("{name}، گام {}", number::format_integer(step))
}

/// Why the program could not start, and what to do.
pub fn start_failed(failure: &ApiError) -> String {
    let path = failure.params.path.as_deref().map(isolate_ltr);
    match (failure.code, path) {
        (ErrorCode::DiskFull, Some(path)) => {
            format!("دیسکِ {path} پر است. کمی جا باز کنید و دوباره بکوشید.")
        }
        (ErrorCode::PermissionDenied, Some(path)) => {
            format!("اجازهٔ نوشتن در {path} نیست. دسترسی این پوشه را درست کنید.")
        }
        (ErrorCode::InvalidState, _) => {
            "پنجرهٔ دیگری از آموزگار هنوز باز است یا کارش را ذخیره می‌کند. کمی بعد دوباره بکوشید.".to_owned()
        }
        (_, Some(path)) => format!("مشکل در {path} است. این پوشه و دیسکش را بررسی کنید."),
        (_, None) => "رایانه را دوباره راه بیندازید؛ اگر باز نشد، آموزگار را از نو نصب کنید. کارهایتان می‌ماند.".to_owned(),
    }
}

/// The title and the body of the system's notification.
pub fn notification(content: &NotificationContent) -> (&'static str, String) {
    match content {
        NotificationContent::TrainingCompleted {
            job_name, val_loss, ..
        } => {
            let loss = val_loss.and_then(amoozgar_types::Loss::finite);
            let body = match loss {
                Some(loss) => format!(
                    "«{job_name}» با زیان اعتبارسنجی {} پایان یافت.",
                    decimal(loss)
                ),
                None => format!("«{job_name}» پایان یافت."),
            };
            ("آموزش تکمیل شد", body)
        }
        NotificationContent::TrainingFailed { job_name, .. } => (
            "خطا در آموزش",
            format!("«{job_name}» ناموفق ماند. برای دیدن علت، صفحهٔ آن را باز کنید."),
        ),
        NotificationContent::TrainingInterrupted { job_name, .. } => (
            "آموزش قطع شد",
            format!("«{job_name}» نیمه‌کاره ماند و می‌توانید آن را ادامه دهید."),
        ),
        NotificationContent::DownloadCompleted { repo, .. } => (
            "دانلود تکمیل شد",
            format!(
                "«{}» نصب شد و همهٔ فایل‌هایش بررسی شده‌اند.",
                isolate_ltr(repo)
            ),
        ),
        NotificationContent::DownloadFailed { repo, .. } => (
            "خطا در دانلود",
            format!(
                "دانلود «{}» ناموفق ماند. آنچه رسیده نگه داشته شده است.",
                isolate_ltr(repo)
            ),
        ),
    }
}

/// The title and the body where no run can be started.
pub fn stuck() -> (&'static str, &'static str) {
    (
        "اجرای بعدی آغاز نشد",
        "آموزگار نمی‌تواند در پایگاه دادهٔ خود بنویسد. جای خالی و دسترسی دیسک را بررسی کنید؛ همین که درست شود، صف خودش ادامه می‌دهد.",
    )
}

/// The title and the body of the question whether a run shall go on.
pub fn went_on_battery(job_name: &str) -> (&'static str, String) {
    (
        "رایانه از برق جدا شده است",
        format!(
            "«{job_name}» هنوز در حال اجراست و باتری را زود خالی می‌کند. برای مکث، اینجا بزنید."
        ),
    )
}

/// The tray's first line: name and percent.
pub fn tray_progress(job_name: &str, progress: f64) -> String {
    let percent = progress.clamp(0.0, 100.0).floor() as u64;
    format!("{job_name}: {}٪", persian_digits(&percent.to_string()))
}

/// The tray's second line: what is downloaded, and how much of it is here.
pub fn tray_download(repo: &str, percent: f64) -> String {
    let percent = percent.clamp(0.0, 100.0).floor() as u64;
    format!(
        "دانلود {}: {}٪",
        isolate_ltr(repo),
        persian_digits(&percent.to_string())
    )
}

fn decimal(value: f64) -> String {
    number::format_decimal(value, 2)
}

fn persian_digits(text: &str) -> String {
    number::digits(text)
}

#[cfg(test)]
mod tests {
    use super::{notification, tray_progress};
    use amoozgar_types::Loss;
    use amoozgar_types::id::JobId;
    use amoozgar_types::notification::NotificationContent;

    #[test]
    fn a_completed_run_is_announced_with_its_name_and_loss_in_persian_digits() {
        let (title, body) = notification(&NotificationContent::TrainingCompleted {
            job_id: JobId::new("j"),
            job_name: "حافظ کوچک".into(),
            val_loss: Some(Loss::Finite(3.456)),
        });
        assert_eq!(title, "آموزش تکمیل شد", "the agreed title");
        assert!(body.contains("حافظ کوچک"), "the name in `{body}`");
        assert!(body.contains("۳٫۴۶"), "the loss in `{body}`");
    }

    #[test]
    fn the_tray_shows_whole_percents_and_never_more_than_a_hundred() {
        assert_eq!(tray_progress("الف", 42.9), "الف: ۴۲٪", "rounded down");
        assert_eq!(tray_progress("الف", 100.2), "الف: ۱۰۰٪", "capped");
    }
}
