//! Words of the sign-in page.

use super::common::count;
use amoozgar_text::bidi::isolate;
use amoozgar_types::user::Role;

/// First start.
pub const WELCOME: &str = "به آموزگار خوش آمدید";
/// First start.
pub const WELCOME_TEXT: &str =
    "مدل زبانی خودتان را روی همین رایانه بسازید؛ بی‌اینترنت، و بی‌آنکه داده‌ای از آن بیرون برود.";
/// First start.
pub const NEW_TITLE: &str = "ساختن نمایه";
/// First start.
pub const NEW_TEXT: &str = "برای شروع یک نام کافی است.";
/// Later starts.
pub const CHOOSE_TITLE: &str = "کدام نمایه؟";
/// Later starts.
pub const CHOOSE_TEXT: &str = "نمایهٔ خود را انتخاب کنید.";
/// Field.
pub const NAME: &str = "نام";
/// Field.
pub const NAME_PLACEHOLDER: &str = "برای نمونه: سارا";
/// Field.
pub const PASSWORD: &str = "گذرواژه";
/// Field.
pub const PASSWORD_OPTIONAL: &str = "گذرواژه (دلخواه)";
/// Field.
pub const PASSWORD_HELP: &str = "اگر کس دیگری هم از این رایانه استفاده می‌کند، گذرواژه بگذارید.";
/// Field.
pub const PASSWORD_AGAIN: &str = "تکرار گذرواژه";
/// Button.
pub const CREATE: &str = "ساختن نمایه و شروع";
/// Button.
pub const ENTER: &str = "ورود";
/// Button.
pub const NEW_PROFILE: &str = "نمایهٔ تازه";
/// Button.
pub const OTHER_PROFILE: &str = "نمایه‌ای دیگر";
/// On a profile's card.
pub const WITH_PASSWORD: &str = "با گذرواژه";
/// On a profile's card.
pub const WITHOUT_PASSWORD: &str = "بی‌گذرواژه";
/// Check.
pub const NAME_NEEDED: &str = "نام را بنویسید.";
/// Check.
pub const PASSWORD_NEEDED: &str = "گذرواژه را بنویسید.";
/// Check.
pub const PASSWORDS_DIFFER: &str = "با گذرواژهٔ بالا یکی نیست.";

/// Checkbox.
pub const REMEMBER: &str = "مرا به یاد بسپار";
/// Checkbox.
pub const REMEMBER_HELP: &str = "تا یک ماه، با باز شدن برنامه بی‌پرسش وارد می‌شوید.";
/// Toast.
pub const NO_KEYRING: &str =
    "وارد شدید، اما دسته‌کلید سیستم در دسترس نیست؛ بار دیگر هم گذرواژه پرسیده می‌شود.";
/// Link.
pub const FORGOT: &str = "گذرواژه را فراموش کرده‌ام";
/// Recovery.
pub const RECOVER_TITLE: &str = "بازیابی با کد";
/// Recovery.
pub const RECOVER_TEXT: &str =
    "یکی از کدهایی را که هنگام ساختن گذرواژه نگه داشتید بنویسید و گذرواژهٔ تازه‌ای بگذارید.";
/// Recovery.
pub const RECOVERY_CODE: &str = "کد بازیابی";
/// Recovery.
pub const CODE_NEEDED: &str = "کد بازیابی را بنویسید.";
/// Recovery.
pub const NEW_PASSWORD: &str = "گذرواژهٔ تازه";
/// Recovery.
pub const RECOVER: &str = "ورود با گذرواژهٔ تازه";
/// Recovery.
pub const RECOVERED: &str = "گذرواژهٔ تازه ذخیره شد. کدی که نوشتید دیگر به کار نمی‌آید.";
/// Recovery, where nobody has codes left.
pub const NO_CODES_HELP: &str = "اگر کدی ندارید، مدیر این رایانه می‌تواند گذرواژه را عوض کند.";
/// Above the profiles, after a session has ended by itself.
pub const EXPIRED: &str = "زمان نشست به پایان رسید. برای ادامه دوباره وارد شوید.";

/// Lock screen.
pub const LOCKED_TITLE: &str = "قفل شده";
/// Lock screen.
pub const LOCKED_TEXT: &str = "صفحه همان‌گونه که بود می‌ماند و آنچه در حال اجراست ادامه دارد.";
/// Lock screen.
pub const UNLOCK: &str = "باز کردن قفل";
/// Lock screen.
pub const LEAVE: &str = "خروج از نمایه";
/// Sidebar.
pub const LOCK: &str = "قفل کردن";

