//! Words of the help. The guide itself is in docs/guide, a file per chapter.

use super::common::count;

/// A chapter of the guide.
pub struct Chapter {
    /// Its file in docs/guide, without `.md`.
    pub slug: &'static str,
    /// Its title, as the file has it.
    pub title: &'static str,
}

const fn chapter(slug: &'static str, title: &'static str) -> Chapter {
    Chapter { slug, title }
}

/// The chapters, in reading order.
pub const CHAPTERS: &[Chapter] = &[
    chapter("first-steps", "نخستین گام‌ها"),
    chapter("preparing-text", "آماده‌کردن متن"),
    chapter("settings", "اندازه و تنظیم‌ها"),
    chapter("reading-curves", "خواندن نمودارها"),
    chapter("pause-resume", "مکث و ادامه"),
    chapter("lora", "تنظیم دقیق و LoRA"),
    chapter("models", "مدل‌ها و دانلود"),
    chapter("chat", "گفت‌وگو با مدل"),
    chapter("troubleshooting", "وقتی چیزی درست پیش نمی‌رود"),
    chapter("profiles", "نمایه‌ها و قفل"),
    chapter("files", "فایل‌ها کجا هستند"),
    chapter("privacy", "حریم خصوصی"),
    chapter("glossary", "واژه‌نامه"),
];

/// The chapter that the interface makes itself, of [`super::parameters`].
pub const PARAMETERS: Chapter = chapter("parameters", "همهٔ تنظیم‌ها، یکی‌یکی");

/// Page.
pub const TITLE: &str = "راهنما";
/// Page.
pub const SUBTITLE: &str = "از نخستین مدل تا خواندن نمودارها؛ همه روی همین رایانه.";
/// For screen readers.
pub const CONTENTS: &str = "فصل‌های راهنما";
/// Field.
pub const SEARCH: &str = "جست‌وجو در راهنما";
/// Field.
pub const SEARCH_PLACEHOLDER: &str = "برای نمونه: نرخ یادگیری";
/// Nothing was found.
pub const NOTHING: &str = "چیزی پیدا نشد";
/// Nothing was found.
pub const NOTHING_TEXT: &str =
    "واژه‌ای کوتاه‌تر یا واژه‌ای دیگر را بیازمایید؛ واژه‌نامه هم شاید کمک کند.";
/// Empties the search.
pub const CLEAR: &str = "پاک کردن جست‌وجو";
/// Leads on.
pub const NEXT: &str = "فصل بعد";
/// A block of code, for screen readers.
pub const CODE: &str = "نمونهٔ کد";

/// «۳ بخش پیدا شد»
pub fn found(n: usize) -> String {
    format!("{} بخش پیدا شد", count(n as u64))
}
