//! Words of the pages of models: what is installed, the catalog, search, a repository's page,
//! import and export.

use super::common::count;
use amoozgar_text::bidi::isolate;
use amoozgar_text::number;
use amoozgar_types::catalog::{CatalogTask, DataFormat};
use amoozgar_types::elsewhere::Keeper;
use amoozgar_types::ipc::HubSort;
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::{FileReason, Fit, FitVerdict, RepoKind};

/// Page.
pub const TITLE: &str = "مدل‌ها";
/// Page.
pub const SUBTITLE: &str = "مدل‌های این رایانه: دانلودشده، واردشده، و آنچه خودتان آموزش داده‌اید.";
/// Button.
pub const DOWNLOAD_MODEL: &str = "دانلود مدل";
/// Button.
pub const IMPORT: &str = "وارد کردن";
/// Heading.
pub const INSTALLED_MODELS: &str = "مدل‌های نصب‌شده";
/// Heading.
pub const INSTALLED_DATASETS: &str = "مجموعه‌داده‌های دانلودشده";
/// Empty list.
pub const EMPTY_TITLE: &str = "هنوز هیچ مدلی نصب نشده است";
/// Empty list.
pub const EMPTY_TEXT: &str = "مدلی آماده دانلود کنید تا با متن‌های خودتان تنظیمش کنید، یا یک مدل را از همین رایانه وارد کنید.";
/// Badge of an imported repository that the Hub has not confirmed.
pub const UNVERIFIED: &str = "منشأ تأییدنشده";
/// Title of that badge.
pub const UNVERIFIED_HELP: &str =
    "این فایل‌ها از بستهٔ آفلاین یا کش دیگری آمده‌اند و هنوز با فایل‌های مخزن سنجیده نشده‌اند.";
/// Action of an imported repository.
pub const CONFIRM: &str = "سنجیدن با مخزن";
/// Action.
pub const OPEN_FOLDER: &str = "باز کردن پوشه";
/// Action.
pub const DELETE: &str = "حذف";
/// Action of a downloaded dataset.
pub const USE_DATASET: &str = "افزودن به مجموعه‌داده‌ها";
/// Action on the page of datasets.
pub const BROWSE_DATASETS: &str = "دانلود از مخزن";
/// Question.
pub const DELETE_TITLE: &str = "این مدل حذف شود؟";
/// Question.
pub const DELETE_DATASET_TITLE: &str = "این مجموعه‌دادهٔ دانلودشده حذف شود؟";

