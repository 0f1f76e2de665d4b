//! Words of what a run trains and from where, and of the settings that most people leave alone.

use super::common::count;
use super::training::large;
use crate::pages::training::form::Goal;
use amoozgar_types::installed::BaseFitness;
use amoozgar_types::job::JobRecord;
use amoozgar_types::spec::{
    BaseStorage, Dtype, Method, OptimizerKind, Packing, ScheduleKind, Task,
};

/// A part of the form.
pub const STEP_METHOD: &str = "چه می‌خواهید بکنید؟";
/// A part of the form.
pub const STEP_BASE: &str = "از کدام مدل ادامه دهد؟";
/// A part of the form.
pub const STEP_LORA: &str = "تنظیمات LoRA";
/// A part of the form, folded.
pub const ADVANCED: &str = "تنظیمات پیشرفته";
/// Below it.
pub const ADVANCED_HELP: &str = "بیشتر وقت‌ها نیازی به تغییر اینها نیست.";
/// None is chosen.
pub const CHOOSE_BASE: &str = "یک مدل پایه برگزینید.";
/// The one that was asked for is not there.
pub const BASE_GONE: &str =
    "مدلی که خواسته بودید دیگر روی این رایانه نیست یا آموزش روی آن ممکن نیست. مدل دیگری برگزینید.";
/// No model at all.
pub const NO_BASES: &str = "هنوز مدلی روی این رایانه نیست";
/// What to do.
pub const NO_BASES_TEXT: &str = "برای تنظیم دقیق به مدلی آماده نیاز است: یکی از فهرست دانلود کنید، یا نخست مدلی از صفر آموزش دهید.";
/// Leads to the catalog.
pub const TO_CATALOG: &str = "دیدن مدل‌های آماده";
/// Shows those that cannot be used.
pub const UNFIT_BASES: &str = "مدل‌هایی که آموزش روی آن‌ها ممکن نیست";
/// Starts a run from a model.
pub const TRAIN_ON_THIS: &str = "آموزش روی این مدل";
/// Starts a run with the settings of another.
pub const RUN_AGAIN: &str = "اجرای دوباره با همین تنظیمات";
/// A row.
pub const METHOD: &str = "روش";
/// A row.
pub const BASE_MODEL: &str = "مدل پایه";

/// What a run does: its task and its method.
pub fn name(task: Task, method: Method) -> &'static str {
    match (task, method) {
        (Task::CausalLm, Method::Scratch) => "از صفر",
        (Task::CausalLm, Method::Full) => "تنظیم دقیق کامل",
        (Task::CausalLm, Method::Lora) => "تنظیم سبک با LoRA",
        (Task::SequenceClassification, Method::Scratch) => "دسته‌بندی متن، از صفر",
        (Task::SequenceClassification, Method::Full) => "دسته‌بندی متن",
        (Task::SequenceClassification, Method::Lora) => "دسته‌بندی متن با LoRA",
    }
}

/// The name of what the form offers.
pub fn goal(goal: Goal) -> &'static str {
    match goal {
        Goal::Continue => "ادامهٔ پیش‌آموزش",
        Goal::Scratch | Goal::Lora | Goal::Full => name(Goal::TASK, goal.method()),
    }
}

/// What it is good for.
pub fn text(goal: Goal) -> &'static str {
    match goal {
        Goal::Scratch => "مدلی تازه و کوچک می‌سازد که تنها متن شما را می‌شناسد.",
        Goal::Continue => {
            "مدلی آماده را با متن فراوان جلوتر می‌برد تا زبان یا حوزه‌ای را بهتر بداند."
        }
        Goal::Full => "همهٔ وزن‌های مدلی آماده را برای یک کار مشخص اصلاح می‌کند؛ پرحافظه‌ترین راه.",
        Goal::Lora => "مدل آماده دست نمی‌خورد و ماتریس‌های کوچکی کنارش می‌آموزند؛ کم‌حافظه‌ترین راه.",
    }
}

/// The `data-testid` of its card.
pub fn testid(goal: Goal) -> &'static str {
    match goal {
        Goal::Scratch => "run-method-scratch",
        Goal::Lora => "run-method-lora",
        Goal::Full => "run-method-full",
        Goal::Continue => "run-method-continue",
    }
}

