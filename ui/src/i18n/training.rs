//! Words of the training pages.

use super::common::count;
use crate::pages::training::form::FieldError;
use amoozgar_text::number;
use amoozgar_types::event::{KeptActivations, LoadingStage};
use amoozgar_types::job::JobGroup;
use amoozgar_types::job::JobStatus;
use amoozgar_types::limits::form as limits;
use amoozgar_types::plan::Change;
use amoozgar_types::spec::{ModelSpec, SizePreset};

// The list of runs.

/// The list's title.
pub const TITLE: &str = "آموزش";
/// Below the title.
pub const SUBTITLE: &str = "اجراهای آموزش، از تازه‌ترین به قدیمی‌ترین";
/// Opens the form.
pub const NEW_RUN: &str = "آموزش تازه";
/// No run yet.
pub const EMPTY_TITLE: &str = "هنوز هیچ مدلی آموزش نداده‌اید";
/// What the first run is good for.
pub const EMPTY_TEXT: &str =
    "یک مجموعه‌داده برگزینید و نخستین مدل خود را روی همین رایانه بسازید؛ چند دقیقه بیشتر نمی‌برد.";
/// Field.
pub const SEARCH: &str = "جست‌وجو در اجراها";
/// Field.
pub const SEARCH_PLACEHOLDER: &str = "بخشی از نام اجرا یا مجموعه‌داده";
/// Choice.
pub const GROUP: &str = "وضعیت اجراها";
/// Nothing matches.
pub const NOTHING_FOUND: &str = "اجرایی با این نشانی‌ها پیدا نشد";
/// Nothing matches.
pub const NOTHING_FOUND_TEXT: &str = "نام را کوتاه‌تر بنویسید یا وضعیت دیگری را انتخاب کنید.";
/// Shows everything again.
pub const SHOW_ALL_RUNS: &str = "نمایش همهٔ اجراها";
/// For screen readers.
pub const PAGES: &str = "صفحه‌های فهرست";
/// Button.
pub const NEWER: &str = "تازه‌ترها";
/// Button.
pub const OLDER: &str = "قدیمی‌ترها";

/// Where one is in a long list.
pub fn page_at(page: u32, n_pages: u32) -> String {
    format!(
        "صفحهٔ {} از {}",
        count(u64::from(page) + 1),
        count(n_pages.into())
    )
}

/// States that are shown together.
pub fn group(group: JobGroup) -> &'static str {
    match group {
        JobGroup::All => "همه",
        JobGroup::Active => "در جریان",
        JobGroup::Completed => "پایان‌یافته",
        JobGroup::Unfinished => "ناتمام",
    }
}

/// The `data-testid` of a group.
pub fn group_testid(group: JobGroup) -> &'static str {
    match group {
        JobGroup::All => "run-group-all",
        JobGroup::Active => "run-group-active",
        JobGroup::Completed => "run-group-completed",
        JobGroup::Unfinished => "run-group-unfinished",
    }
}

/// Moves a queued run.
pub const MOVE_UP: &str = "یک جا جلوتر در صف";
/// Moves a queued run.
pub const MOVE_DOWN: &str = "یک جا عقب‌تر در صف";

/// Where a queued run stands.
pub fn queue_place(position: u32) -> String {
    format!("نوبت {} در صف", count(u64::from(position) + 1))
}

/// The progress of a run, for screen readers.
pub fn progress_of(name: &str) -> String {
    format!("پیشرفت «{name}»")
}

// The form.

