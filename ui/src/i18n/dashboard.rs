//! Words of the dashboard.

use super::common::count;
use amoozgar_text::bidi::isolate;
use amoozgar_text::number;
use amoozgar_types::storage::{Caution, CleanupTarget};

/// Page.
pub const SUBTITLE: &str = "این رایانه، اجراها، و آنچه روی دیسک جا گرفته است.";
/// Card.
pub const MACHINE: &str = "این رایانه";
/// Card.
pub const MACHINE_LIVE: &str = "زنده";
/// Meter.
pub const PROCESSOR: &str = "پردازنده";
/// Meter.
pub const CORES: &str = "هسته‌ها";
/// Meter.
pub const MEMORY: &str = "حافظه";
/// Meter.
pub const DISK: &str = "دیسک";
/// Fact.
pub const TEMPERATURE: &str = "دمای پردازنده";
/// Fact.
pub const BATTERY: &str = "باتری";
/// Fact.
pub const ON_MAINS: &str = "وصل به برق";
/// Meter.
pub const GPU: &str = "پردازندهٔ گرافیکی";
/// Meter.
pub const GPU_MEMORY: &str = "حافظهٔ گرافیکی";
/// Fact.
pub const OWN: &str = "سهم آموزگار";
/// Card.
pub const HISTORY: &str = "ساعت‌های گذشته";
/// Choice.
pub const HISTORY_SPAN: &str = "بازهٔ نمودار";
/// Chart.
pub const CLOCK: &str = "ساعت";
/// Chart.
pub const HISTORY_EMPTY: &str = "هر دقیقه یک اندازه نگه داشته می‌شود؛ نمودار کم‌کم پر می‌شود.";
/// Card.
pub const THROUGHPUT: &str = "سرعت آموزش";
/// Chart.
pub const TOKENS_PER_S: &str = "توکن در ثانیه";
/// Chart.
pub const THROUGHPUT_EMPTY: &str = "در این بازه آموزشی در جریان نبوده است.";
/// Card.
pub const JOBS: &str = "اجراها";
/// Nothing yet.
pub const JOBS_EMPTY: &str = "هنوز اجرایی نساخته‌اید";
/// Nothing yet.
pub const JOBS_EMPTY_TEXT: &str = "نخستین آموزش را بسازید تا وضعیت آن اینجا دیده شود.";
/// Card.
pub const RECENT: &str = "فعالیت‌های تازه";
/// Card.
pub const ROOM: &str = "جای اشغال‌شده";
/// Room.
pub const MODELS: &str = "مدل‌ها";
/// Room.
pub const CHECKPOINTS: &str = "نقطه‌های ذخیره";
/// Room.
pub const CACHES: &str = "توکن‌های آماده";
/// Room.
pub const DATASETS: &str = "مجموعه‌داده‌های شما";
/// Room.
pub const DOWNLOADS: &str = "دانلودها";
/// Room.
pub const FREE: &str = "آزاد";
/// Button.
pub const CLEAN_UP: &str = "پاک‌سازی";
/// Dialog.
pub const CLEAN_UP_TITLE: &str = "دستیار پاک‌سازی";
/// Dialog.
pub const CLEAN_UP_TEXT: &str =
    "آنچه را لازم ندارید برگزینید. از اجراهایی که در جریان‌اند چیزی اینجا نمی‌آید.";
/// Dialog.
pub const NOTHING_TO_CLEAN: &str = "چیزی برای پاک کردن نیست";
/// Dialog.
pub const NOTHING_TO_CLEAN_TEXT: &str =
    "نقطه‌های ذخیرهٔ اجراهای پایان‌یافته و دانلودهای نیمه‌کاره اینجا می‌آیند.";
/// Dialog.
pub const CHOOSE_SAFE: &str = "برگزیدن موارد بی‌خطر";
/// Dialog.
pub const CHOOSE_NONE: &str = "هیچ‌کدام";
/// Question.
pub const CONFIRM_TITLE: &str = "برگزیده‌ها پاک شوند؟";

/// «۳۷٪»
pub fn share(percent: f32) -> String {
    number::percent(f64::from(percent), 0)
}

/// «۳٫۱ از ۸ گیگابایت», or each with its unit where they differ.
pub fn of_all(part: u64, all: u64) -> String {
    let (part, all) = (number::bytes(part), number::bytes(all));
    match (part.split_once(' '), all.split_once(' ')) {
        (Some((value, unit)), Some((_, same))) if unit == same => format!("{value} از {all}"),
        _ => format!("{part} از {all}"),
    }
}

