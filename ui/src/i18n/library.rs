//! Words of one model's page: what it is, from where, its check; and of a run's settings for GPU servers.

use super::common::count;
use amoozgar_text::bidi::isolate;
use amoozgar_text::number;
use amoozgar_types::library::{CheckReport, FaultKind, Fertility, ModelFacts, RecipeProgram};
use amoozgar_types::model_ref::ModelRef;

/// Fact.
pub const FAMILY: &str = "خانواده";
/// Fact.
pub const PARAMETERS: &str = "پارامترها";
/// Fact.
pub const CONTEXT: &str = "پنجرهٔ متن";
/// Fact.
pub const VOCABULARY: &str = "واژگان";
/// Fact.
pub const WEIGHTS: &str = "نوع وزن‌ها";
/// Fact.
pub const CHAT_TEMPLATE: &str = "قالب گفت‌وگو";
/// Fact.
pub const LICENCE: &str = "مجوز";
/// Fact.
pub const SIZE: &str = "روی دیسک";
/// Fact.
pub const FERTILITY: &str = "توکن در هر واژهٔ فارسی";
/// Fact.
pub const CLASSES: &str = "دسته‌ها";
/// What is not known.
pub const UNKNOWN: &str = "نامشخص";
/// Fact.
pub const HAS_TEMPLATE: &str = "دارد";
/// Fact.
pub const HAS_NO_TEMPLATE: &str = "ندارد";
/// Card.
pub const ABOUT: &str = "این مدل چیست";
/// Card.
pub const ORIGIN: &str = "از کجا آمده است";
/// Card.
pub const MADE_BY: &str = "آموزش این مدل";
/// Fact of the origin.
pub const REPO: &str = "مخزن";
/// Fact of the origin.
pub const REVISION: &str = "نسخه";
/// Fact of the origin.
pub const FOLDER: &str = "پوشه";
/// Fact of the origin.
pub const RUN: &str = "اجرا";
/// Fact of the origin.
pub const BASE: &str = "مدل پایه";
/// Fact of the origin.
pub const CAME: &str = "از کی اینجاست";
/// Where its files say nothing.
pub const UNREAD: &str = "مشخصات این مدل خوانده نشد";
/// Under the fertility.
pub const FERTILITY_HELP: &str = "روی متن فارسی ثابتی که همراه آموزگار است؛ هرچه کمتر، همان متن در توکن‌های کمتری جا می‌شود و آموزش و نوشتن تندتر است.";
/// Action.
pub const TALK: &str = "گفت‌وگو";
/// Action.
pub const CHECK: &str = "بررسی سلامت";
/// Action.
pub const DELETE: &str = "حذف";
/// Dialog.
pub const CHECK_TITLE: &str = "بررسی سلامت مدل";
/// Dialog.
pub const CHECK_TEXT: &str = "همهٔ وزن‌ها خوانده می‌شوند، اندازه و جمع کنترلی فایل‌ها هر جا معلوم باشد سنجیده می‌شود، و پیکربندی و توکن‌ساز باز می‌شوند. چیزی تغییر نمی‌کند.";
/// Dialog.
pub const CHECK_START: &str = "شروع بررسی";
/// While it goes on.
pub const CHECKING: &str = "خواندن وزن‌ها";
/// Its stop.
pub const CHECK_STOPPED: &str = "بررسی نیمه‌کاره متوقف شد.";
/// Its end.
pub const SOUND: &str = "این مدل سالم است";
/// Its end.
pub const DAMAGED: &str = "این مدل ایراد دارد";
/// What can be done.
pub const DAMAGED_HELP: &str = "اگر مدل را دانلود کرده‌اید، حذفش کنید و دوباره بگیرید؛ اگر واردش کرده‌اید، از رونوشت سالم دوباره وارد کنید.";
/// Action of a run.
pub const RECIPE: &str = "تنظیمات برای سرور GPU";
/// Dialog.
pub const RECIPE_TITLE: &str = "تنظیمات این اجرا برای سرور GPU";
/// Dialog.
pub const RECIPE_TEXT: &str = "پوشه‌ای ساخته می‌شود با فایل تنظیمات و داده‌های همین اجرا، تا روی سرور ادامه دهید. آنچه در آن برنامه معادلی ندارد، در خود فایل با نامش گفته شده است.";
/// Dialog.
pub const RECIPE_FOR: &str = "برای کدام برنامه";
/// Dialog.
pub const RECIPE_DONE: &str = "پوشه ساخته شد. اینجاست:";