/// The form's title.
pub const NEW_TITLE: &str = "آموزش تازه";
/// Below the title.
pub const NEW_SUBTITLE: &str = "روش و متن را برگزینید؛ بقیه از پیش با مقدارهای مناسب پر شده است.";
/// A part of the form.
pub const STEP_DATASET: &str = "از چه متنی بیاموزد؟";
/// A part of the form.
pub const STEP_SIZE: &str = "مدل چه اندازه باشد؟";
/// A part of the form.
pub const STEP_SETTINGS: &str = "چگونه بیاموزد؟";
/// No dataset to choose.
pub const NO_DATASETS: &str = "هنوز مجموعه‌داده‌ای نیست";
/// No dataset to choose.
pub const NO_DATASETS_TEXT: &str = "برای آموزش، نخست یک فایل متنی وارد کنید.";
/// Leads to the datasets.
pub const TO_DATASETS: &str = "رفتن به مجموعه‌داده‌ها";
/// None is chosen.
pub const CHOOSE_DATASET: &str = "یک مجموعه‌داده برگزینید.";
/// A field.
pub const NAME: &str = "نام اجرا";
/// Its help.
pub const NAME_HELP: &str = "با این نام آن را در فهرست و اعلان‌ها می‌بینید.";
/// A field.
pub const EPOCHS: &str = "تعداد دوره‌ها";
/// Its help.
pub const EPOCHS_HELP: &str = "مدل چند بار همهٔ متن را می‌خواند.";
/// A field.
pub const BATCH: &str = "اندازهٔ دسته";
/// Its help.
pub const BATCH_HELP: &str = "چند تکه متن در هر گام؛ بیشتر، یعنی حافظهٔ بیشتر.";
/// A field.
pub const LR: &str = "نرخ یادگیری";
/// Its help.
pub const LR_HELP: &str = "بزرگی هر اصلاح؛ زیادش آموزش را واگرا می‌کند.";
/// A field.
pub const CONTEXT: &str = "طول زمینه";
/// Its help.
pub const CONTEXT_HELP: &str = "مدل هم‌زمان چند توکن را می‌بیند.";
/// The unit of the context.
pub const TOKENS: &str = "توکن";
/// Starts the run.
pub const START: &str = "شروع آموزش";
/// Where the form is wrong.
pub const FIX_FIELDS: &str = "پیش از شروع، موارد مشخص‌شده را اصلاح کنید.";

/// A suggested name.
pub fn suggested_name(dataset: &str, preset: SizePreset) -> String {
    format!("{dataset}، {}", super::common::preset(preset))
}

/// A rate as it is written everywhere: Latin, `2e-3`.
pub fn rate(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            format!("{mantissa}e{exponent}")
        }
        _ => text,
    }
}

/// What a size suits.
pub fn preset_text(preset: SizePreset) -> &'static str {
    match preset {
        SizePreset::Tiny => "برای آزمودن و آشنایی؛ در چند دقیقه پایان می‌یابد.",
        SizePreset::Small => "انتخاب پیشنهادی؛ وزن و آهنگ متن را می‌آموزد.",
        SizePreset::Medium => "روان‌ترین نوشته‌ها؛ متن فراوان و چند ساعت زمان می‌خواهد.",
    }
}

/// The weights of a size, in words.
pub fn preset_parameters(preset: SizePreset) -> String {
    format!(
        "{} وزن",
        large(n_parameters(&preset.model(), preset.vocab_size()))
    )
}

/// Weights of a decoder with tied embeddings.
fn n_parameters(model: &ModelSpec, vocab_size: usize) -> u64 {
    let d = model.d_model;
    let kv = d / model.n_heads.max(1) * model.n_kv_heads;
    let layer = 2 * d * d + 2 * d * kv + 3 * d * model.d_ff + 2 * d;
    (vocab_size * d + model.n_layers * layer + d) as u64
}

/// «۲٫۶ میلیون», «۵۲۹ هزار».
pub fn large(value: u64) -> String {
    let value_f = value as f64;
    if value >= 1_000_000 {
        format!("{} میلیون", number::format_decimal(value_f / 1e6, 1))
    } else if value >= 10_000 {
        format!("{} هزار", number::format_decimal(value_f / 1e3, 0))
    } else {
        count(value)
    }
}

/// The size of a dataset in its card.
pub fn dataset_size(n_rows: u64, size_bytes: u64) -> String {
    format!("{} سند، {}", count(n_rows), number::bytes(size_bytes))
}

