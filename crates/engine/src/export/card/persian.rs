//! The card's half in Persian. Latin names and numbers of settings stand in code spans, which keep their
//! direction; lines of code are in the English half, to which this one leads.

use super::{Facts, Shown, optimizer_name, targets};
use crate::model;
use amoozgar_text::number::{format_decimal, format_integer, to_persian_digits};
use amoozgar_types::event::ValidationRecord;
use amoozgar_types::spec::{Method, ScheduleKind, Task};
use std::fmt::Write as _;

/// The whole half.
pub(super) fn half(facts: &Facts<'_>) -> String {
    let mut out = format!("## این مدل چیست\n\n{}\n\n{}", origin(facts), shape(facts));
    let _ = write!(
        out,
        "\n## چگونه آموزش دیده است\n\n{}{}",
        training(facts),
        held_out(facts)
    );
    let _ = write!(out, "\n## چگونه به کار می‌رود\n\n{}", usage(facts));
    let _ = write!(out, "\n## محدودیت‌ها\n\n{}", limits(facts));
    out
}

fn count(n: u64) -> String {
    to_persian_digits(&format_integer(i64::try_from(n).unwrap_or(i64::MAX)))
}

fn decimal(value: f64) -> String {
    to_persian_digits(&format_decimal(value, 4))
}

fn origin(facts: &Facts<'_>) -> String {
    let spec = facts.card.spec;
    let base = facts.base.as_ref().map_or("", |base| base.name.as_str());
    let does = match (spec.task, facts.card.conversations.is_some()) {
        (Task::SequenceClassification, _) => "متن‌ها را دسته‌بندی می‌کند",
        (Task::CausalLm, true) => "در گفت‌وگو پاسخ می‌دهد",
        (Task::CausalLm, false) => "متن را ادامه می‌دهد",
    };
    match (facts.shown, spec.method) {
        (Shown::Adapter, _) => {
            format!("یک آداپتور LoRA روی مدل `{base}` که {does}. وزن‌های خود مدل در این پوشه نیست.")
        }
        (_, Method::Scratch) => {
            format!("مدلی که {does}. وزن‌ها و واژگانش از صفر با همین متن ساخته شده‌اند.")
        }
        (_, Method::Full) => format!("مدل `{base}` که آموزش همهٔ وزن‌هایش ادامه یافته است و {does}."),
        (_, Method::Lora) => format!(
            "مدل `{base}` که یک آداپتور LoRA در وزن‌هایش ادغام شده است و {does}. خود آداپتور در پوشهٔ `adapter` است."
        ),
    }
}

fn shape(facts: &Facts<'_>) -> String {
    let config = facts.config;
    let n = |n: usize| count(n as u64);
    format!(
        "| چه | مقدار |\n|---|---|\n| خانواده | `{}` |\n| شمار وزن‌ها | {} |\n| لایه‌ها | {} |\n\
         | واژگان | {} توکن |\n| پنجرهٔ متن | {} توکن |\n",
        config.architecture.model_type(),
        count(model::n_parameters(config)),
        n(config.num_hidden_layers),
        n(config.vocab_size),
        n(config.max_position_embeddings),
    )
}

fn training(facts: &Facts<'_>) -> String {
    let (card, spec) = (facts.card, facts.card.spec);
    let optimizer = &spec.optimizer;
    let mut out = format!(
        "با آموزگار، روی یک کامپیوتر.\n\n| چه | مقدار |\n|---|---|\n| داده | {} |\n",
        facts.dataset
    );
    if let Some(read) = card.conversations {
        let _ = write!(
            out,
            "| گفت‌وگوها | {}، و {} گفت‌وگوی کنارگذاشته |\n| پاسخ‌های آموخته | {}، با {} توکن |\n",
            count(read.n_train),
            count(read.n_validation),
            count(read.n_answers),
            count(read.n_answer_tokens)
        );
    }
    let _ = write!(
        out,
        "| متن آموزش | {} توکن، پس از یکدست‌سازی |\n| گام‌ها | {} گام، هر یک با {} دنباله{} |\n\
         | درازای هر دنباله | حداکثر {} توکن |\n| بهینه‌ساز | `{}`، با کاهش وزن `{}` |\n\
         | نرخ یادگیری | `{}`، {} |\n| بذر | `{}` |\n",
        count(card.n_train_tokens),
        count(card.total_steps),
        count(optimizer.batch_size as u64),
        if card.early_stopped {
            "؛ زودتر متوقف شد"
        } else {
            ""
        },
        count(spec.model.context_length as u64),
        optimizer_name(optimizer.kind),
        optimizer.weight_decay,
        optimizer.lr,
        match optimizer.schedule {
            ScheduleKind::Cosine => "کسینوسی",
            ScheduleKind::Linear => "خطی",
            ScheduleKind::Constant => "ثابت",
        },
        spec.seed,
    );
    if spec.method == Method::Lora {
        let lora = &spec.lora;
        let on = targets(spec).map_or_else(
            || "همهٔ نگاشت‌های لایه‌ها".to_owned(),
            |targets| format!("`{targets}`"),
        );
        let _ = writeln!(
            out,
            "| LoRA | رتبهٔ `{}`، آلفای `{}`، دراپ‌اوت `{}`، روی {on} |",
            lora.rank, lora.alpha, lora.dropout
        );
    }
    out
}

