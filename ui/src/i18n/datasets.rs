//! Words of the dataset pages.

use super::common::count;
use amoozgar_text::bidi::{isolate, isolate_ltr};
use amoozgar_types::dataset::{DatasetFormat, DatasetSource, TextEncoding};
use amoozgar_types::ipc::DatasetImported;

/// Page.
pub const TITLE: &str = "مجموعه‌داده‌ها";
/// Page.
pub const SUBTITLE: &str = "متن‌هایی که مدل از آن‌ها می‌آموزد.";
/// Import card.
pub const IMPORT_TITLE: &str = "وارد کردن فایل";
/// Import card.
pub const IMPORT_TEXT: &str = "متن ساده (‎.txt، بندها با یک سطر خالی از هم جدا)، ‎.jsonl با فیلد text، یا گفت‌وگو و پرسش و پاسخ در ‎.jsonl، ‎.json و ‎.csv. فایل را روی پنجره هم می‌توانید رها کنید.";
/// Import card.
pub const PATH: &str = "نشانی فایل";
/// Import card.
pub const PATH_PLACEHOLDER: &str = "/home/sara/poems.txt";
/// Import card.
pub const PATH_NEEDED: &str = "نشانی فایل را بنویسید یا فایل را انتخاب کنید.";
/// Import card.
pub const PICK: &str = "انتخاب فایل";
/// Import card.
pub const IMPORT: &str = "وارد کردن";
/// In the file dialog.
pub const FILTER: &str = "متن";
/// Column.
pub const COLUMN_NAME: &str = "نام";
/// Column.
pub const COLUMN_SOURCE: &str = "منبع";
/// Column.
pub const COLUMN_ROWS: &str = "سند";
/// Column.
pub const COLUMN_SIZE: &str = "حجم";
/// Column.
pub const COLUMN_ADDED: &str = "افزوده‌شده";
/// Column, for screen readers.
pub const COLUMN_ACTIONS: &str = "کارها";
/// Empty list.
pub const EMPTY_TITLE: &str = "هنوز هیچ مجموعه‌داده‌ای نیست";
/// Empty list.
pub const EMPTY_TEXT: &str = "یک فایل متنی وارد کنید تا مدل از آن بیاموزد.";
/// Empty preview.
pub const EMPTY_ROWS_TITLE: &str = "سندی برای نمایش نیست";
/// Button.
pub const NEW_RUN: &str = "آموزش تازه";
/// Button.
pub const DELETE: &str = "حذف مجموعه‌داده";
/// Question.
pub const DELETE_TITLE: &str = "این مجموعه‌داده حذف شود؟";
/// Preview.
pub const ROWS: &str = "نمونهٔ متن‌ها";
/// Preview.
pub const PREVIOUS: &str = "پیشین";
/// Preview.
pub const NEXT: &str = "بعدی";
/// Fact.
pub const FACT_SOURCE: &str = "منبع";
/// Fact.
pub const FACT_FORMAT: &str = "قالب";
/// Fact.
pub const FACT_ROWS: &str = "سند آموزشی";
/// Fact.
pub const FACT_VALIDATION: &str = "سند اعتبارسنجی";
/// Fact.
pub const FACT_SIZE: &str = "حجم";
/// Fact, where the dataset has no validation part of its own.
pub const HELD_OUT_AT_TRAINING: &str = "هنگام آموزش جدا می‌شود";

/// Where it came from.
pub fn source(source: DatasetSource) -> &'static str {
    match source {
        DatasetSource::Bundled => "همراه برنامه",
        DatasetSource::Imported => "واردشده",
    }
}

/// The shape of its file.
pub fn format(format: DatasetFormat) -> &'static str {
    match format {
        DatasetFormat::Txt => "متن ساده",
        DatasetFormat::Jsonl => "JSON Lines",
        DatasetFormat::Json => "JSON",
        DatasetFormat::Csv => "جدول CSV",
    }
}

/// Toast; an encoding that is not today's is said, since it was recognised by the look of the text.
pub fn imported(imported: &DatasetImported) -> String {
    let DatasetImported { dataset, encoding } = imported;
    let (name, n_rows) = (isolate(&dataset.name), count(dataset.n_rows));
    match encoding_note(*encoding) {
        Some(note) => format!("«{name}» با {n_rows} سند وارد شد. {note}"),
        None => format!("«{name}» با {n_rows} سند وارد شد."),
    }
}

/// How a file writes characters, where that is not as nearly all files do.
pub fn encoding_note(encoding: TextEncoding) -> Option<String> {
    let name = match encoding {
        TextEncoding::Utf8 => return None,
        TextEncoding::Utf16Le | TextEncoding::Utf16Be => "UTF-16",
        TextEncoding::Windows1256 => "Windows-1256",
    };
    Some(format!("کدگذاری فایل {} است.", isolate_ltr(name)))
}

/// Toast.
pub fn deleted(name: &str) -> String {
    format!("«{}» حذف شد.", isolate(name))
}

/// Question.
pub fn delete_text(name: &str) -> String {
    format!(
        "رونوشت «{}» از پوشهٔ برنامه پاک می‌شود. فایل اصلی و مدل‌هایی که از آن آموخته‌اند می‌مانند.",
        isolate(name)
    )
}

/// For screen readers.
pub fn delete_label(name: &str) -> String {
    format!("حذف «{}»", isolate(name))
}

/// «۱ تا ۲۰ از ۴۹۵»
pub fn range(first: u64, last: u64, all: u64) -> String {
    format!("{} تا {} از {}", count(first), count(last), count(all))
}