/// What is wrong with a field.
pub fn field_error(error: FieldError) -> String {
    match error {
        FieldError::Empty => "این بخش را پر کنید.".to_owned(),
        FieldError::NotANumber => "یک عدد بنویسید.".to_owned(),
        FieldError::NotWhole => "عدد باید صحیح باشد.".to_owned(),
        FieldError::OutOfRange(least, most) => format!(
            "عددی از {} تا {} بنویسید.",
            count(least.into()),
            count(most.into())
        ),
        FieldError::NotBetween(least, most) => format!(
            "عددی از {} تا {} بنویسید.",
            number::as_typed(&least.to_string()),
            number::as_typed(&most.to_string())
        ),
        FieldError::TooManyPrompts => format!(
            "حداکثر {} پرامپت، هر یک در یک سطر و تا {} نویسه، بنویسید.",
            count(*limits::N_PROMPTS.end() as u64),
            count(*limits::PROMPT_CHARS.end() as u64)
        ),
        FieldError::RateOutOfRange => format!(
            "عددی بزرگ‌تر از صفر و حداکثر {} بنویسید، مانند \u{2066}2e-3\u{2069}.",
            number::as_typed(&limits::LR.end().to_string())
        ),
        FieldError::TooLong => format!(
            "نام حداکثر {} نویسه باشد.",
            count(*limits::NAME_CHARS.end() as u64)
        ),
    }
}

// The estimate.

/// The panel's title.
pub const ESTIMATE: &str = "برآورد";
/// Before the first answer.
pub const ESTIMATE_WAITING: &str = "با کامل‌شدن فرم، زمان و حافظهٔ لازم اینجا می‌آید.";
/// While measuring.
pub const ESTIMATE_LOADING: &str = "در حال سنجیدن این رایانه…";
/// A row.
pub const ESTIMATE_TIME: &str = "زمان آموزش";
/// In place of a time, where a run does not fit into the memory.
pub const NO_TIME: &str = "نامعلوم";
/// A row.
pub const ESTIMATE_MEMORY: &str = "حافظهٔ لازم";
/// A row.
pub const ESTIMATE_DISK: &str = "فضای دیسک";
/// A row.
pub const ESTIMATE_STEPS: &str = "گام‌ها";
/// A row.
pub const ESTIMATE_TOKENS: &str = "توکن‌های متن";
/// A row.
pub const ESTIMATE_PARAMETERS: &str = "وزن‌های آموزش‌پذیر";
/// It does not fit into memory.
pub const NO_MEMORY: &str = "این اجرا در حافظهٔ آزاد جا نمی‌شود. اندازهٔ دسته یا طول زمینه را کم کنید، یا مدل کوچک‌تری برگزینید.";
/// It does not fit on the disk.
pub const NO_DISK: &str =
    "روی دیسک جای کافی برای نقطه‌های ذخیره نیست. کمی جا باز کنید و دوباره بیازمایید.";

/// A row: what is kept from the way there for the way back.
pub const KEPT: &str = "نگه‌داری میانی";
/// Takes the proposals.
pub const MAKE_IT_FIT: &str = "جا دادن در حافظه";
/// Goes back to whole batches.
pub const WHOLE_BATCH: &str = "یک‌جا حساب شود";

/// What a run keeps between the two halves of a step.
pub fn kept(kept: KeptActivations) -> &'static str {
    match kept {
        KeptActivations::All => "همه‌چیز",
        KeptActivations::Costly => "جز آنچه ارزان حساب می‌شود",
        KeptActivations::BlockInputs => "ورودی هر لایه؛ کندتر",
        KeptActivations::GroupInputs => "ورودی هر چند لایه؛ کندترین",
    }
}

/// A change that lowers a run's memory.
pub fn fit_change(change: Change) -> String {
    match change {
        Change::MicroBatch(n) => format!(
            "هر بار {} تکه متن حساب شود و اصلاح‌ها روی هم بروند؛ نتیجه همان است.",
            count(n.into())
        ),
        Change::Kept(what) => format!("از محاسبه‌ها نگه داشته شود: {}.", kept(what)),
        Change::Context(n) => format!("طول زمینه {} توکن شود.", count(n.into())),
        Change::Bf16Storage => "وزن‌های مدل پایه ۱۶ بیتی نگه داشته شوند.".to_owned(),
    }
}

