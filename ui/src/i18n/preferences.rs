//! Words of the settings' sections: the machine's share, notifications, services, files.

use super::common::{self, count};
use super::time;
use amoozgar_text::{bidi::isolate, number};
use amoozgar_types::ipc::{BackupSummary, Battery, ServiceReport, WrittenFile};
use amoozgar_types::notification::NotificationKind;

// Numbers.

/// Card.
pub const NUMBERS: &str = "عددها";
/// Choice.
pub const DIGITS: &str = "رقم‌ها";
/// Choice.
pub const DIGITS_HELP: &str = "عددها و تاریخ‌ها در همهٔ برنامه با این رقم‌ها نشان داده می‌شوند.";
/// Choice.
pub const DIGITS_PERSIAN: &str = "فارسی (۱۲۳)";
/// Choice.
pub const DIGITS_LATIN: &str = "لاتین";

// The machine's share.

/// Card.
pub const SHARE: &str = "سهم آموزش از رایانه";
/// Field.
pub const MEMORY_LIMIT: &str = "سقف حافظه";
/// Field.
pub const MEMORY_UNIT: &str = "مبی‌بایت";
/// Choice.
pub const PRIORITY: &str = "اولویت آموزش";
/// Choice.
pub const PRIORITY_HELP: &str = "هرچه پایین‌تر باشد، برنامه‌های دیگر روان‌تر کار می‌کنند.";
/// Choice.
pub const PRIORITY_NORMAL: &str = "معمولی";
/// Choice.
pub const PRIORITY_LOW: &str = "پایین";
/// Choice.
pub const PRIORITY_LOWEST: &str = "پایین‌ترین";
/// Card.
pub const POWER: &str = "برق و خواب";
/// Choice.
pub const ON_BATTERY: &str = "هنگام کار با باتری";
/// Choice.
pub const BATTERY_ASK: &str = "بپرسد";
/// Choice.
pub const BATTERY_PAUSE: &str = "مکث کند";
/// Choice.
pub const BATTERY_CONTINUE: &str = "ادامه دهد";
/// Where there is no battery.
pub const NO_BATTERY: &str =
    "این رایانه باتری ندارد، یا سیستم وضعیت آن را نمی‌گوید؛ آموزش همیشه ادامه می‌یابد.";
/// Switch.
pub const PREVENT_SLEEP: &str = "بیدار نگه داشتن رایانه هنگام آموزش";
/// Switch.
pub const PREVENT_SLEEP_HELP: &str =
    "تا آموزش در جریان است رایانه خودبه‌خود به خواب نمی‌رود؛ نمایشگر خاموش می‌شود.";
/// Where it cannot be done.
pub const CANNOT_PREVENT_SLEEP: &str =
    "در این سیستم، آموزگار نمی‌تواند جلوی خواب رفتن رایانه را بگیرد.";
/// The question.
pub const WENT_ON_BATTERY: &str = "رایانه از برق جدا شده است";
/// The question.
pub const PAUSE_NOW: &str = "مکث آموزش";

/// Help of the memory limit.
pub fn memory_help(memory_bytes: u64) -> String {
    format!(
        "این رایانه {} حافظه دارد. اگر خالی باشد، آموزش هر اندازه که آزاد است به کار می‌برد.",
        number::bytes(memory_bytes)
    )
}

/// Check.
pub fn memory_out_of_range(least: u32, most: u32) -> String {
    format!(
        "عددی صحیح از {} تا {} بنویسید، یا خالی بگذارید.",
        count(least.into()),
        count(most.into())
    )
}

/// The battery now.
pub fn battery(battery: Battery) -> String {
    let charge = battery
        .percent
        .map(|percent| format!("؛ شارژ {}", number::percent(percent, 0)))
        .unwrap_or_default();
    if battery.in_use {
        format!("رایانه اکنون با باتری کار می‌کند{charge}.")
    } else {
        format!("رایانه اکنون به برق وصل است{charge}.")
    }
}

/// The question.
pub fn went_on_battery(job_name: &str) -> String {
    format!(
        "«{}» هنوز در حال اجراست و باتری را زود خالی می‌کند. می‌خواهید مکث کند؟ با وصل شدن برق می‌توانید آن را ادامه دهید.",
        isolate(job_name)
    )
}

// Notifications.