/// Page.
pub const CATALOG_TITLE: &str = "مخزن مدل‌ها";
/// Page.
pub const CATALOG_SUBTITLE: &str = "از فهرست پیشنهادی برگزینید یا در Hugging Face جست‌وجو کنید. هر فایل پس از دانلود با اثر انگشتش سنجیده می‌شود.";
/// Tabs.
pub const CATALOG_TABS: &str = "راه یافتن مدل";
/// Tab.
pub const TAB_CATALOG: &str = "فهرست پیشنهادی";
/// Tab.
pub const TAB_SEARCH: &str = "جست‌وجو در مخزن";
/// Choice.
pub const KIND: &str = "چه می‌خواهید؟";
/// Choice.
pub const KIND_MODELS: &str = "مدل";
/// Choice.
pub const KIND_DATASETS: &str = "مجموعه‌داده";
/// Field.
pub const FILTER_TEXT: &str = "نام یا کاربرد";
/// Field.
pub const FILTER_TASK: &str = "کاربرد";
/// Option.
pub const ALL: &str = "همه";
/// Field.
pub const FILTER_FIT: &str = "فقط آنچه در این رایانه جا می‌شود";
/// Empty list.
pub const NONE_MATCHES_TITLE: &str = "چیزی با این مشخصات نیست";
/// Empty list.
pub const NONE_MATCHES_TEXT: &str = "واژهٔ دیگری بنویسید یا پالایه‌ها را بردارید.";
/// Button.
pub const CLEAR_FILTERS: &str = "برداشتن پالایه‌ها";
/// Button.
pub const DETAILS: &str = "جزئیات";
/// Button.
pub const DOWNLOAD: &str = "دانلود";
/// Badge.
pub const INSTALLED: &str = "نصب‌شده";
/// Badge.
pub const IN_QUEUE: &str = "در فهرست دانلود";
/// Badge.
pub const GATED: &str = "نیازمند پذیرش شرایط";
/// Fact.
pub const LICENCE: &str = "پروانه";
/// Fact.
pub const LICENCE_UNKNOWN: &str = "نامشخص";
/// Fact.
pub const PARAMETERS: &str = "پارامتر";
/// Fact.
pub const SIZE: &str = "حجم دانلود";
/// Fact.
pub const CONTEXT: &str = "طول زمینه";
/// Fact.
pub const FORMAT: &str = "قالب";
/// Fact.
pub const MEMORY_LORA: &str = "حافظه با LoRA";
/// Fact.
pub const MEMORY_FULL: &str = "حافظه با همهٔ وزن‌ها";
/// What the engine cannot train.
pub const NOT_TRAINABLE: &str = "آموزش این معماری هنوز ممکن نیست";
/// Below the catalog.
pub const ABOUT_NUMBERS: &str = "حجم‌ها تقریبی‌اند و حافظه از شمار پارامترها حساب شده است؛ صفحهٔ هر مدل آنچه را مخزن می‌گوید نشان می‌دهد.";

/// Field.
pub const SEARCH_TEXT: &str = "نام مدل یا سازنده";
/// Field.
pub const SEARCH_TEXT_DATASET: &str = "نام مجموعه‌داده یا سازنده";
/// Placeholder.
pub const SEARCH_PLACEHOLDER: &str = "مثلاً persian bert";
/// Button.
pub const SEARCH: &str = "جست‌وجو";
/// Field.
pub const LANGUAGE: &str = "زبان";
/// Field.
pub const WEIGHTS: &str = "قالب وزن‌ها";
/// Field.
pub const SORT: &str = "ترتیب";
/// Before the first search.
pub const SEARCH_EMPTY_TITLE: &str = "هزاران مدل، با یک جست‌وجو";
/// Before the first search.
pub const SEARCH_EMPTY_TEXT: &str =
    "نامی بنویسید و «جست‌وجو» را بزنید. با جای خالی هم، پردانلودترین‌های فارسی را می‌بینید.";
/// Heading of the results, for screen readers.
pub const RESULTS: &str = "یافته‌ها";
/// Fact.
pub const DOWNLOADS: &str = "دانلود در ماه";
/// Fact.
pub const LIKES: &str = "پسند";
/// Fact.
pub const TASK: &str = "کاربرد";
/// Pager.
pub const PREVIOUS: &str = "صفحهٔ پیشین";
/// Pager.
pub const NEXT: &str = "صفحهٔ بعد";

/// Card.
pub const FILES: &str = "فایل‌ها";
/// Column.
pub const COLUMN_FILE: &str = "فایل";
/// Column.
pub const COLUMN_SIZE: &str = "حجم";
/// Column.
pub const COLUMN_WHY: &str = "چرا";
/// Column, for screen readers.
pub const COLUMN_BRING: &str = "دانلود شود";
/// Button.
pub const ONLY_NEEDED: &str = "فقط فایل‌های لازم";
/// Card.
pub const FITS: &str = "این رایانه";
/// Card.
pub const CARD: &str = "آنچه سازنده نوشته است";
/// Where there is no card.
pub const NO_CARD: &str = "سازنده دربارهٔ آن چیزی ننوشته است، یا نوشته‌اش اکنون در دسترس نیست.";
/// Where a card is long.
pub const CARD_CUT: &str = "ادامهٔ نوشته را در صفحهٔ مخزن بخوانید.";
/// Button.
pub const OPEN_PAGE: &str = "باز کردن صفحه در مرورگر";
/// Fact.
pub const FREE_DISK: &str = "جای خالی دیسک";
/// Fact.
pub const COMMIT: &str = "نگارش";
/// Card.
pub const GATED_TITLE: &str = "نخست باید شرایط سازنده را بپذیرید";
/// Step.
pub const GATED_STEP_1: &str =
    "صفحهٔ آن را در مرورگر باز کنید، با حساب Hugging Face وارد شوید و شرایط را بپذیرید.";