/// That a batch goes through in parts.
pub fn in_parts(micro_batch: u32) -> String {
    format!(
        "هر دسته {} تکه {} تکه حساب می‌شود تا در حافظه جا شود.",
        count(micro_batch.into()),
        count(micro_batch.into())
    )
}

/// What is free, after what is needed.
pub fn of_free(bytes: u64) -> String {
    format!("از {} آزاد", number::bytes(bytes))
}

/// About that long.
pub fn about(seconds: f64) -> String {
    format!("حدود {}", number::duration(seconds))
}

// The page of a run.

/// Leads back to the list.
pub const ALL_RUNS: &str = "همهٔ اجراها";
/// A button.
pub const PAUSE: &str = "مکث";
/// A button.
pub const RESUME: &str = "ادامه";
/// A button.
pub const STOP: &str = "توقف";
/// A button.
pub const LEAVE_QUEUE: &str = "بیرون‌آوردن از صف";
/// A button.
pub const DELETE: &str = "حذف اجرا";
/// A question.
pub const STOP_TITLE: &str = "آموزش متوقف شود؟";
/// What happens.
pub const STOP_TEXT: &str = "تا همین‌جا ذخیره می‌شود و هر زمان بخواهید می‌توانید ادامه دهید.";
/// A question.
pub const DELETE_TITLE: &str = "این اجرا حذف شود؟";
/// What happens.
pub const DELETE_TEXT: &str =
    "مدل، نقطه‌های ذخیره، نمودارها و گزارش این اجرا برای همیشه پاک می‌شوند.";
/// The run is gone.
pub const DELETED: &str = "اجرا حذف شد.";
/// A figure.
pub const PROGRESS: &str = "پیشرفت";
/// A figure.
pub const EPOCH: &str = "دوره";
/// A figure.
pub const STEP: &str = "گام";
/// A figure.
pub const REMAINING: &str = "زمان باقی‌مانده";
/// A figure.
pub const SPEED: &str = "سرعت";
/// A figure.
pub const TRAIN_LOSS: &str = "زیان آموزش";
/// A figure.
pub const VAL_LOSS: &str = "زیان اعتبارسنجی";
/// A figure.
pub const ELAPSED: &str = "مدت";
/// A banner.
pub const INTERRUPTED_TITLE: &str = "اجرا نیمه‌کاره قطع شد";
/// What it means.
pub const INTERRUPTED_TEXT: &str =
    "فرایند آموزش یا رایانه ناگهان خاموش شد. از آخرین نقطهٔ ذخیره، بی‌هیچ تفاوتی، ادامه می‌یابد.";
/// A banner.
pub const FAILED_TITLE: &str = "آموزش ناموفق بود";
/// A banner.
pub const STOPPED_TEXT: &str = "این اجرا را متوقف کرده‌اید؛ می‌توانید از همان‌جا ادامه دهید.";
/// A banner.
pub const PAUSED_TEXT: &str =
    "مکث کرده است و نقطهٔ ذخیره دارد؛ با «ادامه» از همین‌جا پی گرفته می‌شود.";

/// That the run went back once.
pub fn went_back(step: u64) -> String {
    format!(
        "در گام {} زیان دیگر عدد نبود؛ آموزش به آخرین نقطهٔ ذخیره بازگشت و با نرخ یادگیری کمتر ادامه یافت.",
        count(step)
    )
}

/// The figure of the step.
pub fn step_of(step: u64, total: u64) -> String {
    if total == 0 {
        return count(step);
    }
    format!("{} از {}", count(step), count(total))
}

/// «۲۰٬۴۸۰ توکن در ثانیه»
pub fn speed(tokens_per_s: f64) -> String {
    format!("{} توکن در ثانیه", number::format_decimal(tokens_per_s, 0))
}

