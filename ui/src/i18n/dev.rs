//! Words of the component page, which debug builds alone have.

use super::common::count;

/// Page.
pub const TITLE: &str = "قطعه‌ها";
/// Page.
pub const SUBTITLE: &str = "هر قطعهٔ رابط در همهٔ حالت‌هایش؛ فقط در ساخت توسعه.";
/// Choice.
pub const CONTRAST: &str = "کنتراست";
/// Choice.
pub const CONTRASTS: [&str; 2] = ["عادی", "زیاد"];
/// Parts of the page.
pub const BUTTONS: &str = "دکمه‌ها";
/// Part.
pub const FIELDS: &str = "فیلدها";
/// Part.
pub const CHOICES: &str = "انتخاب‌ها";
/// Part.
pub const OVER: &str = "آنچه روی صفحه می‌آید";
/// Part.
pub const STATES: &str = "حالت‌ها";
/// Part.
pub const TABLES: &str = "جدول‌ها";
/// Part.
pub const REST: &str = "نمودار، کد، فایل، گام‌ها";
/// Buttons.
pub const VARIANTS: [&str; 4] = ["اصلی", "معمولی", "بی‌قاب", "برگشت‌ناپذیر"];
/// State.
pub const DISABLED: &str = "غیرفعال";
/// State.
pub const BUSY: &str = "در حال انجام";
/// Field.
pub const TEXT: &str = "متن";
/// Field.
pub const TEXT_HELP: &str = "جمله‌ای که زیر فیلد می‌آید.";
/// Field.
pub const TEXT_ERROR: &str = "این بخش را پر کنید.";
/// Field.
pub const EXPLAIN: &str = "توضیحی بلندتر که با دکمهٔ کنار برچسب باز و بسته می‌شود.";
/// Field.
pub const PATH: &str = "نشانی";
/// Field.
pub const NUMBER: &str = "عدد";
/// Field.
pub const NUMBER_HELP: &str = "رقم‌های فارسی، عربی و لاتین؛ کلیدهای بالا و پایین هم کار می‌کنند.";
/// Field.
pub const UNIT: &str = "توکن";
/// Field.
pub const SELECT: &str = "فهرست بازشو";
/// Its options.
pub const CITIES: [&str; 4] = ["تهران", "تبریز", "شیراز", "مشهد"];
/// Field.
pub const SLIDER: &str = "لغزنده";
/// Field.
pub const LONG_TEXT: &str = "متن چندسطری";
/// Choice.
pub const SWITCH: &str = "کلید";
/// Choice.
pub const CHECKBOX: &str = "گزینه";
/// Choice.
pub const CARD: &str = "کارت";
/// Choice.
pub const CARD_TEXT: &str = "انتخابی که به توضیح نیاز دارد.";
/// Choice.
pub const TABS: &str = "زبانه‌ها";
/// Over the page.
pub const OPEN_DIALOG: &str = "پنجرهٔ گفت‌وگو";
/// Over the page.
pub const OPEN_DRAWER: &str = "کشو";
/// Over the page.
pub const OPEN_CONFIRM: &str = "پرسش";
/// Over the page.
pub const OPEN_TOASTS: &str = "پیام‌ها";
/// Over the page.
pub const OPEN_PALETTE: &str = "جست‌وجوی فراگیر";
/// Over the page.
pub const BODY: &str = "در این پنجره با Tab می‌چرخید؛ با Escape یا کلیک بیرون از آن بسته می‌شود.";
/// Toasts.
pub const TOAST_TEXTS: [&str; 3] = ["انجام شد.", "خبری هست.", "انجام نشد؛ دوباره بکوشید."];
/// Tooltip.
pub const TOOLTIP: &str = "چند واژه دربارهٔ این دکمه";
/// Tooltip.
pub const TOOLTIP_ON: &str = "نشانگر را اینجا بیاورید";
/// Badges.
pub const BADGES: [&str; 6] = ["خنثا", "زنده", "خوب", "هشدار", "خطا", "برچسب"];
/// Nothing.
pub const EMPTY: &str = "هنوز چیزی نیست";
/// Nothing.
pub const EMPTY_TEXT: &str = "با دکمهٔ زیر نخستین مورد را بسازید.";
/// Progress.
pub const PROGRESS: &str = "پیشرفت";
/// Table.
pub const COLUMNS: [&str; 3] = ["نام", "گام‌ها", "زیان"];
/// Table.
pub const SHORT_TABLE: &str = "جدول کوتاه";
/// Table.
pub const LONG_TABLE: &str = "ده هزار سطر";
/// Code.
pub const CODE: &str = "فرمان نمونه";
/// Files.
pub const DROP: &str = "فایل را اینجا رها کنید";
/// Files.
pub const DROP_TEXT: &str = "‎.txt یا ‎.jsonl";
/// Files.
pub const PICK: &str = "انتخاب فایل";
/// Steps.
pub const STEPS: [&str; 4] = ["داده", "اندازه", "تنظیم", "شروع"];
/// Chart.
pub const CHART: &str = "نمودار";
/// Chart.
pub const LINES: [&str; 2] = ["آموزش", "اعتبارسنجی"];

/// «اجرای ۱۲»
pub fn run(n: usize) -> String {
    format!("اجرای {}", count(n as u64))
}
