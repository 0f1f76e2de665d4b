//! Words of the page that compares runs.

use super::common::{self, count};
use super::training::{large, rate};
use crate::pages::training::compare::tables::{Axis, Curve};
use amoozgar_text::{bidi::isolate, number};
use amoozgar_types::compare::ComparedRun;
use amoozgar_types::spec::{BaseStorage, Dtype, Method, OptimizerKind, ScheduleKind};

/// Page.
pub const TITLE: &str = "مقایسهٔ اجراها";
/// Page.
pub const SUBTITLE: &str = "منحنی‌ها، تنظیمات و نوشته‌های چند اجرا در کنار هم";
/// Leads back.
pub const BACK: &str = "بازگشت به فهرست اجراها";
/// Too few are chosen.
pub const NONE_TITLE: &str = "اجرایی برای مقایسه انتخاب نشده است";
/// Too few are chosen.
pub const NONE_TEXT: &str =
    "در فهرست اجراها، دو اجرا یا بیشتر را علامت بزنید و دکمهٔ «مقایسه» را بزنید.";
/// Leads to the list.
pub const TO_LIST: &str = "رفتن به فهرست اجراها";
/// Card.
pub const CHART: &str = "منحنی‌ها";
/// Choice.
pub const CURVE: &str = "کدام زیان";
/// The curves.
pub const CURVES: [&str; 3] = [
    "زیان اعتبارسنجی",
    "زیان آموزش، هموار",
    "زیان آموزش، همهٔ نقطه‌ها",
];
/// Choice.
pub const AXIS: &str = "محور افقی";
/// The axes.
pub const AXES: [&str; 3] = ["بر حسب گام", "بر حسب زمان", "بر حسب توکن"];
/// Axis.
pub const AXIS_STEP: &str = "گام";
/// Axis.
pub const AXIS_TIME: &str = "زمان آموزش";
/// Axis.
pub const AXIS_TOKENS: &str = "توکن";
/// Nothing to draw.
pub const NO_POINTS: &str = "هنوز نقطه‌ای برای کشیدن نیست";
/// Nothing to draw.
pub const NO_POINTS_TEXT: &str =
    "این اجراها در این زیان چیزی ثبت نکرده‌اند؛ زیان دیگری را انتخاب کنید.";
/// Button.
pub const EXPORT_PNG: &str = "تصویر PNG";
/// Button.
pub const EXPORT_SVG: &str = "نگارهٔ SVG";
/// Button.
pub const EXPORT_CSV: &str = "جدول CSV";
/// The system's dialog.
pub const EXPORT_TITLE: &str = "ذخیرهٔ مقایسه";
/// The name that the dialog offers.
pub const FILE_NAME: &str = "مقایسهٔ اجراها";
/// Card.
pub const MEASURES: &str = "اندازه‌های نهایی";
/// Card.
pub const SETTINGS: &str = "تنظیمات";
/// Switch.
pub const SHOW_ALL: &str = "نمایش همهٔ تنظیمات";
/// Switch.
pub const SHOW_ALL_HELP: &str = "وگرنه فقط آنچه در این اجراها فرق دارد نشان داده می‌شود.";
/// No difference.
pub const NO_DIFFERENCES: &str = "تنظیمات این اجراها یکسان است.";
/// Card.
pub const SAMPLES: &str = "نوشته‌ها در کنار هم";
/// No samples.
pub const NO_SAMPLES: &str = "هیچ‌یک از این اجراها هنوز نمونه‌ای ننوشته است.";
/// Column head.
pub const WHAT: &str = "مورد";
/// The lowest of a row, for screen readers.
pub const BEST: &str = "بهترین";
/// No text for a prompt.
pub const NO_TEXT: &str = "نمونه‌ای برای این آغاز نیست.";
/// In the list.
pub const COMPARE: &str = "مقایسه";
/// In the list.
pub const CLEAR_CHOICE: &str = "برداشتن علامت‌ها";

/// In the list: a row's box.
pub fn choose(name: &str) -> String {
    format!("انتخاب «{}» برای مقایسه", isolate(name))
}

/// In the list: how many are chosen.
pub fn chosen(n: usize, most: usize) -> String {
    match n {
        1 => "یک اجرا انتخاب شده است؛ دست‌کم یکی دیگر را هم علامت بزنید.".to_owned(),
        n if n >= most => format!(
            "{} اجرا انتخاب شده است؛ بیش از این نمی‌شود.",
            count(n as u64)
        ),
        n => format!("{} اجرا انتخاب شده است.", count(n as u64)),
    }
}

/// Toast.
pub fn saved(path: &str) -> String {
    format!("ذخیره شد: {}", isolate(path))
}

/// A kind of file, in the system's dialog.
pub fn file_kind(ending: &str) -> String {
    match ending {
        "png" => "تصویر (PNG)".to_owned(),
        "svg" => "نگارهٔ برداری (SVG)".to_owned(),
        _ => "جدول (CSV)".to_owned(),
    }
}

/// The title of an exported drawing.
pub fn title_of(curve: Curve, axis: Axis) -> String {
    let curve = CURVES[curve as usize % 3];
    let axis = AXES[axis as usize % 3];
    format!("{curve} {axis}")
}