/// What is being done before the first step.
pub fn stage(stage: LoadingStage) -> &'static str {
    match stage {
        LoadingStage::Reading => "خواندن و یکسان‌سازی متن",
        LoadingStage::Tokenizer => "آموزش توکن‌ساز",
        LoadingStage::Encoding => "تبدیل متن به توکن",
        LoadingStage::Model => "ساختن مدل",
        LoadingStage::Reference => "سنجیدن پاسخ‌ها با مدلِ پیش از آموزش",
        LoadingStage::Restoring => "بازگرداندن نقطهٔ ذخیره",
    }
}

/// What a run without a step does.
pub fn before_first_step(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Queued => "در انتظار نوبت؛ با پایان اجرای کنونی خودبه‌خود آغاز می‌شود.",
        JobStatus::Starting => "فرایند آموزش در حال شروع است…",
        _ => "در حال آماده‌سازی…",
    }
}

// Charts.

/// A chart's title.
pub const LOSS_CHART: &str = "زیان";
/// A chart's title.
pub const LR_CHART: &str = "نرخ یادگیری";
/// Of a chart.
pub const CHART_HINT: &str = "برای بزرگ‌نمایی بکشید؛ با دوبار کلیک همه را ببینید.";
/// Nothing measured yet.
pub const CHART_EMPTY: &str = "با نخستین گام، نمودار اینجا رسم می‌شود.";
/// A line.
pub const LINE_TRAIN: &str = "آموزش";
/// A line.
pub const LINE_SMOOTH: &str = "هموارشده";
/// A line.
pub const LINE_VALIDATION: &str = "اعتبارسنجی";

/// A tick of the horizontal axis; nothing between two steps.
pub fn tick_step(value: f64) -> String {
    if value.fract() != 0.0 {
        return String::new();
    }
    number::format_decimal(value, 0)
}

/// A tick of a loss.
pub fn tick_loss(value: f64) -> String {
    number::format_decimal(value, if value.fract().abs() < 1e-9 { 0 } else { 2 })
}

/// A loss in the legend.
pub fn legend_loss(value: f64) -> String {
    number::format_decimal(value, 3)
}

// Tabs.

/// The tabs, for screen readers.
pub const TABS: &str = "بخش‌های اجرا";
/// A tab.
pub const TAB_SAMPLES: &str = "نمونه‌ها";
/// A tab.
pub const TAB_WRITE: &str = "نوشتن";
/// A tab.
pub const TAB_CHECKPOINTS: &str = "نقطه‌های ذخیره";
/// A tab.
pub const TAB_DETAILS: &str = "جزئیات";
/// A tab.
pub const TAB_LOG: &str = "گزارش";
/// No sample yet.
pub const NO_SAMPLES: &str = "هنوز نمونه‌ای نیست";
/// When there will be.
pub const NO_SAMPLES_TEXT: &str = "مدل در هر اعتبارسنجی چند سطر می‌نویسد تا ببینید چه آموخته است.";
/// No checkpoint yet.
pub const NO_CHECKPOINTS: &str = "هنوز نقطهٔ ذخیره‌ای نیست";
/// When there will be.
pub const NO_CHECKPOINTS_TEXT: &str = "در میانهٔ آموزش چند بار، و با هر مکث یا توقف، ذخیره می‌شود.";
/// The log is empty.
pub const NO_LOG: &str = "گزارشی نوشته نشده است";
/// Reads the log again.
pub const REFRESH: &str = "تازه‌سازی";
/// Marks the best checkpoint.
pub const BEST: &str = "بهترین";
/// A column.
pub const SIZE: &str = "حجم";
/// A column.
pub const FOLDER: &str = "پوشه";

/// «گام ۱۲۰»
pub fn at_step(step: u64) -> String {
    format!("گام {}", count(step))
}

// Writing.

