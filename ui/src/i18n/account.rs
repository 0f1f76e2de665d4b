//! Words of the sign-in page.

use super::common::count;
use amoozgar_text::bidi::isolate;

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