/// Section and card.
pub const NOTIFICATIONS: &str = "اعلان‌ها";
/// Card.
pub const WHICH: &str = "اعلان سیستم برای چه باشد؟";
/// Card.
pub const QUIET: &str = "ساعت‌های سکوت";
/// Switch.
pub const QUIET_ON: &str = "در این ساعت‌ها اعلان سیستم نشان داده نشود";
/// Switch.
pub const QUIET_HELP: &str = "اعلان‌ها در فهرست می‌مانند و بعد می‌توانید ببینیدشان.";
/// Field.
pub const QUIET_FROM: &str = "از ساعت";
/// Field.
pub const QUIET_TO: &str = "تا ساعت";
/// Check.
pub const QUIET_EMPTY: &str = "آغاز و پایان یکی است؛ ساعت دیگری انتخاب کنید.";

/// A kind of notification.
pub fn kind(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::Completed => "پایان آموزش",
        NotificationKind::Failed => "خطا در آموزش",
        NotificationKind::Interrupted => "قطع شدن آموزش",
        NotificationKind::Download => "دانلودها",
    }
}

/// A minute of the day: «۲۲:۳۰».
pub fn minute(minute: u16) -> String {
    number::digits(&format!("{:02}:{:02}", minute / 60, minute % 60))
}

// The program.

/// Section.
pub const PROGRAM: &str = "رفتار برنامه";
/// Card.
pub const CLOSING: &str = "بستن پنجره";
/// Card.
pub const STARTING: &str = "شروع برنامه";
/// Switch.
pub const AUTOSTART: &str = "شروع همراه سیستم";
/// Switch.
pub const AUTOSTART_HELP: &str =
    "هر بار که وارد حساب رایانه می‌شوید، آموزگار هم باز می‌شود و صف آموزش ادامه می‌یابد.";
/// Where it cannot be arranged.
pub const NO_AUTOSTART: &str = "در این سیستم نمی‌توان شروع خودکار را تنظیم کرد.";
/// Card.
pub const RESET: &str = "بازنشانی تنظیمات";
/// Card.
pub const RESET_TEXT: &str = "همهٔ تنظیمات شما به حالت نخست برمی‌گردد. اجراها، مدل‌ها و مجموعه‌داده‌ها دست نمی‌خورند؛ سرویس‌های گفت‌وگو و کلیدهایشان پاک می‌شوند.";
/// Button.
pub const RESET_ACTION: &str = "بازنشانی تنظیمات";
/// Question.
pub const RESET_TITLE: &str = "تنظیمات به حالت نخست برگردد؟";
/// Toast.
pub const RESET_DONE: &str = "تنظیمات به حالت نخست برگشت.";

// Services.

/// Section and card.
pub const SERVICES: &str = "سرویس‌های گفت‌وگو";
/// Card.
pub const SERVICES_TEXT: &str = "سرورهایی که خودتان می‌شناسید و با زبان OpenAI سخن می‌گویند. چیزی جز آنچه در گفت‌وگو می‌نویسید برایشان فرستاده نمی‌شود.";
/// No service.
pub const NO_SERVICES: &str = "هنوز سرویسی افزوده نشده است";
/// No service.
pub const NO_SERVICES_TEXT: &str = "مثلاً سروری روی همین رایانه یا شبکهٔ خودتان.";
/// Button.
pub const ADD_SERVICE: &str = "افزودن سرویس";
/// Button.
pub const EDIT_SERVICE: &str = "ویرایش";
/// Dialog.
pub const NEW_SERVICE: &str = "سرویس تازه";
/// Dialog.
pub const CHANGE_SERVICE: &str = "ویرایش سرویس";
/// Field.
pub const SERVICE_NAME: &str = "نام";
/// Field.
pub const SERVICE_NAME_PLACEHOLDER: &str = "مثلاً سرور خانگی";
/// Field.
pub const SERVICE_ADDRESS: &str = "نشانی پایه";
/// Field.
pub const SERVICE_ADDRESS_HELP: &str = "نشانی‌ای که ‎/models‎ پس از آن می‌آید.";
/// Field.
pub const SERVICE_MODEL: &str = "مدل";
/// Field.
pub const SERVICE_MODEL_HELP: &str = "نام مدل، همان‌گونه که سرویس می‌شناسد؛ می‌تواند خالی باشد.";
/// Field.
pub const SERVICE_KEY: &str = "کلید";
/// Field.
pub const SERVICE_KEY_HELP: &str = "در دسته‌کلید سیستم نگه داشته می‌شود، نه در پایگاه داده.";
/// Field.
pub const SERVICE_KEY_KEPT: &str = "کلیدی در دسته‌کلید هست. برای نگه داشتنش خالی بگذارید.";
/// Badge.
pub const HAS_KEY: &str = "کلید دارد";
/// Check.
pub const NAME_NEEDED: &str = "نامی تا ۶۰ نویسه بنویسید.";
/// Check.
pub const ADDRESS_NEEDED: &str = "نشانی باید با ‎http://‎ یا ‎https://‎ آغاز شود.";
/// Check.
pub const KEY_UNUSABLE: &str = "کلید فقط حرف و نشانهٔ لاتین دارد و فاصله ندارد.";
/// Warning.
pub const NOT_SECURE: &str = "این نشانی رمزگذاری نشده است؛ کلید و نوشته‌ها در شبکه دیده می‌شوند. فقط روی شبکهٔ خودتان به کار ببرید.";
/// Button.
pub const TEST: &str = "آزمودن";
/// Question.
pub const REMOVE_SERVICE: &str = "این سرویس حذف شود؟";
/// Question.
pub const REMOVE_SERVICE_TEXT: &str = "نام، نشانی و کلید آن از این رایانه پاک می‌شود.";
/// Toast.
pub const SERVICE_SAVED: &str = "سرویس ذخیره شد.";
/// Toast.
pub const SERVICE_REMOVED: &str = "سرویس حذف شد.";