/// A field.
pub const PROMPT: &str = "پرامپت";
/// Its help.
pub const PROMPT_HELP: &str = "چند واژهٔ نخست را شما بنویسید؛ مدل آن را ادامه می‌دهد.";
/// A suggested prompt.
pub const PROMPT_DEFAULT: &str = "ای دل";
/// A field.
pub const TEMPERATURE: &str = "دما";
/// Its help.
pub const TEMPERATURE_HELP: &str = "۰ همیشه همان؛ بیشتر، جسورانه‌تر.";
/// A button.
pub const WRITE: &str = "بنویس";
/// A button.
pub const STOP_WRITING: &str = "بس است";
/// There is nothing to write with yet.
pub const WRITE_LATER: &str = "با نخستین نقطهٔ ذخیره می‌توانید از مدل بخواهید بنویسد.";
/// The temperature is wrong.
pub const TEMPERATURE_ERROR: &str = "عددی از ۰ تا ۲ بنویسید.";

/// After writing.
pub fn written(n_tokens: u32, tokens_per_s: f64) -> String {
    format!(
        "{} توکن، {} توکن در ثانیه",
        count(n_tokens.into()),
        number::format_decimal(tokens_per_s, 0)
    )
}

// Details.

/// A heading.
pub const RESULT: &str = "نتیجه";
/// A heading.
pub const SETTINGS: &str = "تنظیمات اجرا";
/// A row.
pub const BITS_PER_BYTE: &str = "بیت بر بایت";
/// A row, of a classifier.
pub const ACCURACY: &str = "درستی";
/// A row, of a classifier.
pub const MACRO_F1: &str = "میانگین F1 دسته‌ها";
/// A row, of a classifier: what it is compared with.
pub const MAJORITY_ACCURACY: &str = "درستی با برگزیدن همیشگی پرشمارترین دسته";

/// A share of 1: «۹۳٫۵٪»
pub fn share(of_one: f64) -> String {
    number::percent(100.0 * of_one, 1)
}

/// A row.
pub const CREATED: &str = "ساخته‌شده";
/// A row.
pub const STARTED: &str = "آغاز";
/// A row.
pub const FINISHED: &str = "پایان";
/// A row.
pub const MODEL_DIR: &str = "پوشهٔ مدل";
/// A button.
pub const OPEN_MODEL: &str = "باز کردن پوشهٔ مدل";
/// A button.
pub const OPEN_JOB: &str = "باز کردن پوشهٔ اجرا";
/// A row.
pub const DATASET: &str = "مجموعه‌داده";
/// A row.
pub const MODEL_SIZE: &str = "اندازهٔ مدل";
/// A row.
pub const PARAMETERS: &str = "وزن‌ها";
/// A row.
pub const LAYERS: &str = "لایه‌ها";
/// A row.
pub const WIDTH: &str = "پهنا";
/// A row.
pub const HEADS: &str = "سرهای توجه";
/// A row.
pub const VOCABULARY: &str = "واژگان";
/// A row: how many sequences go through at once.
pub const MICRO_BATCH: &str = "ریزدسته";
/// A row.
pub const WEIGHT_DECAY: &str = "کاهش وزن";
/// A row.
pub const SEED: &str = "بذر تصادفی";
/// A row.
pub const THREADS: &str = "ریسه‌ها";
/// All cores.
pub const ALL_CORES: &str = "همهٔ هسته‌ها";
/// A row.
pub const JOB_ID: &str = "شناسه";

#[cfg(test)]
mod tests {
    use super::{large, n_parameters, rate};
    use amoozgar_types::spec::SizePreset;

    #[test]
    fn a_rate_is_written_as_people_write_it() {
        for (value, text) in [
            (2e-3, "2e-3"),
            (1.5e-4, "1.5e-4"),
            (0.1, "1e-1"),
            (0.0, "0"),
        ] {
            assert_eq!(rate(value), text, "{value}");
        }
    }

    #[test]
    fn the_sizes_are_what_their_descriptions_say() {
        let of = |preset: SizePreset| n_parameters(&preset.model(), preset.vocab_size());
        assert_eq!(
            of(SizePreset::Small),
            2_557_632,
            "about two and a half million"
        );
        assert!(of(SizePreset::Tiny) < 1_000_000, "under a million");
        assert_eq!(
            large(of(SizePreset::Medium)),
            "۱۳٫۸ میلیون",
            "about fourteen million"
        );
    }
}