/// Wizard.
pub const WIZARD: &str = "گام‌های آغاز";
/// Wizard step.
pub const STEP_CODES: &str = "کدهای بازیابی";
/// Wizard step.
pub const STEP_LOOK: &str = "ظاهر";
/// Wizard step.
pub const STEP_PLACE: &str = "جای داده‌ها";
/// Wizard step.
pub const STEP_MACHINE: &str = "این رایانه";
/// Wizard.
pub const NEXT: &str = "ادامه";
/// Wizard.
pub const BEFORE: &str = "گام پیشین";
/// Wizard.
pub const SKIP: &str = "رد شدن";
/// Wizard.
pub const FINISH: &str = "شروع کار";
/// Wizard.
pub const LOOK_TITLE: &str = "برنامه چگونه باشد؟";
/// Wizard.
pub const LOOK_TEXT: &str = "هر وقت خواستید در تنظیمات عوضش کنید.";
/// Wizard.
pub const PLACE_TITLE: &str = "داده‌ها کجا می‌مانند؟";
/// Wizard.
pub const PLACE_TEXT: &str =
    "متن‌ها، اجراها و مدل‌ها همه در این پوشه‌اند و از این رایانه بیرون نمی‌روند.";
/// Wizard.
pub const PLACE_FREE: &str = "جای آزاد";
/// Wizard.
pub const MACHINE_TITLE: &str = "این رایانه چه می‌تواند آموزش دهد؟";
/// Wizard.
pub const MACHINE_TEXT: &str =
    "برآوردی کوتاه برای سه اندازهٔ مدل، با یک‌بار خواندن داده‌های همراه برنامه.";
/// Wizard.
pub const MACHINE_NOTHING: &str = "داده‌ای همراه برنامه پیدا نشد؛ پس از وارد کردن متن، برآورد هر اجرا پیش از شروع نشان داده می‌شود.";
/// Wizard.
pub const COLUMN_SIZE: &str = "اندازه";
/// Wizard.
pub const COLUMN_WEIGHTS: &str = "وزن‌ها";
/// Wizard.
pub const COLUMN_MEMORY: &str = "حافظه";
/// Wizard.
pub const COLUMN_TIME: &str = "زمان";
/// Wizard.
pub const FITS: &str = "جا می‌شود";
/// Wizard.
pub const FITS_NOT: &str = "حافظه کم است";

/// Codes.
pub const CODES_TITLE: &str = "کدهای بازیابی شما";
/// Codes.
pub const CODES_TEXT: &str = "اگر گذرواژه را فراموش کنید، هر یک از این کدها یک‌بار شما را وارد می‌کند. همین حالا جایی امن یادداشتشان کنید؛ دیگر نشان داده نمی‌شوند.";
/// Codes.
pub const CODES_KEPT: &str = "کدها را نگه داشتم";

/// Settings.
pub const ACCOUNT: &str = "نمایه";
/// Settings.
pub const RENAME: &str = "ذخیرهٔ نام";
/// Settings.
pub const RENAMED: &str = "نام ذخیره شد.";
/// Settings.
pub const PASSWORD_CARD: &str = "گذرواژه";
/// Settings.
pub const CURRENT_PASSWORD: &str = "گذرواژهٔ کنونی";
/// Settings.
pub const CHANGE_PASSWORD: &str = "تغییر گذرواژه";
/// Settings.
pub const SET_PASSWORD: &str = "گذاشتن گذرواژه";
/// Settings.
pub const REMOVE_PASSWORD: &str = "برداشتن گذرواژه";
/// Settings.
pub const REMOVE_PASSWORD_TITLE: &str = "گذرواژه برداشته شود؟";
/// Settings.
pub const REMOVE_PASSWORD_TEXT: &str =
    "هر کس پشت این رایانه بنشیند می‌تواند نمایهٔ شما را باز کند. کدهای بازیابی هم از میان می‌روند.";
/// Settings.
pub const NO_PASSWORD_TEXT: &str =
    "این نمایه گذرواژه ندارد و هر کس پشت این رایانه بنشیند آن را باز می‌کند.";
/// Settings.
pub const PASSWORD_SAVED: &str = "گذرواژه ذخیره شد. نشست‌های دیگر پایان یافتند.";
/// Settings.
pub const PASSWORD_REMOVED: &str = "گذرواژه برداشته شد.";
/// Settings.
pub const CODES_CARD: &str = "کدهای بازیابی";
/// Settings.
pub const NEW_CODES: &str = "ساختن کدهای تازه";
/// Settings.
pub const NEW_CODES_TEXT: &str = "با ساختن کدهای تازه، کدهای پیشین از کار می‌افتند.";
/// Settings.
pub const LOCK_CARD: &str = "قفل خودکار";
/// Settings.
pub const IDLE_LOCK: &str = "پس از بی‌کاری";
/// Settings.
pub const IDLE_LOCK_HELP: &str =
    "اگر در این مدت به صفحه‌کلید و ماوس دست نزنید، برنامه گذرواژه را می‌پرسد. اجراها ادامه دارند.";