/// Step.
pub const GATED_STEP_2: &str =
    "در همان حساب یک توکن دسترسی «خواندنی» بسازید و در تنظیمات اینجا بگذارید.";
/// Step.
pub const GATED_STEP_3: &str = "به این صفحه بازگردید و دوباره بکوشید.";
/// Link.
pub const TOKEN_SETTINGS: &str = "تنظیمات توکن";
/// Card.
pub const REFUSED_TITLE: &str = "این مخزن دانلود نمی‌شود";
/// Note; the branch follows.
pub const CONVERTED: &str =
    "شاخهٔ اصلی تنها وزن‌های pickle دارد؛ فایل‌ها از شاخه‌ای می‌آیند که مبدل خود مخزن ساخته است:";
/// Note.
pub const REMOVED_PARTIAL: &str = "بخش‌های نیمه‌کاره";

/// Dialog.
pub const IMPORT_TITLE: &str = "وارد کردن مدل از این رایانه";
/// Dialog.
pub const IMPORT_DROP: &str = "پوشه یا فایل ‎.gguf یا ‎.zip را روی پنجره رها کنید";
/// Dialog.
pub const IMPORT_HELP: &str = "فایل GGUF، پوشهٔ یک مدل (با config.json)، بستهٔ آفلاین آموزگار، یا پوشهٔ کش Hugging Face از برنامه‌ای دیگر.";
/// Heading in the dialog.
pub const FOUND_TITLE: &str = "در برنامه‌های دیگر این رایانه";
/// Under that heading.
pub const FOUND_HELP: &str = "مدل از پوشهٔ آن برنامه رونوشت می‌شود و آنجا هم می‌ماند.";
/// Button.
pub const PICK_FOLDER: &str = "انتخاب پوشه";
/// Button.
pub const PICK_FILE: &str = "انتخاب فایل";
/// In the file dialog.
pub const FILE_FILTER: &str = "مدل یا بستهٔ آفلاین";
/// Field.
pub const IMPORT_PATH: &str = "نشانی پوشه یا فایل";
/// Field.
pub const PATH_NEEDED: &str = "نشانی را بنویسید یا انتخاب کنید.";
/// While it goes on.
pub const IMPORTING: &str = "رونوشت‌برداری و سنجش فایل‌ها";
/// Toast.
pub const IMPORT_STOPPED: &str = "وارد کردن نیمه‌کاره رها شد و چیزی از آن نماند.";

/// Button.
pub const STOP: &str = "توقف";
/// Dialog.
pub const USE_DATASET_TITLE: &str = "کدام فایل‌ها افزوده شوند؟";
/// Dialog.
pub const USE_DATASET_HELP: &str = "فایل‌های ‎.txt و ‎.jsonl (با فیلد text) را می‌توان افزود. برای قالب‌های دیگر، فایل را نخست به یکی از این دو تبدیل کنید.";
/// Dialog.
pub const USE_DATASET_NONE: &str = "در این مجموعه‌داده فایل ‎.txt یا ‎.jsonl نیست. قالب‌های دیگر (مانند Parquet و CSV) را نخست به ‎.jsonl با فیلد text تبدیل کنید؛ پوشهٔ فایل‌ها را از دکمهٔ زیر باز کنید.";
/// Button.
pub const USE_FILE: &str = "افزودن";
/// Mark.
pub const USED: &str = "افزوده شد";

