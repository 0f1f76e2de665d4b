//! Words of taking a model along: to other programs, and to this one on another computer.

use super::common::count;
use amoozgar_text::number;
use amoozgar_types::ipc::ExportForm;

/// Action of a row.
pub const EXPORT: &str = "خروجی گرفتن";
/// Action of a finished run.
pub const TAKE: &str = "بردن به برنامه‌های دیگر";
/// Dialog of a model.
pub const TITLE: &str = "بردن مدل به جای دیگر";
/// Dialog of a dataset.
pub const TITLE_OF_DATASET: &str = "بستهٔ آفلاین برای رایانهٔ دیگر";
/// Over the forms of other programs.
pub const FOR_PROGRAMS: &str = "برای برنامه‌های دیگر";
/// Over the bundles.
pub const FOR_AMOOZGAR: &str = "برای آموزگار روی رایانهٔ دیگر";
/// Choice.
pub const FORM: &str = "شکل خروجی";
/// Field.
pub const FOLDER: &str = "در کدام پوشه";
/// Field.
pub const NAME: &str = "نام خروجی";
/// Check.
pub const NAME_NEEDED: &str = "نامی بدون «/» و «\\» بنویسید.";
/// Button.
pub const DO: &str = "نوشتن";
/// While it goes on.
pub const WRITING: &str = "نوشتن و سنجش فایل‌ها";
/// Toast.
pub const STOPPED: &str = "خروجی گرفتن متوقف شد و چیزی نوشته نماند.";
/// Of what is there in the end.
pub const DONE: &str = "مدل نوشته و سنجیده شد. اینجاست:";
/// Of a GGUF file.
pub const DONE_GGUF: &str = "کنارش یک Modelfile هم هست؛ در همان پوشه با دستور زیر مدل به Ollama افزوده می‌شود. LM Studio و llama.cpp خود فایل ‎.gguf را باز می‌کنند.";
/// The command's name.
pub const OLLAMA: &str = "دستور Ollama";
/// Of an adapter.
pub const DONE_PEFT: &str =
    "برای به‌کاربردنش مدل پایه هم لازم است؛ نشانی آن در adapter_config.json آمده است.";

/// Of an adapter in GGUF.
pub const DONE_GGUF_ADAPTER: &str = "در llama.cpp با گزینهٔ ‎--lora روی فایل GGUF مدل پایه گذاشته می‌شود؛ پایه باید همان مدلی باشد که آموزش رویش انجام شد.";

/// What rounding to a few bits took, in the worst of all matrices.
pub fn lossiest(relative: f64) -> String {
    format!(
        "گردکردن وزن‌ها به بیت‌های کم‌تر، در بدترین ماتریس {} خطا گذاشت.",
        number::percent(relative, 1)
    )
}

/// The name of a form.
pub fn form(form: ExportForm) -> &'static str {
    match form {
        ExportForm::Folder => "پوشه",
        ExportForm::Zip => "یک فایل ‎.zip",
        ExportForm::GgufF16 => "فایل GGUF با ۱۶ بیت (F16)",
        ExportForm::GgufQ8 => "فایل GGUF با ۸ بیت (Q8_0)",
        ExportForm::GgufQ5KM => "فایل GGUF با ۵ بیت (Q5_K_M)",
        ExportForm::GgufQ4KM => "فایل GGUF با ۴ بیت (Q4_K_M)",
        ExportForm::GgufQ4 => "فایل GGUF با ۴ بیت ساده (Q4_0)",
        ExportForm::GgufAdapter => "آداپتور GGUF",
        ExportForm::Safetensors => "پوشهٔ safetensors",
        ExportForm::Peft => "آداپتور PEFT",
    }
}

/// What a form is for.
pub fn purpose(form: ExportForm) -> &'static str {
    match form {
        ExportForm::Folder => "همان بسته به شکل پوشه، که بازش هم می‌شود کرد.",
        ExportForm::Zip => {
            "همهٔ فایل‌ها با فهرست اثر انگشت‌هایشان، برای بردن با حافظهٔ USB و وارد کردن آنجا؛ بدون فایل‌های ‎.py و pickle."
        }
        ExportForm::GgufF16 => {
            "برای LM Studio، Ollama و llama.cpp؛ دقیق‌ترین شکل، دو بایت برای هر پارامتر."
        }
        ExportForm::GgufQ8 => {
            "برای همان برنامه‌ها؛ نزدیک نصف اندازه، با تفاوتی که به‌سختی دیده می‌شود."
        }
        ExportForm::GgufQ5KM => {
            "کمی بزرگ‌تر و دقیق‌تر از ۴ بیت؛ وقتی برای حافظه جا هست و کیفیت مهم‌تر است."
        }
        ExportForm::GgufQ4KM => {
            "انتخاب بیشتر مردم برای LM Studio، Ollama و llama.cpp: نزدیک یک‌سوم اندازهٔ ۱۶ بیت، با افت کیفیتی که کم به چشم می‌آید."
        }
        ExportForm::GgufQ4 => {
            "شکل قدیمی ۴ بیت؛ تنها برای برنامه‌ها و گوشی‌هایی که شکل‌های تازه‌تر را نمی‌خوانند."
        }
        ExportForm::GgufAdapter => {
            "تنها آنچه آموزش داده شده، برای llama.cpp که آن را روی فایل GGUF مدل پایه می‌گذارد."
        }
        ExportForm::Safetensors => {
            "برای transformers و ابزارهای پایتون؛ اگر آداپتوری آموزش داده شده، در وزن‌ها ادغام شده است."
        }
        ExportForm::Peft => {
            "تنها آنچه آموزش داده شده، بی مدل پایه؛ چند مگابایت، برای کتابخانهٔ PEFT."
        }
    }
}

/// Toast.
pub fn exported(n_files: u32, n_bytes: u64) -> String {
    format!(
        "بسته با {} فایل ({}) ساخته شد.",
        count(n_files.into()),
        number::bytes(n_bytes)
    )
}