/// «۶۱ درجه»
pub fn degrees(celsius: f32) -> String {
    format!("{} درجه", number::format_decimal(f64::from(celsius), 0))
}

/// «هستهٔ ۳»
pub fn core(number: usize) -> String {
    format!("هستهٔ {}", count(number as u64))
}

/// «۱۲٪ پردازنده، ۳۱۰ مگابایت حافظه، ۵ پردازه»
pub fn own(cpu_percent: f32, memory_bytes: u64, n_processes: u32) -> String {
    format!(
        "{} پردازنده، {} حافظه، {} پردازه",
        share(cpu_percent),
        number::bytes(memory_bytes),
        count(n_processes.into())
    )
}

/// «۱ ساعت»
pub fn hours(n: u32) -> String {
    format!("{} ساعت", count(n.into()))
}

/// A tick of the vertical axis.
pub fn tick_percent(value: f64) -> String {
    number::percent(value, 0)
}

/// A tick of the vertical axis.
pub fn tick_speed(value: f64) -> String {
    number::format_decimal(value, 0)
}

/// What it is, in a few words.
pub fn target(target: &CleanupTarget) -> String {
    match target {
        CleanupTarget::Checkpoint { step, .. } => format!("نقطهٔ ذخیرهٔ گام {}", count(*step)),
        CleanupTarget::JobCache { .. } => "توکن‌های آماده".to_owned(),
        CleanupTarget::OrphanFolder { .. } => "پوشهٔ اجرایی که در فهرست نیست".to_owned(),
        CleanupTarget::Leftover { .. } => "باقی‌ماندهٔ کاری نیمه‌تمام".to_owned(),
        CleanupTarget::PartialDownload { .. } => "دانلود نیمه‌کاره".to_owned(),
    }
}

/// Why one should think twice.
pub fn caution(caution: Caution) -> &'static str {
    match caution {
        Caution::BestCheckpoint => "بهترین نقطهٔ این اجرا",
        Caution::LastCheckpoint => "آخرین نقطه؛ ادامهٔ اجرا از آن است",
        Caution::StartsAnew => "دانلود از سر گرفته می‌شود",
        Caution::UnlistedRun => "اجرای کامل؛ می‌توان آن را به فهرست برگرداند",
    }
}

/// «حذف ۳ مورد، ۱٫۲ گیگابایت»
pub fn remove(n: usize, bytes: u64) -> String {
    format!("حذف {} مورد، {}", count(n as u64), number::bytes(bytes))
}

/// Question.
pub fn confirm_text(n: usize, bytes: u64, n_cautioned: usize) -> String {
    let what = format!(
        "{} مورد با حجم {} برای همیشه پاک می‌شود.",
        count(n as u64),
        number::bytes(bytes)
    );
    if n_cautioned == 0 {
        return what;
    }
    format!(
        "{what} {} مورد از آن‌ها هشدار دارد و پس از حذف بازنمی‌گردد.",
        count(n_cautioned as u64)
    )
}

/// Button.
pub const ADOPT: &str = "برگرداندن به فهرست";

/// Toast.
pub fn adopted(run: &str) -> String {
    format!("«{}» به فهرست اجراهای شما برگشت.", isolate(run))
}

/// Toast.
pub fn removed(bytes: u64, n_skipped: u32) -> String {
    let freed = format!("{} آزاد شد.", number::bytes(bytes));
    if n_skipped == 0 {
        return freed;
    }
    format!(
        "{freed} {} مورد در حال استفاده بود یا دیگر وجود نداشت.",
        count(n_skipped.into())
    )
}

/// For screen readers.
pub fn choose_label(what: &str, of: &str) -> String {
    format!("{what}، {}", isolate(of))
}

#[cfg(test)]
mod tests {
    use super::of_all;

    #[test]
    fn a_unit_that_both_sizes_have_is_said_once() {
        const GIB: u64 = 1 << 30;
        assert_eq!(of_all(3 * GIB, 8 * GIB), "۳ از ۸ گیگابایت", "the same unit");
        assert_eq!(
            of_all(GIB / 2, 8 * GIB),
            "۵۱۲ مگابایت از ۸ گیگابایت",
            "another unit"
        );
    }
}
