//! Every training parameter in two sentences: what it does, its usual range, and what more or less of
//! it leads to. Shown beside the fields of the new-run form and as a chapter of the help.

/// A setting of a run or of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// `epochs`
    Epochs,
    /// `batch_size`
    Batch,
    /// `lr`
    LearningRate,
    /// `context_length`
    Context,
    /// The preset.
    Size,
    /// `vocab_size`
    Vocabulary,
    /// `n_layers`
    Layers,
    /// `d_model`
    Width,
    /// `n_heads`
    Heads,
    /// `micro_batch`
    MicroBatch,
    /// `warmup_steps`
    Warmup,
    /// `schedule`
    Schedule,
    /// `weight_decay`
    WeightDecay,
    /// `grad_clip`
    GradClip,
    /// `optimizer.kind`
    Optimizer,
    /// `dtype`
    Dtype,
    /// `seed`
    Seed,
    /// `threads`
    Threads,
    /// `validation_fraction`
    ValidationShare,
    /// `patience`
    Patience,
    /// `checkpoint.every_steps`
    CheckpointEvery,
    /// `checkpoint.every_minutes`
    CheckpointMinutes,
    /// `lora.rank`
    LoraRank,
    /// `lora.alpha`
    LoraAlpha,
    /// `lora.dropout`
    LoraDropout,
    /// `beta`
    Beta,
    /// `lora.targets`
    LoraTargets,
    /// `lora.base`
    LoraBase,
    /// `dataset.packing`
    Packing,
    /// `evaluation.prompts`
    Prompts,
    /// `lora.use_rslora`
    RsLora,
    /// Of writing.
    Temperature,
    /// Of writing.
    MaxTokens,
}

/// All of them, in the order of the help's chapter.
pub const ALL: &[Parameter] = &[
    Parameter::Size,
    Parameter::Epochs,
    Parameter::Batch,
    Parameter::LearningRate,
    Parameter::Context,
    Parameter::MicroBatch,
    Parameter::Vocabulary,
    Parameter::Layers,
    Parameter::Width,
    Parameter::Heads,
    Parameter::Warmup,
    Parameter::Schedule,
    Parameter::WeightDecay,
    Parameter::GradClip,
    Parameter::Optimizer,
    Parameter::Dtype,
    Parameter::Seed,
    Parameter::Threads,
    Parameter::ValidationShare,
    Parameter::Patience,
    Parameter::CheckpointEvery,
    Parameter::CheckpointMinutes,
    Parameter::LoraRank,
    Parameter::LoraAlpha,
    Parameter::LoraDropout,
    Parameter::Beta,
    Parameter::LoraTargets,
    Parameter::LoraBase,
    Parameter::RsLora,
    Parameter::Packing,
    Parameter::Prompts,
    Parameter::Temperature,
    Parameter::MaxTokens,
];

