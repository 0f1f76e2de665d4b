//! Words of the home page.

use super::common::count;
use amoozgar_text::bidi::isolate;
use amoozgar_text::number;

/// Page.
pub const SUBTITLE_NEW: &str = "تا نخستین مدل شما سه گام مانده است.";
/// Page.
pub const SUBTITLE: &str = "اینجا می‌بینید چه در جریان است.";
/// Button.
pub const NEW_RUN: &str = "آموزش تازه";
/// Steps.
pub const STEPS: &str = "سه گام تا نخستین مدل";
/// Step.
pub const STEP_DATA: &str = "داده را انتخاب کنید";
/// Step.
pub const STEP_DATA_TEXT: &str =
    "دیوان حافظ و داستان‌های کوتاه همراه برنامه‌اند؛ متن خودتان را هم می‌توانید وارد کنید.";
/// Step.
pub const STEP_DATA_ACTION: &str = "دیدن داده‌ها";
/// Step.
pub const STEP_TRAIN: &str = "آموزش دهید";
/// Step.
pub const STEP_TRAIN_TEXT: &str =
    "اندازهٔ مدل را برگزینید؛ زمان و حافظهٔ لازم پیش از شروع گفته می‌شود.";
/// Step.
pub const STEP_TRAIN_ACTION: &str = "شروع آموزش";
/// Step.
pub const STEP_READ: &str = "نوشته‌اش را بخوانید";
/// Step.
pub const STEP_READ_TEXT: &str =
    "در میانهٔ آموزش نمونه‌ها را ببینید و در پایان خودتان سطر اول را بنویسید.";
/// Step.
pub const STEP_READ_ACTION: &str = "دیدن اجرا";
/// A finished step, for screen readers.
pub const STEP_DONE: &str = "انجام شد";
/// Card.
pub const RUNNING: &str = "در جریان";
/// Card.
pub const RECENT: &str = "آخرین اجراها";
/// Link.
pub const ALL_RUNS: &str = "همهٔ اجراها";
/// Card.
pub const MACHINE: &str = "این رایانه";
/// Card.
pub const ONWARD: &str = "ادامه از همان‌جا";
/// A run waits.
pub const ONWARD_RESUME_TEXT: &str = "نیمه‌کاره مانده است و از آخرین نقطهٔ ذخیره ادامه می‌یابد.";
/// Button.
pub const ONWARD_RESUME: &str = "رفتن به اجرا";
/// A model can write.
pub const ONWARD_WRITE_TEXT: &str = "آموزشش پایان یافته و آمادهٔ نوشتن است.";
/// Button.
pub const ONWARD_WRITE: &str = "نوشتن با مدل";
/// Card.
pub const TIPS: &str = "پیشنهاد برای این رایانه";
/// Link.
pub const TIP_MORE: &str = "بیشتر بخوانید";
/// Tip.
pub const TIP_FAILED: &str =
    "آخرین اجرا ناموفق بود. نرخ یادگیری کمتر یا دستهٔ کوچک‌تر بیشتر وقت‌ها چاره است.";
/// Tip.
pub const TIP_OWN_TEXT: &str =
    "نوبت متن خودتان است: نیم مگابایت متن یک‌دست برای مدل «کوچک» کافی است.";
/// Tip.
pub const TIP_PALETTE: &str =
    "با \u{2066}Ctrl+K\u{2069} هر صفحه، اجرا و فصل راهنما را با چند حرف پیدا کنید.";
/// Tip.
pub const TIP_TRAY: &str = "می‌توانید پنجره را ببندید؛ آموزش در ناحیهٔ اعلان ادامه می‌یابد.";
/// Fact.
pub const PROCESSOR: &str = "پردازنده";
/// Fact.
pub const MEMORY: &str = "حافظهٔ آزاد";
/// Fact.
pub const DATASETS: &str = "مجموعه‌داده";
/// Fact.
pub const LOSS: &str = "زیان";
/// Fact.
pub const VAL_LOSS: &str = "زیان اعتبارسنجی";
/// Fact.
pub const SPEED: &str = "سرعت";
/// Fact.
pub const REMAINING: &str = "زمان مانده";
/// For screen readers.
pub const PROGRESS: &str = "پیشرفت آموزش";

/// «سلام، سارا»
pub fn greeting(name: &str) -> String {
    format!("سلام، {}", isolate(name))
}

/// «گام ۱۲۰ از ۶۰۰»
pub fn steps(done: u64, total: u64) -> String {
    format!("گام {} از {}", count(done), count(total))
}

/// «۱٬۲۰۰ توکن در ثانیه»
pub fn speed(tokens_per_s: f64) -> String {
    format!("{} توکن در ثانیه", number::format_decimal(tokens_per_s, 0))
}

/// «۸ هسته»
pub fn cores(n_cpus: u32) -> String {
    format!("{} هسته", count(n_cpus.into()))
}

/// «۵ گیگابایت از ۸ گیگابایت»
pub fn memory(free_bytes: u64, all_bytes: u64) -> String {
    format!(
        "{} از {}",
        number::bytes(free_bytes),
        number::bytes(all_bytes)
    )
}

/// «۲ اجرا در صف»
pub fn queued(n: usize) -> String {
    format!("{} اجرا در صف است.", count(n as u64))
}

/// Tip.
pub fn tip_few_free(free_bytes: u64) -> String {
    format!(
        "فقط {} حافظه آزاد است. پیش از آموزش برنامه‌های سنگین، به‌ویژه مرورگر، را ببندید.",
        number::bytes(free_bytes)
    )
}

/// Tip.
pub fn tip_few_cores(n_cpus: u32) -> String {
    format!(
        "با {} اندازهٔ «کوچک» در چند دقیقه آموزش می‌بیند؛ «متوسط» را به شب بسپارید.",
        cores(n_cpus)
    )
}

/// Tip.
pub fn tip_strong(n_cpus: u32) -> String {
    format!(
        "{} و حافظهٔ کافی دارید: با چند مگابایت متن، اندازهٔ «متوسط» هم در دسترس شماست.",
        cores(n_cpus)
    )
}
