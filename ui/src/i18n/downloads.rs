//! Words of the downloads: the panel, the indicator in the navigation, the questions.

use super::common::count;
use amoozgar_text::bidi::isolate_ltr;
use amoozgar_text::number;
use amoozgar_types::UtcMs;
use amoozgar_types::download::{DownloadStatus, WaitReason};

/// Panel.
pub const TITLE: &str = "دانلودها";
/// Button.
pub const CLEAR_FINISHED: &str = "پاک کردن پایان‌یافته‌ها";
/// Button.
pub const PAUSE: &str = "مکث";
/// Button.
pub const RESUME: &str = "ادامه";
/// Button.
pub const CANCEL: &str = "لغو دانلود";
/// Button.
pub const RETRY: &str = "تلاش مجدد";
/// Button.
pub const EARLIER: &str = "جلوتر در صف";
/// Button.
pub const LATER: &str = "عقب‌تر در صف";
/// Link of what needs its terms accepted, or was refused.
pub const OPEN_REPO: &str = "دیدن صفحه‌اش";
/// Question.
pub const CANCEL_TITLE: &str = "این دانلود لغو شود؟";
/// Question.
pub const CANCEL_KEEP: &str = "لغو و نگه داشتن بخش رسیده";
/// Question.
pub const CANCEL_KEEP_HELP: &str = "اگر بعدها دوباره آن را بخواهید، از همین‌جا ادامه می‌یابد.";
/// Question.
pub const CANCEL_REMOVE: &str = "لغو و حذف بخش رسیده";
/// Question.
pub const CANCEL_REMOVE_HELP: &str = "جای آن روی دیسک آزاد می‌شود.";
/// Question.
pub const CANCEL_CHOICE: &str = "با بخشی که رسیده چه شود؟";
/// The button that does it.
pub const CANCEL_DO: &str = "لغو دانلود";
/// Leaves the question.
pub const CANCEL_NOT: &str = "ادامه یابد";
/// Toast.
pub const CLEARED: &str = "دانلودهای پایان‌یافته از فهرست پاک شدند.";
/// While the Hub is asked.
pub const ASKING: &str = "پرسیدن فهرست فایل‌ها از مخزن…";

/// A download's state in a word.
pub fn status(status: DownloadStatus) -> &'static str {
    match status {
        DownloadStatus::Queued => "در صف",
        DownloadStatus::Preparing => "آماده‌سازی",
        DownloadStatus::Running => "در حال دانلود",
        DownloadStatus::Waiting => "در انتظار",
        DownloadStatus::Paused => "مکث‌شده",
        DownloadStatus::Installed => "نصب‌شده",
        DownloadStatus::Failed => "ناموفق",
        DownloadStatus::Cancelled => "لغوشده",
    }
}

/// What a waiting download waits for, and until when.
pub fn waits_for(reason: Option<WaitReason>, retry_ms: Option<UtcMs>, now_ms: UtcMs) -> String {
    match reason {
        Some(WaitReason::Hours) => "تا ساعت مجاز دانلود صبر می‌کند.".to_owned(),
        Some(WaitReason::OfflineSwitch) => {
            "حالت آفلاین روشن است؛ با خاموش شدن آن ادامه می‌یابد.".to_owned()
        }
        Some(WaitReason::Network) | None => match retry_ms.filter(|at| *at > now_ms) {
            Some(at) => format!(
                "شبکه در دسترس نیست؛ تا {} دیگر خودش دوباره می‌کوشد.",
                number::duration((at - now_ms) as f64 / 1000.0)
            ),
            None => "شبکه در دسترس نیست؛ با بازگشت آن خودش ادامه می‌یابد.".to_owned(),
        },
    }
}

/// «۱۲۰ از ۴۵۰ مگابایت», or what is known of it.
pub fn amount(done_bytes: u64, total_bytes: u64) -> String {
    if total_bytes == 0 {
        return number::bytes(done_bytes);
    }
    format!(
        "{} از {}",
        number::bytes(done_bytes),
        number::bytes(total_bytes)
    )
}

/// «۱٫۲ مگابایت بر ثانیه»
pub fn speed(bytes_per_s: f64) -> String {
    format!("{} بر ثانیه", number::bytes(bytes_per_s.max(0.0) as u64))
}

/// «۳ دقیقه مانده»
pub fn remaining(eta_s: f64) -> String {
    format!("{} مانده", number::duration(eta_s))
}

/// Share that is here, never a whole hundred before the end.
pub fn percent(value: f64) -> String {
    if value >= 100.0 || value <= 0.0 {
        return number::percent(value.clamp(0.0, 100.0), 0);
    }
    number::percent(value.min(99.9), 1)
}

/// «۱۲ فایل»
pub fn files(n_files: u32) -> String {
    format!("{} فایل", count(n_files.into()))
}

/// «جایگاه ۲ در صف», counted from one.
pub fn place(position: u32) -> String {
    format!("جایگاه {} در صف", count(u64::from(position) + 1))
}

/// Question.
pub fn cancel_text(repo: &str, done_bytes: u64) -> String {
    if done_bytes == 0 {
        return format!("دانلود «{}» کنار گذاشته می‌شود.", isolate_ltr(repo));
    }
    format!(
        "دانلود «{}» کنار گذاشته می‌شود. {} از آن رسیده است.",
        isolate_ltr(repo),
        number::bytes(done_bytes)
    )
}

/// For screen readers.
pub fn label(action: &str, repo: &str) -> String {
    format!("{action}: {}", isolate_ltr(repo))
}

/// Toast.
pub fn enqueued(repo: &str) -> String {
    format!("«{}» به صف دانلود افزوده شد.", isolate_ltr(repo))
}

/// The indicator in the navigation, for screen readers and as a tooltip.
pub fn under_way(n: usize, share: Option<f64>) -> String {
    let n = count(n as u64);
    match share {
        Some(share) => format!("{n} دانلود در جریان، {}", percent(share)),
        None => format!("{n} دانلود در جریان"),
    }
}

#[cfg(test)]
mod tests {
    use super::{percent, waits_for};
    use amoozgar_types::download::WaitReason;

    #[test]
    fn a_hundred_per_cent_is_said_only_at_the_end() {
        assert_eq!(percent(99.99), "۹۹٫۹٪", "something is missing");
        assert_eq!(percent(100.0), "۱۰۰٪", "nothing is missing");
        assert_eq!(percent(0.0), "۰٪", "nothing is here");
    }

    #[test]
    fn a_wait_for_the_network_says_when_it_ends() {
        let words = waits_for(Some(WaitReason::Network), Some(30_000), 10_000);
        assert!(words.contains("۲۰ ثانیه"), "`{words}`");
        let words = waits_for(Some(WaitReason::Network), Some(5_000), 10_000);
        assert!(
            words.contains("خودش ادامه"),
            "what is past is no promise: `{words}`"
        );
    }
}
