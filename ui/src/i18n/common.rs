//! Words that many pages share.

use amoozgar_text::number;
use amoozgar_types::Loss;
use amoozgar_types::job::JobStatus;
use amoozgar_types::spec::SizePreset;

/// The program's name.
pub const APP_NAME: &str = "آموزگار";
/// For screen readers.
pub const NAVIGATION: &str = "صفحه‌های برنامه";
/// For keyboards.
pub const SKIP_TO_CONTENT: &str = "رفتن به محتوای صفحه";
/// Page names.
pub const NAV_HOME: &str = "خانه";
/// Page name.
pub const NAV_DASHBOARD: &str = "داشبورد";
/// Page name.
pub const NAV_DATASETS: &str = "مجموعه‌داده‌ها";
/// Page name.
pub const NAV_MODELS: &str = "مدل‌ها";
/// Page name.
pub const NAV_TRAINING: &str = "آموزش";
/// Page name.
pub const NAV_CHAT: &str = "گفت‌وگو";
/// Page name.
pub const NAV_NOTIFICATIONS: &str = "اعلان‌ها";
/// Page name.
pub const NAV_SETTINGS: &str = "تنظیمات";
/// Page name.
pub const NAV_HELP: &str = "راهنما";
/// Leaves the profile.
pub const SIGN_OUT: &str = "خروج از نمایه";
/// Tries again.
pub const RETRY: &str = "تلاش مجدد";
/// While waiting.
pub const LOADING: &str = "در حال بارگذاری…";
/// Leaves a question.
pub const CANCEL: &str = "انصراف";
/// Removes for good.
pub const DELETE: &str = "حذف";
/// Takes a message away.
pub const CLOSE: &str = "بستن";
/// The head of a column of buttons, for screen readers.
pub const ACTIONS: &str = "کارها";
/// Copies a text.
pub const COPY: &str = "رونوشت";
/// It was copied.
pub const COPIED: &str = "رونوشت برداشته شد.";
/// It could not be copied.
pub const NOT_COPIED: &str = "رونوشت برداشته نشد؛ متن را برگزینید و خودتان رونوشت بردارید.";
/// A step that is done, for screen readers.
pub const STEP_DONE: &str = "انجام شد";
/// Opens the palette.
pub const SEARCH: &str = "جست‌وجو";
/// The keys that open it.
pub const SEARCH_KEYS: &str = "Ctrl K";
/// The palette, for screen readers.
pub const PALETTE: &str = "جست‌وجو در صفحه‌ها، کارها و اجراها";
/// In its field.
pub const PALETTE_PLACEHOLDER: &str = "نام صفحه، کار یا اجرا…";
/// Nothing is named so.
pub const PALETTE_NOTHING: &str = "چیزی با این نام پیدا نشد.";
/// The folded technical part of an error.
pub const DETAILS: &str = "جزئیات فنی";
/// Stands where there is no value yet.
pub const NONE_YET: &str = "—";
/// Shown once, when the first run starts.
pub const TRAY_HINT: &str = "آموزش در پس‌زمینه هم ادامه دارد: با بستن پنجره، آموزگار در ناحیهٔ اعلان می‌ماند و پایان کار را خبر می‌دهد.";
/// Where the network is missing.
pub const WORKS_OFFLINE: &str =
    "بی‌اینترنت هم همه‌چیز جز دانلود کار می‌کند: آموزش، مدل‌های نصب‌شده، متن‌ها و نمودارها.";
/// Leads to the settings.
pub const NETWORK_SETTINGS: &str = "تنظیمات شبکه";
/// Leads to a chapter of the help.
pub const MORE_HELP: &str = "در راهنما بیشتر بخوانید";
/// A page that is not there.
pub const NOT_FOUND_TITLE: &str = "این صفحه پیدا نشد";
/// A page that is not there.
pub const NOT_FOUND_TEXT: &str =
    "شاید آنچه دنبالش هستید حذف شده باشد یا نشانی درست نباشد. نشانی خواسته‌شده:";
/// Leads home.
pub const NOT_FOUND_ACTION: &str = "رفتن به خانه";
/// Goes back.
pub const NOT_FOUND_BACK: &str = "صفحهٔ پیش";

/// A count with Persian digits: «۱٬۲۳۴».
pub fn count(value: u64) -> String {
    number::format_integer(i64::try_from(value).unwrap_or(i64::MAX))
}

/// How many were found, for screen readers.
pub fn found(n: usize) -> String {
    format!("{} مورد پیدا شد", count(n as u64))
}

/// The button beside a field's label.
pub fn explain(about: &str) -> String {
    format!("توضیح «{about}»")
}

/// The badge of the bell, for screen readers.
pub fn unread(n: u32) -> String {
    format!("{} اعلان خوانده‌نشده", count(n.into()))
}

/// The letter that stands for a person.
pub fn initial(name: &str) -> String {
    name.trim()
        .chars()
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default()
}

/// A job's state in a word.
pub fn status(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Queued => "در صف",
        JobStatus::Starting => "در حال شروع",
        JobStatus::Loading => "آماده‌سازی",
        JobStatus::Running => "در حال اجرا",
        JobStatus::Paused => "مکث‌شده",
        JobStatus::Completed => "پایان‌یافته",
        JobStatus::Failed => "ناموفق",
        JobStatus::Stopped => "متوقف‌شده",
        JobStatus::Interrupted => "قطع‌شده",
    }
}

/// A size preset's name.
pub fn preset(preset: SizePreset) -> &'static str {
    match preset {
        SizePreset::Tiny => "کوچک‌ترین",
        SizePreset::Small => "کوچک",
        SizePreset::Medium => "متوسط",
    }
}

/// A loss with three decimals, or the word for a diverged one.
pub fn loss(loss: Loss) -> String {
    match loss {
        Loss::Finite(value) => number::format_decimal(value, 3),
        Loss::Diverged => "واگرا".to_owned(),
    }
}

/// [`loss`], or a dash while there is none.
pub fn loss_or_dash(value: Option<Loss>) -> String {
    value.map_or_else(|| NONE_YET.to_owned(), loss)
}

#[cfg(test)]
mod tests {
    use super::{count, initial, loss};
    use amoozgar_types::Loss;

    #[test]
    fn numbers_are_shown_in_persian_digits_and_a_diverged_loss_in_a_word() {
        assert_eq!(count(1_234_567), "۱٬۲۳۴٬۵۶۷", "thousands are parted");
        assert_eq!(loss(Loss::Finite(2.718_9)), "۲٫۷۱۹", "three decimals");
        assert_eq!(loss(Loss::Diverged), "واگرا", "never NaN");
    }

    #[test]
    fn a_person_is_shown_by_their_first_letter() {
        assert_eq!(initial(" سارا"), "س", "spaces do not count");
        assert_eq!(initial(""), "", "nobody has no letter");
    }
}