fn held_out(facts: &Facts<'_>) -> String {
    let mut out = String::new();
    if let (Some(first), Some(best)) = (facts.card.first, facts.card.best)
        && first.step < best.step
    {
        let _ = writeln!(
            out,
            "| خطا روی متن کنارگذاشته در آغاز | {} |",
            measured(first)
        );
    }
    if let Some(best) = facts.card.best {
        let _ = writeln!(
            out,
            "| خطای این مدل روی متن کنارگذاشته | {} |",
            measured(best)
        );
        if let Some(scores) = &best.classes {
            let _ = writeln!(
                out,
                "| دقت، و F1 میانگین | {}، {}؛ اگر همیشه پرشمارترین دسته گفته شود {} |",
                decimal(scores.accuracy),
                decimal(scores.macro_f1),
                decimal(scores.majority_accuracy)
            );
        }
    }
    out
}

fn measured(record: &ValidationRecord) -> String {
    let loss = decimal(record.val_loss.finite().unwrap_or(f64::NAN));
    let step = count(record.step);
    match record.classes {
        Some(_) => format!("{loss} نات در هر متن، در گام {step}"),
        None => format!(
            "{loss} نات در هر توکن، {} بیت در هر بایت، در گام {step}",
            decimal(record.bits_per_byte)
        ),
    }
}

fn usage(facts: &Facts<'_>) -> String {
    let spec = facts.card.spec;
    let mut out =
        "متن باید یکدست شده باشد؛ فرمان `amoozgar dataset normalize` همین کار را می‌کند. کدها در بخش انگلیسی بالا آمده‌اند.\n\n"
            .to_owned();
    if spec.task == Task::SequenceClassification {
        let _ = writeln!(
            out,
            "- با کتابخانهٔ `transformers`؛ دسته‌ها: {}",
            facts.config.labels.join("، ")
        );
        return out;
    }
    if facts.shown == Shown::Model {
        out += "- با کتابخانهٔ `transformers`، از همین پوشه.\n";
    }
    if spec.method == Method::Lora {
        out += "- با کتابخانهٔ `peft`، آداپتور روی مدل پایه.\n";
    }
    if spec.method != Method::Scratch && facts.shown == Shown::Model {
        out += "- با `llama.cpp` و `Ollama`، پس از خروجی گرفتن به شکل GGUF.\n";
    }
    out
}

fn limits(facts: &Facts<'_>) -> String {
    let mut out = format!(
        "- فقط با متن کنارگذاشتهٔ {} سنجیده شده است و با چیز دیگری نه.\n\
         - درستی نوشته‌هایش، بی‌زیان بودنشان و نبودن دادهٔ شخصی در آن‌ها بررسی نشده است.\n",
        facts.dataset
    );
    match &facts.base {
        None => {}
        Some(base) => {
            match &base.licence {
                Some(licence) => {
                    let _ = writeln!(
                        out,
                        "- مجوز مدل پایه `{licence}` است و شرط‌هایش برای این مدل هم برقرار است."
                    );
                }
                None => out += "- مجوز مدل پایه نامشخص است.\n",
            }
            out += "- کاستی‌های مدل پایه شاید در این مدل هم باشد.\n";
        }
    }
    out
}
