//! Words of conversations.

use super::common::count;
use super::downloads::percent;
use amoozgar_text::bidi::isolate;
use amoozgar_text::number;

/// Page.
pub const TITLE: &str = "گفت‌وگو";
/// A conversation without a name.
pub const UNNAMED: &str = "گفت‌وگوی تازه";
/// Button, action of the palette.
pub const NEW: &str = "گفت‌وگوی تازه";
/// Other words for it.
pub const NEW_ALSO: &str = "چت پرسش پاسخ حرف زدن با مدل";
/// The list, for screen readers and as its heading.
pub const LIST: &str = "گفت‌وگوها";
/// Field.
pub const SEARCH: &str = "جست‌وجو در گفت‌وگوها";
/// Field.
pub const SEARCH_PLACEHOLDER: &str = "جست‌وجو در عنوان و متن…";
/// The list is empty.
pub const NONE_YET: &str = "هنوز گفت‌وگویی نیست.";
/// Nothing was found.
pub const NONE_FOUND: &str = "گفت‌وگویی با این متن پیدا نشد.";
/// Before the first message.
pub const BEGIN_TITLE: &str = "با مدل حرف بزنید";
/// Before the first message.
pub const BEGIN_TEXT: &str = "پرسشی بنویسید و Enter را بزنید. همه‌چیز روی همین رایانه می‌ماند.";
/// There is no model.
pub const NO_MODEL_TITLE: &str = "هنوز مدلی نیست که با آن حرف بزنید";
/// There is no model.
pub const NO_MODEL_TEXT: &str =
    "مدلی از مخزن بگیرید، مدلی را که دارید وارد کنید، یا خودتان یکی آموزش دهید.";
/// Action.
pub const GET_MODEL: &str = "رفتن به مخزن مدل‌ها";
/// Action.
pub const TRAIN_MODEL: &str = "آموزش تازه";
/// Field.
pub const MODEL: &str = "مدل";
/// Field.
pub const SECOND_MODEL: &str = "مدل دوم";
/// A model that is gone.
pub const MODEL_GONE: &str = "دیگر روی این رایانه نیست";
/// Field.
pub const CHECKPOINT: &str = "نقطهٔ ذخیره";
/// Field.
pub const FINAL: &str = "نهایی یا بهترین";
/// Field.
pub const ADAPTER: &str = "آداپتور";
/// Field.
pub const NO_ADAPTER: &str = "بی‌آداپتور";
/// Switch.
pub const COMPARE: &str = "مقایسهٔ پایه و تنظیم‌شده";
/// Fold.
pub const SETTINGS: &str = "تنظیم‌های پاسخ";
/// Field.
pub const SYSTEM: &str = "دستور آغازین";
/// Field.
pub const SYSTEM_HELP: &str =
    "پیش از هر گفت‌وگو به مدل گفته می‌شود؛ مدلی که آن را نیاموخته باشد به آن توجه نمی‌کند.";
