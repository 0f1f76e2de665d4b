//! Words of moving runs, models and datasets to another folder, and of removing everything.

use amoozgar_text::number;
use amoozgar_types::ipc::PlaceCheck;

/// Button.
pub const MOVE: &str = "جابه‌جایی به پوشهٔ دیگر…";
/// Dialog.
pub const MOVE_TITLE: &str = "جابه‌جایی داده‌ها";
/// Dialog.
pub const MOVE_TEXT: &str = "اجراها، مدل‌ها، مجموعه‌داده‌ها و دانلودها به پوشه‌ای می‌روند که انتخاب می‌کنید؛ مثلاً روی دیسکی بزرگ‌تر. پوشه باید خالی باشد. نمایه‌ها و تنظیمات همین‌جا می‌مانند.";
/// Field.
pub const TARGET: &str = "پوشهٔ تازه";
/// The system's dialog.
pub const PICK: &str = "انتخاب پوشهٔ تازه";
/// Button.
pub const HOME: &str = "برگرداندن به پوشهٔ نخست";
/// Button.
pub const LOOK: &str = "ادامه";
/// Button.
pub const MOVE_DO: &str = "شروع جابه‌جایی";
/// Progress.
pub const MOVING: &str = "داده‌ها کپی و یک‌به‌یک با اصل مقایسه می‌شوند…";
/// Dialog.
pub const DONE: &str = "جابه‌جایی انجام شد. برنامه دوباره شروع می‌کند…";
/// Warning.
pub const MISSING: &str = "این پوشه اکنون در دسترس نیست؛ شاید دیسکی که در آن است وصل نباشد. تا در دسترس نباشد، اجرا و دانلود تازه‌ای شروع نمی‌شود و چیزی هم از دست نمی‌رود.";
/// Warning.
pub const OPEN_TO_OTHERS: &str = "کاربران دیگر این رایانه می‌توانند آنچه را در این پوشه است بخوانند، چون دیسک آن دسترسی‌ها را نگه نمی‌دارد. اگر این رایانه کاربر دیگری دارد، داده‌ها را به دیسک دیگری ببرید.";
/// Warning.
pub const WOULD_BE_OPEN: &str = "این دیسک دسترسی‌ها را نگه نمی‌دارد؛ کاربران دیگر این رایانه خواهند توانست داده‌های شما را آنجا بخوانند.";
/// Card.
pub const DATABASE_STAYS: &str = "نمایه‌ها، تنظیمات و پایگاه داده در این پوشه مانده‌اند:";
/// Card.
pub const LEFT: &str = "داده‌ها از پوشهٔ زیر آمده‌اند و نسخهٔ پیشین هنوز آنجاست. اگر همه‌چیز درست است، آن را پاک کنید تا جا باز شود.";
/// Button.
pub const LET_GO: &str = "پاک‌کردن نسخهٔ پیشین";
/// Question.
pub const LET_GO_TITLE: &str = "نسخهٔ پیشین پاک شود؟";
/// Question.
pub const LET_GO_TEXT: &str = "اجراها، مدل‌ها و مجموعه‌داده‌هایی که در پوشهٔ پیشین مانده‌اند پاک می‌شوند. آنچه در پوشهٔ تازه است دست نمی‌خورد.";
/// Toast.
pub const LET_GO_DONE: &str = "نسخهٔ پیشین پاک شد.";

/// What will be moved.
pub fn summary(check: &PlaceCheck) -> String {
    format!(
        "{} داده کپی می‌شود و {} در مقصد جا هست. نسخهٔ کنونی تا وقتی خودتان پاکش نکنید می‌ماند. در پایان برنامه دوباره شروع می‌کند.",
        number::bytes(check.size_bytes),
        number::bytes(check.free_bytes),
    )
}

/// Card.
pub const WIPE: &str = "پاک‌کردن همه‌چیز";
/// Card.
pub const WIPE_TEXT: &str = "همهٔ نمایه‌ها، اجراها، مدل‌ها، مجموعه‌داده‌ها، تنظیمات و گزارش‌های این برنامه، برای همهٔ کاربران، همراه با کلیدها و توکن‌هایی که در دسته‌کلید سیستم نگه داشته شده‌اند پاک می‌شود. این کار برگشت ندارد.";
/// Button.
pub const WIPE_ACTION: &str = "پاک‌کردن همه‌چیز…";
/// Dialog.
pub const WIPE_TITLE: &str = "همه‌چیز برای همیشه پاک شود؟";
/// What has to be written.
pub const WIPE_WORD: &str = "پاک شود";
/// Field.
pub const WIPE_FIELD: &str = "برای تأیید بنویسید: پاک شود";
/// Button.
pub const WIPE_DO: &str = "پاک‌کردن و شروع دوباره";