/// What a service answered.
pub fn report(report: &ServiceReport) -> String {
    let took = number::format_decimal(report.took_ms as f64 / 1000.0, 1);
    match report.models.len() {
        0 => format!("سرویس در {took} ثانیه پاسخ داد، ولی مدلی ندارد."),
        n => format!(
            "سرویس در {took} ثانیه پاسخ داد و {} مدل دارد.",
            count(n as u64)
        ),
    }
}

// Files.

/// Section.
pub const STORAGE: &str = "داده‌ها و پشتیبان";
/// Card.
pub const FOLDERS: &str = "پوشه‌ها";
/// Card.
pub const FOLDERS_HELP: &str = "همهٔ اجراها، مدل‌ها، مجموعه‌داده‌ها و پایگاه داده در این پوشه است.";
/// Card.
pub const BACKUP: &str = "پشتیبان پایگاه داده";
/// Card.
pub const BACKUP_TEXT: &str = "نمایه‌ها، تنظیمات، فهرست اجراها و منحنی‌ها در یک فایل. خود مدل‌ها و متن‌ها در پوشهٔ داده‌ها می‌مانند و در آن نیستند.";
/// Button.
pub const BACKUP_ACTION: &str = "تهیهٔ پشتیبان";
/// Button.
pub const RESTORE_ACTION: &str = "بازگرداندن پشتیبان";
/// The system's dialog.
pub const BACKUP_TITLE: &str = "ذخیرهٔ پشتیبان";
/// The system's dialog.
pub const RESTORE_PICK: &str = "انتخاب فایل پشتیبان";
/// A kind of file.
pub const BACKUP_KIND: &str = "پشتیبان آموزگار";
/// Question.
pub const RESTORE_TITLE: &str = "این پشتیبان جای پایگاه دادهٔ کنونی را بگیرد؟";
/// Button.
pub const RESTORE_CONFIRM: &str = "بازگرداندن و شروع دوباره";
/// Card.
pub const LOGS: &str = "گزارش‌های برنامه";
/// Card.
pub const LOGS_TEXT: &str = "برای فرستادن به کسی که کمک می‌کند. گذرواژه‌ها، توکن‌ها و کلیدها، اگر جایی نوشته شده باشند، پیش از ذخیره برداشته می‌شوند.";
/// Button.
pub const LOGS_ACTION: &str = "ذخیرهٔ گزارش‌ها";
/// The system's dialog.
pub const LOGS_TITLE: &str = "ذخیرهٔ گزارش‌های برنامه";
/// A kind of file.
pub const LOGS_KIND: &str = "بایگانی ZIP";

/// The name that the dialog offers.
pub fn backup_name() -> String {
    format!("amoozgar-{}.db", dated())
}

/// The name that the dialog offers.
pub fn logs_name() -> String {
    format!("amoozgar-logs-{}.zip", dated())
}

fn dated() -> String {
    number::to_latin_digits(&time::short(time::now_ms())).replace('/', "-")
}

/// Toast.
pub fn written(file: &WrittenFile) -> String {
    format!(
        "ذخیره شد ({}): {}",
        number::bytes(file.size_bytes),
        isolate(&file.path)
    )
}

/// What a back-up holds.
pub fn backup_summary(backup: &BackupSummary) -> String {
    let latest = backup
        .latest_ms
        .map(|at| format!("، آخرین تغییر {}", time::long(at)))
        .unwrap_or_default();
    format!(
        "این پشتیبان {} نمایه و {} اجرا دارد{latest}. پایگاه دادهٔ کنونی با نام دیگری در پوشهٔ داده‌ها کنار گذاشته می‌شود و برنامه دوباره شروع می‌کند.",
        common::count(backup.n_users),
        common::count(backup.n_jobs),
    )
}
