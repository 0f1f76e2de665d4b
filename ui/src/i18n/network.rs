//! Words of the settings sections of network, downloads and token.

use super::common::count;
use amoozgar_types::ipc::{FailedStage, HostOutcome, HostRole};
use amoozgar_types::secret::SecretPlace;

/// Section.
pub const NETWORK: &str = "شبکه";
/// Section.
pub const DOWNLOADS: &str = "دانلود";
/// Section.
pub const TOKEN: &str = "توکن دسترسی";

/// Switch.
pub const OFFLINE: &str = "حالت آفلاین";
/// Switch.
pub const OFFLINE_HELP: &str =
    "تا روشن است هیچ درخواستی از این برنامه بیرون نمی‌رود؛ دانلودها منتظر می‌مانند.";
/// Choice.
pub const ENDPOINT: &str = "نشانی مخزن";
/// Choice.
pub const ENDPOINT_HELP: &str =
    "اگر مخزن رسمی برایتان باز نمی‌شود، آینه یا نشانی دیگری را بیازمایید.";
/// Option.
pub const ENDPOINT_OFFICIAL: &str = "رسمی";
/// Option.
pub const ENDPOINT_MIRROR: &str = "آینه";
/// Option.
pub const ENDPOINT_CUSTOM: &str = "نشانی دیگر";
/// Field.
pub const CUSTOM_ENDPOINT: &str = "نشانی مخزن دلخواه";
/// Check.
pub const ADDRESS_INVALID: &str =
    "نشانی باید با https:// یا http:// آغاز شود و نام و گذرواژه در آن نباشد.";
/// Switch.
pub const TOKEN_TO_ENDPOINT: &str = "توکن برای این نشانی هم فرستاده شود";
/// Switch.
pub const TOKEN_TO_ENDPOINT_HELP: &str = "توکن به طور پیش‌فرض تنها به مخزن رسمی می‌رود. تنها اگر به گردانندهٔ این نشانی اعتماد دارید روشنش کنید.";
/// Choice.
pub const PROXY: &str = "پراکسی";
/// Choice.
pub const PROXY_HELP: &str = "راهی که درخواست‌ها از آن بیرون می‌روند.";
/// Option.
pub const PROXY_SYSTEM: &str = "مانند سیستم";
/// Option.
pub const PROXY_NONE: &str = "هیچ";
/// Field.
pub const PROXY_HOST: &str = "میزبان پراکسی";
/// Field.
pub const PROXY_PORT: &str = "درگاه";
/// Field.
pub const PROXY_USER: &str = "نام کاربری (اگر می‌خواهد)";
/// Field.
pub const PROXY_PASSWORD: &str = "گذرواژهٔ پراکسی";
/// Field.
pub const PROXY_PASSWORD_HELP: &str = "در دسته‌کلید سیستم نگه داشته می‌شود، نه در پایگاه داده.";
/// Note below SOCKS5.
pub const SOCKS_NOTE: &str =
    "نگارش ۵ از SOCKS به کار می‌رود و نام میزبان‌ها را هم خود پراکسی پیدا می‌کند.";
/// Check.
pub const HOST_INVALID: &str = "نام میزبان را بدون https:// و بدون «/» بنویسید.";
/// Check.
pub const PORT_INVALID: &str = "عددی صحیح از ۱ تا ۶۵٬۵۳۵ بنویسید.";
/// Field.
pub const CA_FILE: &str = "فایل گواهی‌های افزوده (PEM)";
/// Field.
pub const CA_FILE_HELP: &str = "اگر شبکهٔ شما با گواهی ویژه‌ای کار می‌کند؛ وگرنه خالی بگذارید.";
/// Button.
pub const PICK_CA: &str = "انتخاب فایل";
/// In the file dialog.
pub const CA_FILTER: &str = "گواهی";
/// Group.
pub const OVERRIDES: &str = "جانشین میزبان‌ها";
/// Group.
pub const OVERRIDES_HELP: &str =
    "درخواست‌های یک میزبان را به نشانی دیگری می‌برد؛ مثلاً وقتی تنها میزبانِ خودِ فایل‌ها بسته است.";
/// Field.
pub const OVERRIDE_HOST: &str = "به جای میزبان";
/// Field.
pub const OVERRIDE_BASE: &str = "این نشانی به کار رود";
/// Button.
pub const OVERRIDE_ADD: &str = "افزودن جانشین";
/// Button.
pub const OVERRIDE_REMOVE: &str = "برداشتن این جانشین";

/// Card.
pub const TEST: &str = "آزمون اتصال";
/// Card.
pub const TEST_HELP: &str =
    "میزبان‌هایی را که یک دانلود به آن‌ها نیاز دارد یکی‌یکی می‌آزماید و می‌گوید کدام و چرا پاسخ نمی‌دهد.";
/// Button.
pub const TEST_DO: &str = "آزمودن اتصال";
/// Note.
pub const TEST_UNSAVED: &str = "آنچه هنوز ذخیره نشده آزموده می‌شود.";
/// Verdict.
pub const TEST_WORKS: &str = "همه چیز آمادهٔ دانلود است.";
/// Verdict.
pub const TEST_FAILS: &str = "دانلود از این راه ممکن نیست.";
/// Advice.
pub const TEST_ADVICE: &str =
    "آینه یا پراکسی دیگری را بیازمایید، یا برای میزبانی که پاسخ نمی‌دهد جانشین بگذارید.";

/// Card.
pub const TOKEN_TEXT: &str =
    "برای مدل‌هایی که نخست باید شرایطشان را بپذیرید. توکنی «خواندنی» در حساب Hugging Face بسازید.";