/// Model or dataset.
pub fn kind(kind: RepoKind) -> &'static str {
    match kind {
        RepoKind::Model => KIND_MODELS,
        RepoKind::Dataset => KIND_DATASETS,
    }
}

/// Where an installed model came from.
pub fn source(model: &ModelRef) -> &'static str {
    match model {
        ModelRef::Hub { .. } => "دانلودشده",
        ModelRef::Imported { .. } => "واردشده",
        ModelRef::Trained { .. } => "آموزش‌دیده اینجا",
    }
}

/// What an entry of the catalog is for.
pub fn task(task: CatalogTask) -> &'static str {
    match task {
        CatalogTask::Generation => "نوشتن متن",
        CatalogTask::Chat => "گفت‌وگو و دستور",
        CatalogTask::Classification => "دسته‌بندی و یافتن نام‌ها",
        CatalogTask::Embedding => "بردار معنا و جست‌وجو",
        CatalogTask::PlainText => "متن خام",
        CatalogTask::Poetry => "شعر",
        CatalogTask::Instructions => "دستور و پاسخ",
        CatalogTask::Sentiment => "تحلیل احساس",
        CatalogTask::Entities => "نام‌ها",
        CatalogTask::Inference => "استنتاج زبانی",
    }
}

/// A task of the Hub's, as `text-generation`; unknown ones stay as they are.
pub fn hub_task(name: &str) -> Option<&'static str> {
    Some(match name {
        "text-generation" => "نوشتن متن",
        "fill-mask" => "پر کردن جای خالی",
        "text-classification" => "دسته‌بندی متن",
        "token-classification" => "یافتن نام‌ها",
        "feature-extraction" => "بردار معنا",
        "sentence-similarity" => "سنجش شباهت جمله‌ها",
        "question-answering" => "پرسش و پاسخ",
        "translation" => "ترجمه",
        "summarization" => "خلاصه‌سازی",
        _ => return None,
    })
}

/// A language by its code.
pub fn language(code: &str) -> &'static str {
    match code {
        "fa" => "فارسی",
        "en" => "انگلیسی",
        _ => "دیگر",
    }
}

/// The form of a dataset's files.
pub fn data_format(format: DataFormat) -> &'static str {
    match format {
        DataFormat::Txt => "متن ساده",
        DataFormat::Jsonl => "JSON Lines",
        DataFormat::Csv => "CSV",
        DataFormat::Parquet => "Parquet",
    }
}

/// The order of a search.
pub fn sort(sort: HubSort) -> &'static str {
    match sort {
        HubSort::Downloads => "پردانلودترین",
        HubSort::Likes => "پسندیده‌ترین",
        HubSort::Updated => "تازه‌ترین تغییر",
    }
}

/// Whether a model fits, in a sentence.
pub fn fit(verdict: FitVerdict) -> &'static str {
    match verdict {
        FitVerdict::Full => "همهٔ وزن‌هایش در این رایانه آموزش‌پذیر است",
        FitVerdict::Lora => "در این رایانه با LoRA آموزش‌پذیر است",
        FitVerdict::Use => "تنها برای به‌کارگیری در این رایانه جا می‌شود",
        FitVerdict::TooLarge => "در حافظهٔ این رایانه جا نمی‌شود",
    }
}

/// What a model needs beside what there is.
pub fn fit_numbers(fit: &Fit) -> [(&'static str, String); 4] {
    [
        ("حافظهٔ این رایانه", number::bytes(fit.memory_bytes)),
        ("برای به‌کارگیری، حدود", number::bytes(fit.use_bytes)),
        ("برای تنظیم با LoRA، حدود", number::bytes(fit.lora_bytes)),
        ("برای آموزش همهٔ وزن‌ها، حدود", number::bytes(fit.full_bytes)),
    ]
}

/// Why a file comes, or does not.
pub fn reason(why: FileReason) -> &'static str {
    match why {
        FileReason::Weights => "وزن‌های مدل",
        FileReason::Configuration => "پیکربندی",
        FileReason::Tokenizer => "توکن‌ساز",
        FileReason::Words => "توضیح و پروانه",
        FileReason::Data => "داده",
        FileReason::OtherWeights => "شکل دیگری از همان وزن‌ها",
        FileReason::Pickle => "قالب pickle: می‌تواند برنامه اجرا کند، دانلود نمی‌شود",
        FileReason::NotNeeded => "در اینجا به کار نمی‌آید",
    }
}