/// What a program is.
pub fn program_purpose(program: RecipeProgram) -> &'static str {
    match program {
        RecipeProgram::Axolotl => "با دستور axolotl train",
        RecipeProgram::LlamaFactory => "با دستور llamafactory-cli train",
    }
}

/// Settings that are told in comments.
pub fn without_counterpart(n: usize) -> String {
    match n {
        0 => "همهٔ تنظیمات در آن آمده است.".to_owned(),
        n => format!(
            "{} تنظیم در آنجا معادل دقیقی ندارد؛ در خود فایل گفته شده است که کدام و چرا:",
            count(n as u64)
        ),
    }
}

/// Tokens a word.
pub fn fertility(fertility: Option<Fertility>) -> String {
    fertility.map_or_else(
        || UNKNOWN.to_owned(),
        |found| number::format_decimal(found.tokens_per_word(), 2),
    )
}

/// How weights are stored, as in «BF16، F32».
pub fn stored_as(facts: &ModelFacts) -> String {
    let names: Vec<&str> = facts.weights.iter().map(|it| it.name.as_str()).collect();
    if names.is_empty() {
        return UNKNOWN.to_owned();
    }
    names.join(", ")
}

/// Parameters, in millions or thousands.
pub fn parameters(n: u64) -> String {
    if n >= 1_000_000_000 {
        format!("{} میلیارد", number::format_decimal(n as f64 / 1e9, 2))
    } else if n >= 1_000_000 {
        format!("{} میلیون", number::format_decimal(n as f64 / 1e6, 1))
    } else {
        count(n)
    }
}

/// So many tokens.
pub fn tokens(n: u64) -> String {
    format!("{} توکن", count(n))
}

/// What the deletion frees.
pub fn delete_text(model: &ModelRef, name: &str, n_bytes: u64) -> String {
    let (name, size) = (isolate(name), number::bytes(n_bytes));
    match model {
        ModelRef::Trained { .. } => format!(
            "اجرای «{name}» با مدل، نقطه‌های بازگشت و نمودارهایش حذف می‌شود و {size} از دیسک آزاد می‌شود. این کار برگشت ندارد."
        ),
        ModelRef::Hub { .. } => format!(
            "فایل‌های «{name}» حذف می‌شوند و {size} از دیسک آزاد می‌شود. اجراهایی که از آن آموخته‌اند می‌مانند و هر زمان می‌توانید دوباره دانلودش کنید."
        ),
        ModelRef::Imported { .. } => format!(
            "رونوشت «{name}» در آموزگار حذف می‌شود و {size} از دیسک آزاد می‌شود. فایلی که از آن وارد شده بود دست نمی‌خورد."
        ),
    }
}

/// What a check read.
pub fn checked(report: &CheckReport) -> String {
    let read = format!(
        "{} وزن در {} فایل خوانده شد ({}).",
        count(report.n_tensors),
        count(report.n_weight_files),
        number::bytes(report.n_bytes)
    );
    let sums = match report.n_checksums {
        0 => "جمع کنترلی این فایل‌ها معلوم نیست.".to_owned(),
        n => format!("جمع کنترلی {} فایل سنجیده شد.", count(n)),
    };
    format!("{read} {sums}")
}

/// How much is wrong.
pub fn faults(n: u64) -> String {
    format!("{} ایراد پیدا شد:", count(n))
}

/// That not all are listed.
pub fn further_faults(n: u64) -> String {
    format!("و {} ایراد دیگر.", count(n))
}

/// What is wrong with a file.
pub fn fault(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Missing => "این فایل نیست",
        FaultKind::WrongSize => "اندازهٔ فایل با منبعش یکی نیست",
        FaultKind::WrongChecksum => "بایت‌های فایل همان نیستند که منبع گفته است",
        FaultKind::Unreadable => "فایل خوانده نمی‌شود یا ناقص است",
        FaultKind::NotFinite => "مقداری در این وزن عدد نیست یا بی‌نهایت است",
        FaultKind::MissingWeight => "این وزن در هیچ فایلی نیست",
        FaultKind::WrongShape => "شکل این وزن با پیکربندی نمی‌خواند",
        FaultKind::Config => "پیکربندی به کار نمی‌آید",
        FaultKind::Tokenizer => "توکن‌ساز باز نمی‌شود",
        FaultKind::ChatTemplate => "قالب گفت‌وگو به کار نمی‌آید",
    }
}

/// Toast.
pub fn deleted(name: &str, n_bytes: u64) -> String {
    format!(
        "«{}» حذف شد و {} آزاد شد.",
        isolate(name),
        number::bytes(n_bytes)
    )
}