/// A suggested name.
pub fn suggested_name(dataset: &str, wanted: Goal, base: &str) -> String {
    let short = base.rsplit('/').next().unwrap_or(base);
    match wanted {
        Goal::Lora => format!("{dataset}، LoRA روی {short}"),
        _ => format!("{dataset}، {} روی {short}", goal(wanted)),
    }
}

/// What stands below a run's name: what it learns, and the size or the model that it goes on from.
pub fn about_run(job: &JobRecord) -> String {
    format!("{}، {}", job.dataset_name, size_or_method(job))
}

/// What tells a run apart in a list: the size of a fresh model, or how it goes on from another.
pub fn size_or_method(job: &JobRecord) -> String {
    let name = name(job.task, job.method);
    match (&job.base_name, job.task, job.method) {
        (_, Task::CausalLm, Method::Scratch) => super::common::preset(job.preset).to_owned(),
        (Some(base), ..) => format!("{name} روی \u{2068}{base}\u{2069}"),
        (None, ..) => name.to_owned(),
    }
}

/// What is known of a model, or why a run cannot go on from it.
pub fn base_text(fitness: &BaseFitness) -> String {
    match fitness {
        BaseFitness::Fit {
            context_length,
            n_parameters,
            ..
        } => format!(
            "{} وزن، زمینهٔ {} توکنی",
            large(*n_parameters),
            count((*context_length).into())
        ),
        BaseFitness::UnknownArchitecture => {
            "معماری آن را این برنامه نمی‌شناسد؛ Llama، Mistral، Phi-3، SmolLM3، Qwen2، Qwen3، Qwen3.5، Gemma 3 و GPT-2 پشتیبانی می‌شوند."
                .to_owned()
        }
        BaseFitness::NotUnderstood { detail } => format!(
            "پیکربندی‌اش (\u{2066}config.json\u{2069}) چیزی می‌گوید که این برنامه نمی‌فهمد و شاید عددهای مدل را عوض کند: \u{2066}{detail}\u{2069}"
        ),
        BaseFitness::NotADecoder => "متن را ادامه نمی‌دهد، دسته‌بندی می‌کند.".to_owned(),
        BaseFitness::NoTokenizer => {
            "فایل توکن‌ساز (\u{2066}tokenizer.json\u{2069}) ندارد.".to_owned()
        }
        BaseFitness::NoSafetensors => "وزن‌هایش به شکل \u{2066}safetensors\u{2069} نیست.".to_owned(),
    }
}

