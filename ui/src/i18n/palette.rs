//! Words of the command palette.

/// Group.
pub const PAGES: &str = "صفحه‌ها";
/// Group.
pub const ACTIONS: &str = "کارها";
/// Group.
pub const RUNS: &str = "اجراها";
/// Group.
pub const HELP: &str = "راهنما";
/// Other words for a new run.
pub const NEW_RUN_ALSO: &str = "ساختن مدل شروع اجرا";
/// Action.
pub const IMPORT: &str = "وارد کردن متن";
/// Other words for it.
pub const IMPORT_ALSO: &str = "افزودن فایل مجموعه‌داده";
/// Other words for a download.
pub const DOWNLOAD_ALSO: &str = "مخزن جست‌وجو Hugging Face گرفتن";
/// Action.
pub const THEME_LIGHT: &str = "پوستهٔ روشن";
/// Action.
pub const THEME_DARK: &str = "پوستهٔ تیره";
/// Other words for them.
pub const THEME_ALSO: &str = "تم رنگ شب روز";
