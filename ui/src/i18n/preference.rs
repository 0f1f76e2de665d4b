//! Words of what is learnt of pairs of answers: in the new-run form and on a run's page.

use super::common::count;
use amoozgar_types::spec::Objective;

/// That the better answers' likelihood has collapsed.
pub fn chosen_fell(step: u64) -> String {
    format!(
        "در گام {} دیدیم که مدل پاسخ‌های بهتر را هم بسیار کمتر از آغاز محتمل می‌داند: از هر دو پاسخ دور می‌شود و از پاسخ بدتر تندتر. زیان پایین می‌آید، ولی نوشتهٔ مدل شاید بدتر شود. نمونه‌ها را ببینید؛ نرخ یادگیری کمتر، بتای بیشتر یا گام‌های کمتر جلو آن را می‌گیرد.",
        count(step)
    )
}

/// A chart's title, of pairs.
pub const REWARD_CHART: &str = "پاداش پاسخ‌ها";
/// A chart's title, of pairs.
pub const PREFERRED_CHART: &str = "سهم جفت‌های درست";
/// A chart's title, of pairs.
pub const LOGP_CHART: &str = "لگاریتم احتمال هر توکن پاسخ";
/// A line, of pairs.
pub const LINE_CHOSEN: &str = "پاسخ بهتر";
/// A line, of pairs.
pub const LINE_REJECTED: &str = "پاسخ بدتر";
/// A line, of pairs.
pub const LINE_MARGIN: &str = "فاصله در اعتبارسنجی";
/// A row, of pairs.
pub const PREFERRED: &str = "سهم جفت‌هایی که پاسخ بهتر پاداش بیشتری دارد";
/// A row, of pairs.
pub const MARGIN: &str = "فاصلهٔ پاداش دو پاسخ";
/// Card of pairs.
pub const TITLE: &str = "ترجیح";
/// A fresh model learns no preference.
pub const NEEDS_BASE: &str = "ترجیح را مدلی آماده می‌آموزد: یکی از راه‌های تنظیم را انتخاب کنید.";
/// Choice.
pub const OBJECTIVE: &str = "روش";
/// Summary of the folded settings.
pub const MORE: &str = "تنظیم بیشتر";

/// An objective of pairs, in a word and a sentence.
pub fn objective(objective: Objective) -> (&'static str, &'static str) {
    match objective {
        Objective::Sft => ("SFT", "مدل نوشتن پاسخ‌ها را می‌آموزد."),
        Objective::Dpo => (
            "DPO",
            "مدل پاسخ بهتر را به پاسخ بدتر ترجیح می‌دهد و از آنچه پیش از آموزش بود زیاد دور نمی‌شود. برای مدلی که پاسخ دادن را از پیش بلد است.",
        ),
        Objective::Orpo => (
            "ORPO",
            "مدل هم‌زمان نوشتن پاسخ بهتر (همراه پرسش) و ترجیح آن را می‌آموزد و با مدل پیشین سنجیده نمی‌شود. برای مدلی که هنوز پاسخ دادن را نیاموخته است.",
        ),
    }
}