/// Settings.
pub const IDLE_NEVER: &str = "هرگز";
/// Settings.
pub const SESSIONS_CARD: &str = "نشست‌ها";
/// Settings.
pub const SESSION_CURRENT: &str = "همین پنجره";
/// Settings.
pub const SESSION_REMEMBERED: &str = "به‌یادسپرده";
/// Settings.
pub const SESSION_PLAIN: &str = "تا بستن برنامه";
/// Settings.
pub const SESSION_END: &str = "پایان دادن";
/// Settings.
pub const SESSION_ENDED: &str = "نشست پایان یافت.";
/// Settings.
pub const COLUMN_SEEN: &str = "آخرین بار";
/// Settings.
pub const COLUMN_EXPIRES: &str = "پایان";
/// Settings.
pub const COLUMN_KIND: &str = "نوع";
/// Settings.
pub const USERS_CARD: &str = "کاربران این رایانه";
/// Settings.
pub const COLUMN_USER: &str = "نام";
/// Settings.
pub const COLUMN_ROLE: &str = "نقش";
/// Settings.
pub const COLUMN_RUNS: &str = "اجرا";
/// Settings.
pub const COLUMN_DATASETS: &str = "مجموعه‌داده";
/// Settings.
pub const ADMINISTRATOR: &str = "مدیر";
/// Settings.
pub const USER: &str = "کاربر";
/// Settings.
pub const MAKE_ADMINISTRATOR: &str = "مدیر شود";
/// Settings.
pub const MAKE_USER: &str = "کاربر شود";
/// Settings.
pub const RESET: &str = "تغییر گذرواژه";
/// Settings.
pub const RESET_HELP: &str = "خالی گذاشتن، گذرواژه را برمی‌دارد. نشست‌های این کاربر پایان می‌یابند.";
/// Settings.
pub const RESET_DONE: &str = "گذرواژهٔ کاربر تغییر کرد.";
/// Settings.
pub const ROLE_CHANGED: &str = "نقش تغییر کرد.";
/// Settings.
pub const DELETE_USER_TITLE: &str = "این نمایه حذف شود؟";
/// Settings.
pub const DELETE_USER: &str = "حذف نمایه";
/// Settings.
pub const NEVER_SEEN: &str = "—";
/// Settings.
pub const YOU: &str = "شما";

/// Dataset page.
pub const SHARE: &str = "در دسترس همهٔ کاربران این رایانه";
/// Dataset page.
pub const SHARE_HELP: &str =
    "دیگران می‌توانند متن‌ها را ببینند و با آن‌ها آموزش دهند، اما نمی‌توانند تغییر دهند یا حذف کنند.";
/// Dataset page.
pub const SHARED: &str = "اکنون همهٔ کاربران این رایانه به آن دسترسی دارند.";
/// Dataset page.
pub const NOT_SHARED: &str = "اکنون فقط خودتان به آن دسترسی دارید.";

/// A role in a word.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Administrator => ADMINISTRATOR,
        Role::User => USER,
    }
}

/// «۸ کد مانده است.»
pub fn codes_left(n: u32) -> String {
    match n {
        0 => "هیچ کدی نمانده است؛ کدهای تازه بسازید.".to_owned(),
        n => format!("{} کد مانده است.", count(n.into())),
    }
}

/// «۳۰ دقیقه»
pub fn minutes(n: u32) -> String {
    match n {
        60 => "یک ساعت".to_owned(),
        n => format!("{} دقیقه", count(n.into())),
    }
}

/// «از سارا»
pub fn shared_by(name: &str) -> String {
    format!("از {}", isolate(name))
}

/// Question.
pub fn delete_user_text(name: &str, n_jobs: u64, n_datasets: u64) -> String {
    format!(
        "«{}» با {} اجرا و {} مجموعه‌داده برای همیشه پاک می‌شود. این کار برگشت ندارد.",
        isolate(name),
        count(n_jobs),
        count(n_datasets)
    )
}

/// Dialog.
pub fn reset_title(name: &str) -> String {
    format!("گذرواژهٔ «{}»", isolate(name))
}

/// Toast.
pub fn user_deleted(name: &str) -> String {
    format!("«{}» حذف شد.", isolate(name))
}

/// For screen readers: an action and whom it concerns.
pub fn about(action: &str, name: &str) -> String {
    format!("{action}: {}", isolate(name))
}

/// Check.
pub fn name_too_long(most: usize) -> String {
    format!("نام حداکثر {} نویسه است.", count(most as u64))
}

/// Check.
pub fn password_too_short(least: usize) -> String {
    format!("گذرواژه دست‌کم {} نویسه است.", count(least as u64))
}

/// «سلام، سارا»
pub fn hello(name: &str) -> String {
    format!("سلام، {}", isolate(name))
}