impl Parameter {
    /// What it is called.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// Two sentences about it.
    pub fn text(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Epochs => (
                "تعداد دوره‌ها",
                "مدل چند بار همهٔ متن را می‌خواند؛ برای متن کوچک ۵ تا ۲۰ و برای متن بزرگ ۱ تا ۳ معمول است. کمش مدل را خام می‌گذارد و زیادش به بیش‌برازش می‌رساند، که از بالا رفتن زیان اعتبارسنجی پیداست.",
            ),
            Self::Batch => (
                "اندازهٔ دسته",
                "شمار تکه‌های متن در هر گام؛ ۸ تا ۳۲ معمول است. بیشترش گام‌ها را هموارتر می‌کند و حافظهٔ بیشتری می‌گیرد، کمترش گام‌های بیشتر و پرنوسان‌تر می‌دهد.",
            ),
            Self::LearningRate => (
                "نرخ یادگیری",
                "بزرگی هر اصلاح در وزن‌ها؛ برای مدل کوچک از صفر `5e-4` تا `3e-3` و برای تنظیم دقیق `1e-5` تا `5e-4` معمول است. زیادش آموزش را واگرا می‌کند و کمش آن را بسیار کند.",
            ),
            Self::Context => (
                "طول زمینه",
                "مدل هم‌زمان چند توکن را می‌بیند؛ ۶۴ تا ۱۲۸ برای شعر و ۲۵۶ تا ۱۰۲۴ برای داستان معمول است. بیشترش پیوستگی را بهتر می‌کند، اما حافظه و زمان هر گام با آن بالا می‌رود.",
            ),
            Self::Size => (
                "اندازهٔ مدل",
                "شمار وزن‌هایی که آموزش می‌بینند؛ از کمتر از یک میلیون تا حدود چهارده میلیون. مدل بزرگ‌تر روان‌تر می‌نویسد، به شرطی که متن فراوان داشته باشد؛ با متن کم زودتر بیش‌برازش می‌کند.",
            ),
            Self::Vocabulary => (
                "اندازهٔ واژگان",
                "شمار توکن‌هایی که توکن‌ساز می‌آموزد؛ ۲۰۰۰ تا ۸۰۰۰ برای متن‌های یک تا چند مگابایتی معمول است. بیشترش متن را به تکه‌های کمتری می‌شکند، ولی هر توکن کمتر دیده می‌شود و مدل بزرگ‌تر می‌شود.",
            ),
            Self::Layers => (
                "لایه‌ها",
                "شمار لایه‌های پیاپی مدل؛ ۳ تا ۱۲ برای مدل‌های این برنامه معمول است. لایه‌های بیشتر الگوهای پیچیده‌تری می‌آموزند و زمان هر گام را به همان نسبت بیشتر می‌کنند.",
            ),
            Self::Width => (
                "پهنا",
                "اندازهٔ برداری که هر توکن درون مدل دارد؛ ۹۶ تا ۵۱۲ معمول است. با دو برابر شدنش وزن‌های هر لایه حدود چهار برابر می‌شود.",
            ),
            Self::Heads => (
                "سرهای توجه",
                "در هر لایه چند سر جداگانه به جاهای گوناگون متن نگاه می‌کنند؛ معمولاً پهنا بخش بر ۳۲ یا ۶۴. بیشترش نگاه‌های گوناگون‌تر ولی باریک‌تری می‌دهد.",
            ),
            Self::MicroBatch => (
                "ریزدسته",
                "هر دسته در تکه‌هایی به این اندازه حساب می‌شود و اصلاح‌ها روی هم می‌روند؛ باید اندازهٔ دسته بر آن بخش‌پذیر باشد. کمترش حافظه را کم می‌کند و نتیجه را تغییر نمی‌دهد، فقط کمی کندتر است.",
            ),
            Self::Warmup => (
                "گرم‌سازی",
                "نرخ یادگیری در این شمار از گام‌های نخست از صفر بالا می‌آید؛ یک‌بیستم کل گام‌ها معمول است. بی‌گرم‌سازی، گام‌های نخست شاید مدل را از جا بپرانند.",
            ),
            Self::Schedule => (
                "برنامهٔ نرخ",
                "نرخ یادگیری پس از گرم‌سازی چگونه کم شود: کسینوسی (پیش‌فرض)، خطی یا ثابت. کاهش تا یک‌دهم، اصلاح‌های پایانی را ریز و نتیجه را بهتر می‌کند.",
            ),
            Self::WeightDecay => (
                "کاهش وزن",
                "فشاری که وزن‌ها را کوچک نگه می‌دارد؛ ۰ تا ۰٫۱ معمول است. بیشترش بیش‌برازش را کم می‌کند، ولی زیادش جلوی آموختن را می‌گیرد.",
            ),
            Self::GradClip => (
                "برش گرادیان",
                "اصلاح‌های بزرگ‌تر از این اندازه کوچک می‌شوند؛ ۱ معمول است و ۰ یعنی هرگز. جلوی پرش‌های ناگهانی زیان را می‌گیرد.",
            ),
            Self::Optimizer => (
                "بهینه‌ساز",
                "روشی که از گرادیان به اصلاح می‌رسد: AdamW (پیش‌فرض)، AdamW هشت‌بیتی یا Adafactor. دو تای آخر حافظهٔ بسیار کمتری می‌گیرند و نتیجه‌شان اندکی فرق دارد.",
            ),
            Self::Dtype => (
                "دقت عددها",
                "عددها ۳۲ بیتی (`f32`) یا ۱۶ بیتی (`bf16`) حساب می‌شوند. `bf16` حافظهٔ وزن‌های دست‌نخورده را نصف می‌کند و روی پردازنده‌های تازه تندتر است؛ دقتش کمی کمتر است.",
            ),
            Self::Seed => (
                "بذر تصادفی",
                "همهٔ انتخاب‌های تصادفی از این عدد می‌آیند؛ هر عددی خوب است. با بذر یکسان نتیجه بیت به بیت یکسان است، و با بذر دیگر اندکی فرق می‌کند.",
            ),
            Self::Threads => (
                "تعداد ریسه‌ها",
                "چند هستهٔ پردازنده هم‌زمان کار کنند؛ خالی یعنی همه. کمترش رایانه را برای کارهای دیگر آزاد می‌گذارد و آموزش را به همان نسبت کند می‌کند.",
            ),
            Self::ValidationShare => (
                "سهم اعتبارسنجی",
                "بخشی از سندها که در آموزش دیده نمی‌شود؛ ۲ تا ۱۰ درصد معمول است. بیشترش سنجش را مطمئن‌تر می‌کند، ولی متن کمتری برای آموختن می‌ماند.",
            ),
            Self::Patience => (
                "شکیبایی",
                "پس از این شمار اعتبارسنجی بی‌پیشرفت، آموزش زودهنگام می‌ایستد؛ ۳ تا ۵ معمول است. کمش شاید زود بایستد و زیادش وقت را هدر می‌دهد.",
            ),
            Self::CheckpointEvery => (
                "فاصلهٔ نقطه‌های ذخیره",
                "پس از هر چند گام یک نقطهٔ ذخیره ساخته شود؛ یک‌دهم کل گام‌ها معمول است. کمترش در قطع ناگهانی کار کمتری را هدر می‌دهد و دیسک را بیشتر به کار می‌گیرد.",
            ),
            Self::CheckpointMinutes => (
                "ذخیره پس از چند دقیقه",
                "اگر این‌قدر از ذخیرهٔ پیشین گذشت، یک نقطهٔ ذخیرهٔ دیگر هم ساخته می‌شود، بی‌آنکه نتیجهٔ آموزش فرق کند؛ ۵ تا ۳۰ دقیقه معمول است. کمترش در قطع ناگهانی کار کمتری را هدر می‌دهد.",
            ),
            Self::LoraRank => (
                "رتبه در LoRA",
                "اندازهٔ ماتریس‌های آداپتور؛ ۴ تا ۶۴ و بیشتر ۸ یا ۱۶ معمول است. بیشترش توان بیشتری برای تغییر می‌دهد و حافظهٔ بیشتری می‌گیرد.",
            ),
            Self::LoraAlpha => (
                "آلفا در LoRA",
                "شدت اثر آداپتور؛ معمولاً یک تا دو برابر رتبه. زیادش دانش مدل پایه را کنار می‌زند و کمش تغییر را ناچیز می‌کند.",
            ),
            Self::LoraDropout => (
                "حذف تصادفی در LoRA",
                "بخشی از ورودی آداپتور که در هر گام کنار گذاشته می‌شود؛ ۰ تا ۰٫۱ معمول است. با متن کم بیش‌برازش را کمتر می‌کند.",
            ),
            Self::Beta => (
                "بتا در ترجیح",
                "در DPO بیشتر یعنی مدل به آنچه پیش از آموزش بود پایبندتر می‌ماند، و در ORPO یعنی ترجیح در برابر آموختن خود پاسخ بهتر سنگین‌تر است. ۰٫۱ معمول است؛ اگر احتمال پاسخ‌های بهتر فروریخت، در DPO بیشترش کنید.",
            ),
            Self::LoraTargets => (
                "لایه‌های هدف",
                "کدام بخش‌های مدل آداپتور بگیرند؛ معمولاً همه، یا فقط `q_proj` و `v_proj`. بخش‌های بیشتر نتیجهٔ بهتر و حافظهٔ بیشتر می‌دهند.",
            ),
            Self::LoraBase => (
                "وزن‌های پایه",
                "وزن‌های دست‌نخوردهٔ مدل پایه چگونه نگه داشته شوند: کامل، ۸ بیتی، ۴ بیتی یا، برای مدلی که فایل GGUF است، همان‌طور که در فایل است. بیت‌های کمتر حافظه را تا یک‌هشتم کم می‌کند؛ ۸ و ۴ بیتی از دقت اندکی می‌کاهد و شکل فایل چیزی نمی‌کاهد.",
            ),
            Self::RsLora => (
                "rsLoRA",
                "اثر آداپتور به‌جای رتبه بر جذر آن بخش می‌شود؛ خاموش معمول است و برای رتبه‌های ۳۲ به بالا روشن. بی آن، رتبه‌های بزرگ کندتر از آنچه می‌توانند می‌آموزند.",
            ),
            Self::Packing => (
                "چیدن سندها",
                "سندها یا جدا از هم در یک دنباله کنار هم می‌نشینند یا یک متن پیوسته می‌شوند؛ خودکار معمول است. جدا برای متن‌های کوتاه و بی‌ربط بهتر است و پیوسته برای یک اثر بلند.",
            ),
            Self::Prompts => (
                "پرامپت‌های نمونه",
                "مدل در هر اعتبارسنجی این‌ها را ادامه می‌دهد تا پیشرفتش را ببینید؛ ۱ تا ۴ پرامپت معمول است. بیشترش هر اعتبارسنجی را کمی طولانی‌تر می‌کند.",
            ),
            Self::Temperature => (
                "دما",
                "میزان جسارت مدل هنگام نوشتن؛ ۰٫۶ تا ۱ معمول است. ۰ همیشه همان را می‌نویسد و به تکرار می‌افتد، و بالاتر از ۱ پریشان می‌شود.",
            ),
            Self::MaxTokens => (
                "بیشینهٔ توکن‌ها",
                "نوشته حداکثر چند توکن باشد؛ ۵۰ تا ۳۰۰ معمول است. هر توکن فارسی حدود دو سوم یک واژه است و بیشترش فقط زمان بیشتری می‌برد.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Parameter};

    #[test]
    fn each_parameter_is_explained_in_two_sentences() {
        for parameter in ALL {
            let text = parameter.text();
            let ends = text.matches(". ").count() + usize::from(text.ends_with('.'));
            assert_eq!(ends, 2, "{parameter:?}: `{text}`");
            let other = ALL.iter().filter(|one| one.name() == parameter.name());
            assert_eq!(other.count(), 1, "{parameter:?} has a name of its own");
        }
        assert!(
            ALL.contains(&Parameter::MaxTokens),
            "the last one is listed"
        );
    }
}