/// «۴۹۴ میلیون», «۱٫۵ میلیارد»
pub fn parameters(n: u64) -> String {
    let (value, unit) = match n {
        1_000_000_000.. => (n as f64 / 1e9, " میلیارد"),
        1_000_000.. => (n as f64 / 1e6, " میلیون"),
        _ => (n as f64 / 1e3, " هزار"),
    };
    let digits = usize::from(value < 9.95 && (value - value.round()).abs() >= 0.05);
    format!("{}{unit}", number::format_decimal(value, digits))
}

/// «۳۲٬۷۶۸ توکن»
pub fn tokens(n: u32) -> String {
    format!("{} توکن", count(n.into()))
}

/// «حدود ۹۸۸ مگابایت»
pub fn about(n_bytes: u64) -> String {
    format!("حدود {}", number::bytes(n_bytes))
}

/// «۱۲ فایل، ۴۵۰ مگابایت»
pub fn files_size(n_files: usize, n_bytes: u64) -> String {
    format!("{} فایل، {}", count(n_files as u64), number::bytes(n_bytes))
}

/// «نمایش ۳۰ فایل دیگر»
pub fn more_files(n: usize) -> String {
    format!("نمایش {} فایل دیگر", count(n as u64))
}

/// «صفحهٔ ۲»
pub fn page(n: usize) -> String {
    format!("صفحهٔ {}", count(n as u64))
}

/// Not enough room.
pub fn no_room(needed: u64, free: u64) -> String {
    format!(
        "روی دیسک {} جا هست و {} لازم است.",
        number::bytes(free),
        number::bytes(needed)
    )
}

/// Toast.
pub fn confirmed(name: &str) -> String {
    format!("همهٔ فایل‌های «{}» همان فایل‌های مخزن است.", isolate(name))
}

/// Toast.
pub fn imported(names: &[String]) -> String {
    match names {
        [] => "مدل تازه‌ای در آن نبود.".to_owned(),
        [one] => format!("«{}» وارد شد.", isolate(one)),
        many => format!("{} مدل وارد شد.", count(many.len() as u64)),
    }
}

/// For screen readers.
pub fn label(action: &str, name: &str) -> String {
    format!("{action}: {}", isolate(name))
}

/// The program that keeps a model.
pub fn keeper(keeper: Keeper) -> &'static str {
    match keeper {
        Keeper::LmStudio => "LM Studio",
        Keeper::Ollama => "Ollama",
        Keeper::Hub => "Hugging Face",
    }
}

#[cfg(test)]
mod tests {
    use super::{fit, parameters};
    use amoozgar_types::repo::FitVerdict;

    #[test]
    fn numbers_of_parameters_are_rounded_and_named() {
        assert_eq!(parameters(596_049_920), "۵۹۶ میلیون");
        assert_eq!(parameters(1_543_714_304), "۱٫۵ میلیارد");
        assert_eq!(parameters(4_022_468_096), "۴ میلیارد");
        assert_eq!(parameters(900), "۰٫۹ هزار");
    }

    #[test]
    fn each_verdict_has_words_of_its_own() {
        let words = [
            FitVerdict::Full,
            FitVerdict::Lora,
            FitVerdict::Use,
            FitVerdict::TooLarge,
        ]
        .map(fit);
        let distinct: std::collections::BTreeSet<_> = words.iter().collect();
        assert_eq!(distinct.len(), words.len(), "{words:?}");
    }
}