/// Field.
pub const SYSTEM_PLACEHOLDER: &str = "برای نمونه: کوتاه و دوستانه پاسخ بده.";
/// Field.
pub const MAX_TOKENS: &str = "بلندترین پاسخ";
/// Field.
pub const TEMPERATURE: &str = "دما";
/// Field.
pub const TOP_K: &str = "چند توکن محتمل";
/// Field.
pub const TOP_P: &str = "سهم احتمال";
/// Field.
pub const MIN_P: &str = "کمترین سهم";
/// Field.
pub const REPETITION_PENALTY: &str = "جریمهٔ تکرار";
/// Field.
pub const SEED: &str = "بذر تصادفی";
/// Field that may be empty.
pub const UNLIMITED: &str = "بی‌محدودیت";
/// Field that may be empty.
pub const EVERY_TIME: &str = "هر بار تازه";
/// Field, for screen readers.
pub const COMPOSE: &str = "پیام شما";
/// Field.
pub const COMPOSE_PLACEHOLDER: &str = "پیام خود را بنویسید…";
/// Below the field.
pub const COMPOSE_HELP: &str = "Enter می‌فرستد و Shift+Enter سطر تازه می‌سازد.";
/// Button.
pub const SEND: &str = "فرستادن";
/// Button.
pub const STOP: &str = "توقف";
/// Button.
pub const REGENERATE: &str = "پاسخی دیگر";
/// Button.
pub const COPY: &str = "رونوشت پاسخ";
/// Button.
pub const RENAME: &str = "تغییر نام";
/// Dialog.
pub const RENAME_TITLE: &str = "نام گفت‌وگو";
/// Field.
pub const NAME: &str = "نام";
/// Field.
pub const NAME_ERROR: &str = "نامی با ۱ تا ۱۲۰ نویسه بنویسید.";
/// Button.
pub const SAVE: &str = "ذخیره";
/// Button.
pub const DELETE: &str = "حذف گفت‌وگو";
/// Question.
pub const DELETE_TITLE: &str = "این گفت‌وگو حذف شود؟";
/// Who wrote a message, for screen readers.
pub const YOU: &str = "شما";
/// Who wrote a message, where the model's name is not known.
pub const ASSISTANT: &str = "مدل";
/// An answer that has not begun.
pub const IN_LINE: &str = "در نوبت است…";
/// An answer that has not begun.
pub const WAITING: &str = "متن دیگری نوشته می‌شود؛ نوبت این پاسخ پس از آن است…";
/// An answer that has not begun.
pub const LOADING: &str = "مدل به حافظه می‌آید…";
/// An answer that has not begun.
pub const READING: &str = "مدل گفت‌وگو را می‌خواند…";
/// An answer that was ended.
pub const STOPPED: &str = "پیش از پایان متوقف شد.";
/// An answer that was cut.
pub const CUT: &str = "به بلندترین طول پاسخ رسید.";
/// An answer of which nothing came.
pub const SILENT: &str = "مدل چیزی ننوشت.";
/// The model has no template.
pub const PLAIN_TEMPLATE: &str =
    "این مدل قالب گفت‌وگو ندارد؛ پیام‌ها به شکل سادهٔ پرسش و پاسخ به آن داده می‌شوند.";
/// Leads to the end.
pub const TO_END: &str = "رفتن به پایان گفت‌وگو";
/// A block of code, for screen readers.
pub const CODE: &str = "کد";
/// A table, for screen readers.
pub const TABLE: &str = "جدول";
/// The messages, for screen readers.
pub const MESSAGES: &str = "پیام‌ها";

/// «نقطهٔ گام ۵۰۰، بهترین»
pub fn checkpoint(step: u64, is_best: bool) -> String {
    let best = if is_best { "، بهترین" } else { "" };
    format!("گام {}{best}", count(step))
}

/// How large a model is, beside its name.
pub fn model(name: &str, size_bytes: Option<u64>, is_trained: bool) -> String {
    let size = size_bytes.map(number::bytes);
    let kind = is_trained.then_some("آموزش‌دیده");
    let facts: Vec<&str> = kind.into_iter().chain(size.as_deref()).collect();
    if facts.is_empty() {
        return isolate(name);
    }
    format!("{} — {}", isolate(name), facts.join("، "))
}

/// «۱۲۰ توکن، ۳۵ توکن در ثانیه»
pub fn facts(n_tokens: u32, tokens_per_s: Option<f64>) -> String {
    let made = format!("{} توکن", count(n_tokens.into()));
    match tokens_per_s {
        Some(speed) => {
            let digits = usize::from(speed < 100.0);
            format!(
                "{made}، {} توکن در ثانیه",
                number::format_decimal(speed, digits)
            )
        }
        None => made,
    }
}

/// Messages that the model does not see any more.
pub fn left_out(n: u32) -> String {
    format!(
        "{} پیام نخست در طول زمینهٔ مدل جا نشد و در این پاسخ دیده نشده است.",
        count(n.into())
    )
}

/// How far a model is loaded.
pub fn loading(share: f64) -> String {
    if share > 0.0 {
        format!("مدل به حافظه می‌آید… {}", percent(share * 100.0))
    } else {
        LOADING.to_owned()
    }
}

/// Question.
pub fn delete_text(title: &str) -> String {
    format!(
        "«{}» با همهٔ پیام‌هایش پاک می‌شود و برنمی‌گردد.",
        isolate(title)
    )
}

/// Toast.
pub fn deleted(title: &str) -> String {
    format!("«{}» حذف شد.", isolate(title))
}

/// «از ۱ تا ۸۱۹۲»
pub fn range(least: f64, most: f64, decimals: u8) -> String {
    let shown = |value: f64| number::format_decimal(value, decimals.into());
    format!("از {} تا {}", shown(least), shown(most))
}
