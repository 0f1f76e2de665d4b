//! Words of the new-run form's card of conversations.

use super::common::count;
use amoozgar_text::bidi::isolate;
use amoozgar_types::dataset::{FaultCount, Field, Guess, RowFault, Shape};

/// Card.
pub const TITLE: &str = "گفت‌وگوها";
/// While the rows are read.
pub const LOADING: &str = "ردیف‌ها خوانده می‌شوند…";
/// Hint.
pub const CHOOSE_BASE: &str = "مدلی برگزینید تا ببینید از این گفت‌وگوها چه می‌آموزد.";
/// A fresh model learns no conversations.
pub const NEEDS_BASE: &str =
    "گفت‌وگو را مدلی آماده می‌آموزد: یکی از راه‌های تنظیم یا ادامهٔ آموزش را انتخاب کنید.";
/// Nothing is known of the columns.
pub const UNKNOWN: &str = "از نام ستون‌ها پیدا نیست کدام پرسش است و کدام پاسخ؛ خودتان بگویید.";
/// Summary.
pub const COLUMNS: &str = "ستون‌ها";
/// Select.
pub const SHAPE: &str = "هر ردیف چیست";
/// Option.
pub const NO_COLUMN: &str = "هیچ‌کدام";
/// Choice.
pub const SUPERVISE: &str = "کدام پاسخ‌ها آموخته شوند";
/// Option.
pub const ALL: &str = "همهٔ پاسخ‌ها";
/// Option.
pub const LAST: &str = "تنها پاسخ آخر";
/// Choice.
pub const THINKING: &str = "فکر کردنِ پیش از پاسخ";
/// Option.
pub const THINKING_LEARNT: &str = "آموخته شود";
/// Option.
pub const THINKING_READ: &str = "تنها خوانده شود";
/// Warning.
pub const UNTHOUGHT: &str =
    "قالب گفت‌وگوی این مدل فکر کردنِ پیش از بعضی پاسخ‌ها را نمی‌نویسد؛ مدل آن‌ها را نمی‌آموزد.";
/// Legend.
pub const READ: &str = "خوانده می‌شود";
/// Legend.
pub const LEARNT: &str = "آموخته می‌شود";
/// Legend.
pub const CUT: &str = "بیرون از طول زمینه";

/// A shape, for the web view.
pub fn shape_value(shape: Shape) -> &'static str {
    shape.as_str()
}

/// A shape.
pub fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "متن",
        Shape::Messages => "فهرست پیام‌ها (role و content)",
        Shape::Sharegpt => "فهرست پیام‌ها (from و value)",
        Shape::Alpaca => "دستور، ورودی و خروجی",
        Shape::PromptCompletion => "پرسش و پاسخ",
        Shape::Preference => "ترجیح: پاسخ بهتر و پاسخ بدتر",
    }
}

/// A part of a row.
pub fn field(field: Field) -> &'static str {
    match field {
        Field::Messages => "پیام‌ها",
        Field::System => "پیام سیستم",
        Field::Instruction => "دستور",
        Field::Input => "ورودی",
        Field::Output => "خروجی",
        Field::Prompt => "پرسش",
        Field::Completion => "پاسخ",
        Field::Chosen => "پاسخ بهتر",
        Field::Rejected => "پاسخ بدتر",
    }
}

/// What the rows were taken for, and why.
pub fn taken_for(guess: &Guess) -> String {
    if !guess.shape.has_messages() {
        return "این مجموعه‌داده متن ساده است.".to_owned();
    }
    let columns: Vec<String> = guess
        .mapping
        .values()
        .map(|column| format!("«{}»", isolate(column)))
        .collect();
    if columns.is_empty() {
        return format!("هر ردیف: {}.", shape(guess.shape));
    }
    format!(
        "هر ردیف: {}؛ از ستون {}.",
        shape(guess.shape),
        columns.join(" و ")
    )
}

/// Legend, of pairs.
pub const PREFERRED: &str = "محتمل‌تر می‌شود";
/// Legend, of pairs.
pub const AVOIDED: &str = "نامحتمل‌تر می‌شود";
/// Above a row that ends with the better answer.
pub const CHOSEN: &str = "پاسخ بهتر";
/// Above a row that ends with the worse answer.
pub const REJECTED: &str = "پاسخ بدتر";
/// Above a row.
pub fn row(line: u64, n_tokens: &str) -> String {
    format!("سطر {} · {n_tokens} توکن", count(line))
}

/// Rows that are not learnt.
pub fn fault(found: &FaultCount) -> String {
    let value = found.value.as_deref().unwrap_or_default();
    let value = format!("«{}»", isolate(value));
    let why = match found.fault {
        RowFault::Unreadable => "خوانده نمی‌شود".to_owned(),
        RowFault::Empty => "خالی است".to_owned(),
        RowFault::MissingField => format!("بخش {value} را ندارد"),
        RowFault::WrongType => format!("بخش {value} نه متن است و نه فهرست پیام‌ها"),
        RowFault::UnknownRole => format!("نقش {value} را نمی‌شناسیم"),
        RowFault::EmptyAnswer => "پاسخ خالی دارد".to_owned(),
        RowFault::NoAnswer => "پاسخی از دستیار ندارد".to_owned(),
        RowFault::Refused => format!("در الگوی گفت‌وگوی مدل نمی‌گنجد: {value}"),
        RowFault::TooLong => "پاسخش از طول زمینه بیرون است".to_owned(),
        RowFault::SameAnswers => "پاسخ بهتر و بدترش یکی است".to_owned(),
        RowFault::PromptsDiffer => "دو پاسخش دنبالهٔ یک گفت‌وگو نیستند".to_owned(),
    };
    let lines: Vec<String> = found.lines.iter().map(|line| count(*line)).collect();
    format!(
        "{} ردیف آموخته نمی‌شود، چون {why} (سطر {}).",
        count(found.n_rows),
        lines.join("، ")
    )
}