/// Field.
pub const TOKEN_FIELD: &str = "توکن دسترسی";
/// Field.
pub const TOKEN_PLACEHOLDER: &str = "hf_…";
/// Button.
pub const TOKEN_SAVE: &str = "نگه داشتن توکن";
/// Button.
pub const TOKEN_REPLACE: &str = "جایگزینی توکن";
/// Button.
pub const TOKEN_DELETE: &str = "حذف توکن";
/// Question.
pub const TOKEN_DELETE_TITLE: &str = "توکن دسترسی حذف شود؟";
/// Question.
pub const TOKEN_DELETE_TEXT: &str =
    "توکن از این رایانه پاک می‌شود. برای باطل کردنش در حساب Hugging Face هم آن را بردارید.";
/// State.
pub const TOKEN_NONE: &str = "توکنی نگه داشته نشده است.";
/// Note.
pub const NO_KEYRING: &str = "این سیستم دسته‌کلیدی ندارد که بتوان به کار برد؛ پس آنچه بنویسید تنها تا بستن برنامه نگه داشته می‌شود.";
/// Toast.
pub const TOKEN_SAVED: &str = "توکن نگه داشته شد.";
/// Toast.
pub const TOKEN_DELETED: &str = "توکن حذف شد.";
/// Toast.
pub const PASSWORD_SAVED: &str = "گذرواژهٔ پراکسی نگه داشته شد.";
/// Toast.
pub const PASSWORD_DELETED: &str = "گذرواژهٔ پراکسی حذف شد.";
/// Button.
pub const PASSWORD_SAVE: &str = "نگه داشتن گذرواژه";
/// Button.
pub const PASSWORD_DELETE: &str = "حذف گذرواژه";
/// State.
pub const PASSWORD_KEPT: &str = "گذرواژه نگه داشته شده است.";

/// Field.
pub const AT_ONCE: &str = "دانلود همزمان";
/// Field.
pub const AT_ONCE_HELP: &str = "از ۱ تا ۸. روی خط کند، یکی‌یکی زودتر به نتیجه می‌رسد.";
/// Check.
pub const AT_ONCE_INVALID: &str = "عددی صحیح از ۱ تا ۸ بنویسید.";
/// Field.
pub const CONNECTIONS: &str = "اتصال برای هر دانلود";
/// Field.
pub const CONNECTIONS_HELP: &str = "از ۱ تا ۱۶. اگر کارساز شما را محدود می‌کند کمترش کنید.";
/// Check.
pub const CONNECTIONS_INVALID: &str = "عددی صحیح از ۱ تا ۱۶ بنویسید.";
/// Unit.
pub const CONNECTIONS_UNIT: &str = "اتصال";
/// Unit.
pub const AT_ONCE_UNIT: &str = "دانلود";
/// Field.
pub const LIMIT: &str = "سقف سرعت";
/// Field.
pub const LIMIT_HELP: &str = "برای همهٔ دانلودها با هم. خالی یعنی بی‌سقف.";
/// Unit.
pub const LIMIT_UNIT: &str = "کیلوبایت بر ثانیه";
/// Check.
pub const LIMIT_INVALID: &str = "عددی بزرگ‌تر از صفر بنویسید، یا خالی بگذارید.";
/// Switch.
pub const HOURS: &str = "تنها در ساعت‌های معین";
/// Switch.
pub const HOURS_HELP: &str = "برای نمونه شب‌ها که اینترنت ارزان‌تر یا خلوت‌تر است.";
/// Field.
pub const HOURS_FROM: &str = "از ساعت";
/// Field.
pub const HOURS_TO: &str = "تا ساعت";
/// Check.
pub const HOUR_INVALID: &str = "ساعت را مانند ۲۳:۳۰ بنویسید.";
/// Switch.
pub const AUTO_RESUME: &str = "ادامهٔ خودکار پس از باز شدن برنامه";
/// Switch.
pub const AUTO_RESUME_HELP: &str = "دانلودهایی که با بستن برنامه ماندند خودشان از سر گرفته می‌شوند.";

/// What a host is for.
pub fn role(role: HostRole) -> &'static str {
    match role {
        HostRole::Api => "فهرست و جست‌وجو",
        HostRole::Resolve => "نشانی فایل‌ها",
        HostRole::Content => "خود فایل‌ها",
    }
}

/// What was found of a host.
pub fn outcome(outcome: &HostOutcome) -> String {
    match outcome {
        HostOutcome::Works { ms } => format!("پاسخ داد، پس از {} میلی‌ثانیه", count(*ms)),
        HostOutcome::Unreachable { stage } => stage_words(*stage).to_owned(),
        HostOutcome::Fails { .. } => "پاسخی نادرست داد یا خاموش ماند".to_owned(),
        HostOutcome::NotTried => "آزموده نشد، چون میزبان پیشین پاسخ نداد".to_owned(),
    }
}

fn stage_words(stage: FailedStage) -> &'static str {
    match stage {
        FailedStage::Dns => "نشانی این میزبان پیدا نشد",
        FailedStage::Connect => "کسی در آن نشانی پاسخ نمی‌دهد یا راه بسته است",
        FailedStage::Tls => "اتصال امن برقرار نشد",
        FailedStage::Proxy => "پراکسی پاسخ نمی‌دهد یا نمی‌پذیرد",
        FailedStage::TimedOut => "در زمان مجاز وصل نشد",
        FailedStage::Broken => "اتصال پیش از رسیدن پاسخ قطع شد",
    }
}

/// Where the token is kept; its last characters follow.
pub fn token_kept(place: SecretPlace) -> String {
    match place {
        SecretPlace::Keyring => "توکنی در دسته‌کلید سیستم نگه داشته شده است، با این پایان:",
        SecretPlace::Session => {
            "توکنی تنها تا بستن برنامه در حافظه نگه داشته شده است، با این پایان:"
        }
    }
    .to_owned()
}