/// Fields: a label and a sentence below it.
pub mod fields {
    /// Of adapters.
    pub const RANK: (&str, &str) = (
        "رتبه",
        "اندازهٔ ماتریس‌های آداپتور؛ ۸ یا ۱۶ بیشتر وقت‌ها بس است.",
    );
    /// Of adapters.
    pub const ALPHA: (&str, &str) = ("آلفا", "شدت اثر آداپتور؛ معمولاً دو برابر رتبه.");
    /// Of adapters.
    pub const DROPOUT: (&str, &str) = ("حذف تصادفی", "از ۰ تا ۰٫۹؛ با متن کم ۰٫۰۵ سودمند است.");
    /// Of pairs.
    pub const BETA: (&str, &str) = ("بتا", "از ۰٫۰۱ تا ۱۰؛ ۰٫۱ معمول است.");
    /// Of adapters.
    pub const STORAGE: (&str, &str) = ("وزن‌های مدل پایه", "بیت‌های کمتر، حافظهٔ کمتر.");
    /// Of adapters.
    pub const TARGETS: (&str, &str) = (
        "لایه‌های هدف",
        "اگر هیچ‌کدام را برنگزینید، همه آداپتور می‌گیرند.",
    );
    /// Of adapters.
    pub const RSLORA: (&str, &str) = (
        "مقیاس‌گذاری با جذر رتبه (rsLoRA)",
        "برای رتبه‌های بزرگ، مانند ۳۲ و بیشتر.",
    );
    /// Advanced.
    pub const DTYPE: (&str, &str) = ("دقت عددها", "دقت کمتر، حافظهٔ کمتر.");
    /// Advanced.
    pub const OPTIMIZER: (&str, &str) = ("بهینه‌ساز", "هشت‌بیتی و Adafactor کم‌حافظه‌ترند.");
    /// Advanced.
    pub const SCHEDULE: (&str, &str) = ("برنامهٔ نرخ", "کم‌شدن نرخ یادگیری تا پایان آموزش.");
    /// Advanced.
    pub const PACKING: (&str, &str) = ("چیدن سندها", "آیا سندها یکدیگر را می‌بینند.");
    /// Advanced.
    pub const WARMUP: (&str, &str) = ("گام‌های گرم‌سازی", "خالی یعنی یک‌بیستم همهٔ گام‌ها.");
    /// Advanced.
    pub const WEIGHT_DECAY: (&str, &str) = ("کاهش وزن", "از ۰ تا ۱.");
    /// Advanced.
    pub const SEED: (&str, &str) = ("بذر تصادفی", "با عدد یکسان، نتیجه همان است.");
    /// Advanced.
    pub const SHARE: (&str, &str) = (
        "سهم اعتبارسنجی",
        "بخشی از متن که تنها برای سنجش کنار می‌ماند.",
    );
    /// Advanced.
    pub const PATIENCE: (&str, &str) = ("شکیبایی", "خالی یعنی هرگز زودهنگام نایستد.");
    /// Advanced.
    pub const CHECKPOINT: (&str, &str) =
        ("فاصلهٔ نقطه‌های ذخیره", "به گام؛ خالی یعنی یک‌دهم همهٔ گام‌ها.");
    /// Advanced.
    pub const CHECKPOINT_MINUTES: (&str, &str) = (
        "ذخیره پس از چند دقیقه",
        "از ذخیرهٔ پیشین؛ در نتیجهٔ آموزش اثری ندارد.",
    );
    /// Advanced.
    pub const PROMPTS: (&str, &str) = (
        "پرامپت‌های نمونه",
        "هر سطر یک پرامپت؛ مدل در هر اعتبارسنجی آن‌ها را ادامه می‌دهد.",
    );
}

/// The unit of a share.
pub const PERCENT: &str = "درصد";
/// The unit of a distance.
pub const STEPS: &str = "گام";
/// Unit.
pub const MINUTES: &str = "دقیقه";

/// How frozen weights can be kept.
pub const STORAGES: &[(BaseStorage, &str)] = &[
    (BaseStorage::Dtype, "با همان دقت عددها"),
    (BaseStorage::Q8, "۸ بیتی"),
    (BaseStorage::Q4, "۴ بیتی"),
    (BaseStorage::File, "همان‌طور که در فایل GGUF است"),
];

/// The numbers to compute with.
pub const DTYPES: &[(Dtype, &str)] = &[(Dtype::F32, "۳۲ بیتی"), (Dtype::Bf16, "۱۶ بیتی")];

/// How weights follow their gradients.
pub const OPTIMIZERS: &[(OptimizerKind, &str)] = &[
    (OptimizerKind::AdamW, "AdamW"),
    (OptimizerKind::AdamW8bit, "AdamW هشت‌بیتی"),
    (OptimizerKind::Adafactor, "Adafactor"),
];

/// The rate's course.
pub const SCHEDULES: &[(ScheduleKind, &str)] = &[
    (ScheduleKind::Cosine, "کسینوسی"),
    (ScheduleKind::Linear, "خطی"),
    (ScheduleKind::Constant, "ثابت"),
];

/// How documents share sequences.
pub const PACKINGS: &[(Packing, &str)] = &[
    (Packing::Auto, "خودکار، بسته به نوع فایل"),
    (Packing::Documents, "هر سند جدا از سندهای دیگر"),
    (Packing::Continuous, "پیوسته، مانند یک متن بلند"),
];

/// The words of a choice.
pub fn chosen<T: Copy + PartialEq>(all: &[(T, &'static str)], value: T) -> &'static str {
    all.iter()
        .find(|(one, _)| *one == value)
        .map_or("", |(_, words)| *words)
}