/// A tick of the time axis: minutes and seconds, or hours and minutes.
pub fn tick_time(seconds: f64) -> String {
    let total = seconds.max(0.0).round() as u64;
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60);
    let text = if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes}:{rest:02}")
    };
    number::digits(&text)
}

/// A tick of the token axis.
pub fn tick_tokens(tokens: f64) -> String {
    large(tokens.max(0.0) as u64)
}

/// A value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Persian words and digits.
    Words(String),
    /// A name of the field, a rate, a path: Latin.
    Code(String),
}

/// A row of a table over the runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is.
    pub label: &'static str,
    /// One value per run.
    pub values: Vec<Value>,
    /// The index of the best run, where less or more is better; none where another is shown as good.
    pub best: Option<usize>,
}

impl Row {
    /// Whether some run differs from the others.
    pub fn differs(&self) -> bool {
        self.values
            .windows(2)
            .any(|pair| pair.first() != pair.last())
    }
}

/// What came out of each run.
pub fn measures(runs: &[ComparedRun]) -> Vec<Row> {
    let best_loss = |run: &ComparedRun| run.best.map(|best| best.val_loss);
    let bits = |run: &ComparedRun| run.best.map(|best| best.bits_per_byte);
    let speed =
        |run: &ComparedRun| (run.elapsed_s > 0.0).then(|| run.n_tokens as f64 / run.elapsed_s);
    let row = |label, values: &dyn Fn(&ComparedRun) -> String, best: Option<usize>| {
        let values: Vec<_> = runs.iter().map(|run| Value::Words(values(run))).collect();
        Row {
            label,
            best: best.filter(|&best| alone(&values, best)),
            values,
        }
    };
    let dash = || common::NONE_YET.to_owned();
    vec![
        row(
            "وضعیت",
            &|run| common::status(run.job.status).to_owned(),
            None,
        ),
        row(
            "کمترین زیان اعتبارسنجی",
            &|run| best_loss(run).map_or_else(dash, |value| number::format_decimal(value, 3)),
            lowest(runs, best_loss),
        ),
        row(
            "بیت بر بایت",
            &|run| bits(run).map_or_else(dash, |value| number::format_decimal(value, 3)),
            lowest(runs, bits),
        ),
        row(
            "در گام",
            &|run| run.best.map_or_else(dash, |best| count(best.step)),
            None,
        ),
        row(
            "زیان آموزش",
            &|run| common::loss_or_dash(run.job.loss),
            None,
        ),
        row("گام‌ها", &|run| count(run.job.step), None),
        row("توکن‌های خوانده‌شده", &|run| large(run.n_tokens), None),
        row("زمان آموزش", &|run| number::duration(run.elapsed_s), None),
        row(
            "سرعت (توکن در ثانیه)",
            &|run| speed(run).map_or_else(dash, |value| number::format_decimal(value, 0)),
            lowest(runs, |run| speed(run).map(|value| -value)),
        ),
        row("وزن‌ها", &|run| large(run.job.n_parameters), None),
    ]
}

/// Whether no other run is shown with the same value: what rounding makes equal is equal to a reader.
fn alone(values: &[Value], index: usize) -> bool {
    let mut others = values.iter().enumerate().filter(|(at, _)| *at != index);
    others.all(|(_, value)| Some(value) != values.get(index))
}

fn lowest(runs: &[ComparedRun], value: impl Fn(&ComparedRun) -> Option<f64>) -> Option<usize> {
    let known: Vec<(usize, f64)> = runs
        .iter()
        .enumerate()
        .filter_map(|(index, run)| Some((index, value(run)?)))
        .collect();
    (known.len() > 1)
        .then(|| known.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)))
        .flatten()
        .map(|(index, _)| index)
}

