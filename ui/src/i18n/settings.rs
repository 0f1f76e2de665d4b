//! Words of the settings page.

use super::common::count;
use amoozgar_text::number;

/// Page.
pub const TITLE: &str = "تنظیمات";
/// Page.
pub const SUBTITLE: &str = "برنامه را با دستگاه و سلیقهٔ خود هماهنگ کنید.";
/// The side list, for screen readers.
pub const SECTIONS: &str = "بخش‌های تنظیمات";
/// Beside the buttons of a changed form.
pub const UNSAVED: &str = "تغییرها هنوز ذخیره نشده‌اند.";
/// Card.
pub const APPEARANCE: &str = "نما";
/// Choice.
pub const THEME: &str = "پوسته";
/// Choice.
pub const THEME_HELP: &str = "روشن، تیره، یا همان که سیستم می‌گوید.";
/// Choice.
pub const THEME_LIGHT: &str = "روشن";
/// Choice.
pub const THEME_DARK: &str = "تیره";
/// Choice.
pub const THEME_SYSTEM: &str = "مانند سیستم";
/// Switch.
pub const CONTRAST: &str = "کنتراست زیاد";
/// Switch.
pub const CONTRAST_HELP: &str =
    "نوشته‌ها و خط‌ها پررنگ‌تر می‌شوند. اگر سیستم کنتراست زیاد بخواهد، بی‌این کلید هم روشن است.";
/// Slider.
pub const TEXT_SCALE: &str = "اندازهٔ نوشته";
/// Slider.
pub const TEXT_SCALE_HELP: &str = "همه‌چیز را تا دو برابر بزرگ‌تر نشان می‌دهد.";
/// Card.
pub const TRAINING: &str = "آموزش";
/// Field.
pub const THREADS: &str = "تعداد ریسه‌ها";
/// Field.
pub const THREADS_UNIT: &str = "ریسه";
/// Button.
pub const SAVE: &str = "ذخیره";
/// Switch.
pub const KEEP_IN_TRAY: &str = "ماندن در ناحیهٔ اعلان";
/// Switch.
pub const KEEP_IN_TRAY_HELP: &str =
    "اگر هنگام آموزش پنجره را ببندید، برنامه در ناحیهٔ اعلان می‌ماند و آموزش ادامه می‌یابد.";
/// Switch.
pub const NATIVE: &str = "اعلان سیستم";
/// Switch.
pub const NATIVE_HELP: &str = "پایان یا خطای هر اجرا با اعلان خود سیستم خبر داده می‌شود.";
/// Card.
pub const ABOUT: &str = "دربارهٔ آموزگار";
/// Fact.
pub const VERSION: &str = "نسخه";
/// Fact.
pub const PROCESSOR: &str = "پردازنده";
/// Fact.
pub const MEMORY: &str = "حافظه";
/// Fact.
pub const DATA_DIR: &str = "پوشهٔ داده‌ها";
/// Button.
pub const OPEN_DATA: &str = "باز کردن پوشهٔ داده‌ها";
/// Button.
pub const OPEN_LOGS: &str = "باز کردن گزارش‌ها";
/// Toast.
pub const SAVED: &str = "تنظیمات ذخیره شد.";
/// Notice.
pub const SET_ASIDE: &str = "پایگاه دادهٔ پیشین آسیب دیده بود و در این نشانی کنار گذاشته شد:";

/// Help of the threads field.
pub fn threads_help(n_cpus: u32) -> String {
    format!(
        "از ۱ تا {}. اگر خالی باشد همهٔ هسته‌ها به کار می‌روند.",
        count(n_cpus.into())
    )
}

/// Check.
pub fn threads_out_of_range(n_cpus: u32) -> String {
    format!("عددی صحیح از ۱ تا {} بنویسید.", count(n_cpus.into()))
}

/// «۸ هسته — نام پردازنده»
pub fn cores(n_cpus: u32) -> String {
    format!("{} هسته", count(n_cpus.into()))
}

/// «۱۵۰٪»
pub fn text_scale(percent: u16) -> String {
    number::percent(percent.into(), 0)
}