/// What each run was asked to do.
pub fn settings(runs: &[ComparedRun]) -> Vec<Row> {
    let words = |label, value: &dyn Fn(&ComparedRun) -> String| Row {
        label,
        values: runs.iter().map(|run| Value::Words(value(run))).collect(),
        best: None,
    };
    let code = |label, value: &dyn Fn(&ComparedRun) -> String| Row {
        label,
        values: runs.iter().map(|run| Value::Code(value(run))).collect(),
        best: None,
    };
    let n = |value: usize| count(value as u64);
    let own = |value: Option<u64>| value.map_or_else(|| "خودکار".to_owned(), count);
    vec![
        words("مجموعه‌داده", &|run| {
            run.job.dataset_name.clone()
        }),
        words("روش", &|run| {
            super::methods::name(run.spec.task, run.spec.method).to_owned()
        }),
        code("مدل پایه", &|run| {
            let base = run.job.base_name.clone().or(run.spec.base_model.clone());
            base.unwrap_or_else(|| common::NONE_YET.to_owned())
        }),
        words("اندازه", &|run| {
            common::preset(run.job.preset).to_owned()
        }),
        words("لایه‌ها", &|run| n(run.spec.model.n_layers)),
        words("پهنای مدل", &|run| n(run.spec.model.d_model)),
        words("سرهای توجه", &|run| n(run.spec.model.n_heads)),
        words("سرهای کلید و مقدار", &|run| {
            n(run.spec.model.n_kv_heads)
        }),
        words("پهنای لایهٔ میانی", &|run| {
            n(run.spec.model.d_ff)
        }),
        words("طول زمینه", &|run| n(run.spec.model.context_length)),
        words("واژگان", &|run| n(run.spec.tokenizer.vocab_size)),
        words("دوره‌ها", &|run| count(run.spec.optimizer.epochs)),
        words("اندازهٔ دسته", &|run| {
            n(run.spec.optimizer.batch_size)
        }),
        words("ریزدسته", &|run| {
            own(run.spec.optimizer.micro_batch.map(|size| size as u64))
        }),
        code("نرخ یادگیری", &|run| rate(run.spec.optimizer.lr)),
        words("برنامهٔ نرخ یادگیری", &|run| {
            schedule(run.spec.optimizer.schedule).to_owned()
        }),
        words("گام‌های گرم‌سازی", &|run| {
            own(run.spec.optimizer.warmup_steps)
        }),
        code("کمترین نسبت نرخ", &|run| {
            rate(run.spec.optimizer.min_lr_ratio)
        }),
        code("بهینه‌ساز", &|run| {
            optimizer(run.spec.optimizer.kind).to_owned()
        }),
        code("کاهش وزن", &|run| {
            rate(run.spec.optimizer.weight_decay)
        }),
        code("بتای نخست", &|run| rate(run.spec.optimizer.beta1)),
        code("بتای دوم", &|run| rate(run.spec.optimizer.beta2)),
        code("برش گرادیان", &|run| {
            rate(run.spec.optimizer.grad_clip)
        }),
        code("دقت عددی", &|run| dtype(run.spec.dtype).to_owned()),
        words("رتبهٔ آداپتور", &|run| {
            if run.spec.method == Method::Lora {
                n(run.spec.lora.rank)
            } else {
                common::NONE_YET.to_owned()
            }
        }),
        code("وزن‌های پایه", &|run| {
            match (run.spec.method, run.spec.lora.base) {
                (Method::Lora, BaseStorage::Q8) => "Q8_0",
                (Method::Lora, BaseStorage::Q4) => "Q4_0",
                (Method::Lora, BaseStorage::File) => "GGUF",
                (Method::Lora, BaseStorage::Dtype) => dtype(run.spec.dtype),
                _ => common::NONE_YET,
            }
            .to_owned()
        }),
        words("توقف زودهنگام", &|run| {
            run.spec.evaluation.patience.map_or_else(
                || "خاموش".to_owned(),
                |n| format!("پس از {} اعتبارسنجی بی‌بهبود", count(n)),
            )
        }),
        words("بذر تصادفی", &|run| {
            number::digits(&run.spec.seed.to_string())
        }),
        words("ریسه‌ها", &|run| {
            run.spec.threads.map_or_else(|| "همهٔ هسته‌ها".to_owned(), n)
        }),
    ]
}

fn schedule(schedule: ScheduleKind) -> &'static str {
    match schedule {
        ScheduleKind::Cosine => "کسینوسی",
        ScheduleKind::Linear => "خطی",
        ScheduleKind::Constant => "ثابت",
    }
}

fn optimizer(kind: OptimizerKind) -> &'static str {
    match kind {
        OptimizerKind::AdamW => "AdamW",
        OptimizerKind::AdamW8bit => "AdamW 8-bit",
        OptimizerKind::Adafactor => "Adafactor",
    }
}

fn dtype(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::F32 => "f32",
        Dtype::Bf16 => "bf16",
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Value, alone, chosen, tick_time};

    #[test]
    fn a_row_differs_as_soon_as_one_run_does() {
        let row = |values: &[&str]| Row {
            label: "",
            values: values
                .iter()
                .map(|text| Value::Code((*text).to_owned()))
                .collect(),
            best: None,
        };
        assert!(!row(&["1", "1", "1"]).differs(), "all the same");
        assert!(row(&["1", "1", "2"]).differs(), "the last one");
        assert!(!row(&["1"]).differs(), "one run has nothing to differ from");
    }

    #[test]
    fn of_values_that_read_the_same_none_is_the_best() {
        let values = ["۱٬۲۰۰", "۱٬۱۰۰", "۱٬۲۰۰"].map(|text| Value::Words(text.to_owned()));
        assert!(!alone(&values, 0), "the third is as fast");
        assert!(alone(&values, 1), "nobody else is");
    }

    #[test]
    fn times_are_read_as_a_clock_in_persian_digits() {
        assert_eq!(tick_time(65.0), "۱:۰۵", "minutes and seconds");
        assert_eq!(tick_time(3_725.0), "۱:۰۲:۰۵", "hours too");
    }

    #[test]
    fn the_choice_says_when_it_is_too_few_or_full() {
        assert!(chosen(1, 6).contains("دست‌کم"), "one is too few");
        assert!(chosen(6, 6).contains("بیش از این"), "six are all");
    }
}
