//! Errors in words: what happened, where, and what to do about it.
//!
//! The match over [`ErrorCode`] is exhaustive on purpose: a new code does not compile until it has
//! its sentence. Paths are kept out of the sentences and shown in a line of their own, left to right.

use super::common::count;
use super::field_names::field;
use amoozgar_text::bidi::isolate;
use amoozgar_text::number;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};

/// An error as pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorText {
    /// The code's name, for tests and reports.
    pub code: String,
    /// What happened and where.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The chapter of the help that says more.
    pub chapter: Option<&'static str>,
    /// The file or folder concerned.
    pub path: Option<String>,
    /// What a developer would want to know.
    pub detail: Option<String>,
}

/// The words for an error.
pub fn describe(error: &ApiError) -> ErrorText {
    let (message, hint) = sentence(error.code, &error.params);
    ErrorText {
        code: format!("{:?}", error.code),
        message,
        hint: Some(hint).filter(|hint| !hint.is_empty()),
        chapter: chapter(error.code),
        path: error.params.path.clone(),
        detail: error.params.detail.clone(),
    }
}

/// Whether what cannot be used is a GGUF file.
fn is_gguf(params: &ErrorParams) -> bool {
    let path = params.path.as_deref().unwrap_or_default();
    path.to_lowercase().ends_with(".gguf")
}

fn bad_gguf(params: &ErrorParams) -> (String, &'static str) {
    let detail = params.detail.as_deref().unwrap_or_default();
    if detail.contains("mmproj") {
        return (
            "این فایل mmproj است: بخشی که برای مدلی دیگر تصویر می‌خواند، و خودش چیزی نمی‌نویسد."
                .into(),
            "فایل خود مدل را برگزینید؛ معمولاً در همان پوشه است.",
        );
    }
    (
        "این فایل GGUF ناقص است یا چیزی در آن است که این برنامه نمی‌شناسد.".into(),
        "اگر دانلودش نیمه‌کاره مانده، فایل را دوباره بیاورید؛ جزئیات فنی می‌گوید چه چیزی خوانده نشد.",
    )
}

/// Where the help says more about such errors.
fn chapter(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::EmptyFile
        | ErrorCode::BinaryFile
        | ErrorCode::InvalidUtf8
        | ErrorCode::LineTooLong
        | ErrorCode::InvalidJson
        | ErrorCode::MissingField
        | ErrorCode::UnsupportedFormat
        | ErrorCode::DatasetTooSmall => Some("preparing-text"),
        ErrorCode::OutOfMemory | ErrorCode::WorkerDied | ErrorCode::ProcessOutOfMemory => {
            Some("troubleshooting")
        }
        ErrorCode::Diverged => Some("reading-curves"),
        ErrorCode::DiskFull | ErrorCode::DatabaseDamaged => Some("files"),
        ErrorCode::InvalidCheckpoint => Some("pause-resume"),
        // Not what happens at the door: the help is behind it.
        ErrorCode::NotPermitted | ErrorCode::LastAdministrator => Some("profiles"),
        _ => None,
    }
}

/// Whether the network is what is missing.
pub fn is_offline(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Offline | ErrorCode::NetworkUnreachable)
}

/// «۵ ثانیه», «۲ دقیقه»
fn wait_text(params: &ErrorParams) -> String {
    let seconds = params.needed.unwrap_or(1).max(1);
    if seconds < 120 {
        format!("{} ثانیه", count(seconds))
    } else {
        format!("{} دقیقه", count(seconds.div_ceil(60)))
    }
}

/// Message and hint of a code.
fn sentence(code: ErrorCode, params: &ErrorParams) -> (String, String) {
    let (message, hint): (String, &str) = match code {
        ErrorCode::NotSignedIn => (
            "نشست شما پایان یافته است، شاید چون مدتی با برنامه کار نکرده‌اید.".into(),
            "دوباره نمایهٔ خود را انتخاب کنید.",
        ),
        ErrorCode::WrongCredentials => (
            "گذرواژه با آنچه برای این نمایه گذاشته شده یکی نیست.".into(),
            "زبان صفحه‌کلید و روشن‌بودن Caps Lock را بررسی کنید و دوباره بنویسید.",
        ),
        ErrorCode::Locked => (
            "برنامه قفل است، چون مدتی با آن کار نشده یا خودتان قفلش کرده‌اید.".into(),
            "گذرواژه را بنویسید تا همان صفحه باز شود.",
        ),
        ErrorCode::SessionExpired => (
            "زمان نشست شما به پایان رسید.".into(),
            "دوباره وارد شوید؛ آنچه در حال اجراست ادامه دارد.",
        ),
        ErrorCode::NotPermitted => (
            "این کار فقط از مدیر این رایانه برمی‌آید.".into(),
            "از مدیر بخواهید آن را انجام دهد یا نقش شما را تغییر دهد.",
        ),
        ErrorCode::TooManyAttempts => (
            format!("پس از چند تلاش نادرست باید {} صبر کنید.", wait_text(params)),
            "اگر گذرواژه را به یاد ندارید، با یکی از کدهای بازیابی وارد شوید.",
        ),
        ErrorCode::WrongRecoveryCode => (
            "این کد بازیابی درست نیست یا پیش‌تر به کار رفته است.".into(),
            "هر کد یک‌بار به کار می‌آید؛ کد دیگری از فهرستتان را امتحان کنید.",
        ),
        ErrorCode::LastAdministrator => (
            "این کار انجام نشد، چون این تنها مدیر این رایانه است.".into(),
            "نخست نمایهٔ دیگری را مدیر کنید.",
        ),
        ErrorCode::UserHasLiveJob => (
            "این کاربر اجرایی دارد که هنوز پایان نیافته است.".into(),
            "صبر کنید تا اجرا تمام شود، یا از او بخواهید آن را متوقف کند.",
        ),
        ErrorCode::NameTaken => (
            "این نام پذیرفته نشد، چون نمایه‌ای با همین نام وجود دارد.".into(),
            "نام دیگری برگزینید یا همان نمایه را باز کنید.",
        ),
        ErrorCode::InvalidField => (
            format!(
                "مقدار «{}» پذیرفته نشد، چون خالی است یا بیرون از محدودهٔ مجاز.",
                field(params)
            ),
            "آن را در همین فرم اصلاح کنید و دوباره بفرستید.",
        ),
        ErrorCode::NotFound => (
            "آنچه خواستید پیدا نشد؛ شاید در این میان حذف شده باشد.".into(),
            "به فهرست بازگردید و آن را تازه کنید.",
        ),
        ErrorCode::InvalidState => (
            "این کار انجام نشد، چون وضعیت در همین میان تغییر کرده است.".into(),
            "وضعیت تازه را ببینید و اگر هنوز لازم است دوباره بکوشید.",
        ),
        ErrorCode::InUse => (
            in_use(params),
            "صبر کنید تا آن اجرا تمام شود؛ اگر دیگر لازم نیست، صاحبش می‌تواند آن را پاک کند.",
        ),
        ErrorCode::FileNotFound => (
            "فایل باز نشد، چون در این نشانی چیزی نیست؛ شاید جابه‌جا یا حذف شده باشد.".into(),
            "نشانی را بررسی کنید یا فایل را دوباره انتخاب کنید.",
        ),
        ErrorCode::PermissionDenied => (
            "فایل باز نشد، چون سیستم اجازهٔ خواندن یا نوشتن آن را به برنامه نداد.".into(),
            "دسترسی فایل و پوشه‌اش را بررسی کنید، یا رونوشتی از آن را در پوشهٔ خودتان بگذارید.",
        ),
        ErrorCode::EmptyFile => (
            "فایل خالی است یا جز فاصله چیزی در آن نیست.".into(),
            "فایلی را انتخاب کنید که متن داشته باشد.",
        ),
        ErrorCode::BinaryFile => (
            format!("این فایل متن نیست{}.", place(params)),
            "فایل باید متن ساده (‎.txt) یا ‎.jsonl باشد؛ فایل‌های Word و PDF را نخست به متن ساده تبدیل کنید.",
        ),
        ErrorCode::InvalidUtf8 => (
            format!(
                "متن فایل با هیچ‌یک از کدگذاری‌های UTF-8، UTF-16 و Windows-1256 خوانده نمی‌شود{}.",
                place(params)
            ),
            "فایل را در ویرایشگر متن باز کنید و با کدگذاری UTF-8 دوباره ذخیره کنید.",
        ),
        ErrorCode::LineTooLong => (
            format!("{}{}.", line_too_long(params), place(params)),
            "متن را به سطرهای کوتاه‌تر تقسیم کنید؛ در فایل ‎.jsonl هر بخش متن را در شیئی جداگانه بنویسید.",
        ),
        ErrorCode::InvalidJson => (
            format!("JSON نادرست است{}.", place(params)),
            "در فایل ‎.jsonl هر سطر باید یک شیء کامل JSON باشد؛ آن سطر را درست کنید.",
        ),
        ErrorCode::MissingField => (
            format!(
                "فیلد «{}» نیست یا متن نیست{}.",
                field(params),
                place(params)
            ),
            "هر سطر باید فیلدی به نام text داشته باشد که مقدارش متن است؛ دادهٔ برچسب‌دار فیلد label هم می‌خواهد.",
        ),
        ErrorCode::InvalidRow => (
            format!("این سطر به کار نمی‌آید{}.", place(params)),
            "ستون‌ها، گیومه‌ها و برچسب آن سطر را بررسی کنید؛ هر سطر به اندازهٔ سطر نخست ستون دارد.",
        ),
        ErrorCode::UnsupportedFormat => (
            "این نوع فایل پشتیبانی نمی‌شود.".into(),
            "فایلی با پسوند ‎.txt یا ‎.jsonl انتخاب کنید.",
        ),
        ErrorCode::DatasetTooSmall => (
            too_small(params),
            "متن بیشتری به مجموعه‌داده بیفزایید یا طول زمینه را کمتر کنید.",
        ),
        ErrorCode::DiskFull => (
            with_needed("روی دیسک جای کافی نیست", params),
            "کمی جا باز کنید و دوباره بکوشید؛ آنچه پیش‌تر ذخیره شده سالم است.",
        ),
        ErrorCode::PlaceMissing => (
            "پوشهٔ اجراها و مدل‌ها در دسترس نیست؛ شاید دیسکی که در آن است وصل نباشد.".into(),
            "دیسک را وصل کنید و دوباره بکوشید.",
        ),
        ErrorCode::PlaceMoving => (
            "اجراها و مدل‌ها در حال جابه‌جایی به پوشهٔ دیگری‌اند و تا پایان آن چیزی تغییر نمی‌کند."
                .into(),
            "تا پایان جابه‌جایی صبر کنید یا آن را لغو کنید.",
        ),
        ErrorCode::StillAtWork => (
            "اجرا، دانلود یا رونوشتی در جریان یا در نوبت است.".into(),
            "آن را به پایان برسانید یا متوقف کنید و دوباره بکوشید.",
        ),
        ErrorCode::ModelInUse => (
            model_in_use(params),
            "بگذارید تمام شود یا متوقفش کنید و دوباره بکوشید.",
        ),
        ErrorCode::FolderNotEmpty => (
            "این پوشه خالی نیست، پس چیزی در آن نوشته نشد.".into(),
            "پوشهٔ خالی دیگری بسازید و آن را انتخاب کنید.",
        ),
        ErrorCode::FolderInside => (
            "این پوشه درون پوشهٔ کنونی یا دربرگیرندهٔ آن است.".into(),
            "پوشه‌ای بیرون از پوشهٔ کنونی انتخاب کنید.",
        ),
        ErrorCode::OutOfMemory => (
            out_of_memory(params),
            "اندازهٔ دسته، طول زمینه یا اندازهٔ مدل را کمتر کنید، یا برنامه‌های دیگر را ببندید.",
        ),
        ErrorCode::InvalidModel if is_gguf(params) => bad_gguf(params),
        ErrorCode::InvalidModel => (
            "پوشهٔ مدل ناقص است یا معماری آن شناخته نیست.".into(),
            "پوشه را دست‌نخورده نگه دارید؛ اگر فایلی از آن کم شده، آموزش را از نقطهٔ ذخیره ادامه دهید.",
        ),
        ErrorCode::NotExpressible => (
            "این مدل را نمی‌شود به این شکل نوشت: معماری یا توکن‌سازش در آن شکل تعریف نشده است."
                .into(),
            "شکل دیگری انتخاب کنید؛ پوشهٔ safetensors برای هر مدلی شدنی است. مدلی که در آموزگار از صفر ساخته شده توکن‌ساز خودش را دارد و GGUF آن را نمی‌شناسد.",
        ),
        ErrorCode::AlreadyThere => (
            "در این مسیر از پیش چیزی هست، و چیزی جایگزین نمی‌شود.".into(),
            "نام یا پوشهٔ دیگری بنویسید.",
        ),
        ErrorCode::ChatTemplate => (
            "الگوی گفت‌وگوی مدل این گفت‌وگو را نمی‌پذیرد.".into(),
            "ببینید که پیام‌ها یکی در میان از کاربر و دستیار باشند، یا مدل دیگری انتخاب کنید.",
        ),
        ErrorCode::InvalidCheckpoint => (
            "نقطهٔ ذخیره آسیب دیده یا از آنِ اجرای دیگری است.".into(),
            "اجرا را از نقطهٔ ذخیرهٔ پیشین ادامه دهید یا آموزش را از نو آغاز کنید.",
        ),
        ErrorCode::InvalidSpec => (
            format!("تنظیم «{}» با بقیهٔ تنظیم‌ها جور نیست.", field(params)),
            "مقدار آن را تغییر دهید و دوباره اجرا کنید.",
        ),
        ErrorCode::PromptTooLong => (
            match (params.found, params.limit) {
                (Some(found), Some(limit)) => format!(
                    "این متن {} توکن دارد و مدل بیش از {} توکن را یک‌جا نمی‌بیند.",
                    count(found),
                    count(limit)
                ),
                _ => "این متن از آنچه مدل یک‌جا می‌بیند بلندتر است.".into(),
            },
            "متن را کوتاه‌تر کنید یا مدلی با طول زمینهٔ بیشتر برگزینید.",
        ),
        ErrorCode::Diverged => (
            diverged(params),
            "نرخ یادگیری را کمتر کنید (برای نمونه نصف) و اجرای تازه‌ای بسازید.",
        ),
        ErrorCode::WorkerDied => (
            "فرایند آموزش ناگهان پایان یافت؛ بیشتر به این سبب که حافظهٔ رایانه تمام شده است.".into(),
            "برنامه‌های دیگر را ببندید و آموزش را از آخرین نقطهٔ ذخیره ادامه دهید.",
        ),
        ErrorCode::ProcessOutOfMemory => (
            match params.found {
                Some(found) => format!(
                    "این کار بیش از حافظه‌ای که داشت ({}) لازم داشت و متوقف شد.",
                    number::bytes(found)
                ),
                None => "حافظه برای این کار کافی نبود و کار متوقف شد.".into(),
            },
            "اگر فایل سطرهای بسیار بلندی دارد آن را به بخش‌های کوچک‌تر تقسیم کنید؛ اگر مدل بزرگ است، مدل کوچک‌تری برگزینید یا برنامه‌های دیگر را ببندید.",
        ),
        ErrorCode::ProcessTimedOut => (
            "این کار بیش از اندازه طول کشید و متوقف شد.".into(),
            "دوباره تلاش کنید؛ اگر باز هم چنین شد، فایل یا مدل کوچک‌تری برگزینید.",
        ),
        ErrorCode::ProcessDied => (
            "فرایندی که این کار را انجام می‌داد ناگهان پایان یافت.".into(),
            "دوباره تلاش کنید؛ اگر باز هم چنین شد، شاید فایل آسیب دیده باشد.",
        ),
        ErrorCode::DatabaseNewer => (
            "پایگاه دادهٔ برنامه با نسخهٔ تازه‌تری از آموزگار ساخته شده است.".into(),
            "آموزگار را به‌روز کنید؛ داده‌های شما دست‌نخورده می‌ماند.",
        ),
        ErrorCode::DatabaseDamaged => (
            "پایگاه دادهٔ برنامه آسیب دیده بود و کنار گذاشته شد.".into(),
            "برنامه با پایگاه تازه‌ای کار می‌کند؛ فایل پیشین را برای بازیابی نگه دارید.",
        ),
        ErrorCode::InvalidBackup => (
            "این فایل پشتیبان سالمی از پایگاه دادهٔ آموزگار نیست.".into(),
            "فایل دیگری را انتخاب کنید؛ پایگاه دادهٔ کنونی دست نخورده است.",
        ),
        ErrorCode::Offline => (
            "این کار به اینترنت نیاز دارد و حالت آفلاین روشن است.".into(),
            "حالت آفلاین را در تنظیمات خاموش کنید و دوباره بکوشید.",
        ),
        ErrorCode::NetworkUnreachable => (
            format!("ارتباط با {} برقرار نشد.", host(params)),
            "اتصال اینترنت و تنظیم پراکسی را بررسی کنید، یا نشانی یک آینه را به کار ببرید.",
        ),
        ErrorCode::NetworkInterrupted => (
            format!("ارتباط با {} قطع شد.", host(params)),
            "آنچه دریافت شده سر جای خود است؛ دانلود را دوباره آغاز کنید تا از همان‌جا ادامه یابد.",
        ),
        ErrorCode::RateLimited => (
            format!("{} فعلاً درخواست دیگری نمی‌پذیرد.", host(params)),
            "چند دقیقه صبر کنید و دوباره بکوشید.",
        ),
        ErrorCode::ServerFailed => (
            format!("{} پاسخ درستی نداد.", host(params)),
            "کمی بعد دوباره بکوشید، یا نشانی یک آینه را به کار ببرید.",
        ),
        ErrorCode::RepoNotFound => (
            format!("{} پیدا نشد یا خصوصی است.", repo(params)),
            "نام را بررسی کنید؛ برای مخزن خصوصی توکن دسترسی لازم است.",
        ),
        ErrorCode::RevisionNotFound => (
            format!("{} چنین نسخه‌ای ندارد.", repo(params)),
            "نام شاخه یا شناسهٔ نسخه را بررسی کنید.",
        ),
        ErrorCode::RemoteFileNotFound => (
            format!("{} چنین فایلی ندارد.", repo(params)),
            "شاید نسخهٔ تازه‌ای منتشر شده باشد؛ فهرست فایل‌ها را تازه کنید.",
        ),
        ErrorCode::GatedRepo => (
            format!("دانلود {} نیازمند پذیرش شرایط است.", repo(params)),
            "صفحهٔ آن را در مرورگر باز کنید، شرایط را بپذیرید و سپس دوباره بکوشید.",
        ),
        ErrorCode::BadKey => (
            "این سرور کلید را نپذیرفت.".into(),
            "شاید کلید نادرست باشد یا اعتبارش گذشته باشد؛ آن را دوباره از سازندهٔ سرویس بگیرید.",
        ),
        ErrorCode::BadToken => (
            "توکن دسترسی پذیرفته نشد.".into(),
            "شاید نادرست باشد یا اعتبارش گذشته باشد؛ توکن تازه‌ای بسازید و همان را به کار ببرید.",
        ),
        ErrorCode::NoToken => (
            "در دسته‌کلید سیستم توکن دسترسی نیست.".into(),
            "نخست توکن دسترسی را در دسته‌کلید ذخیره کنید.",
        ),
        ErrorCode::KeyringUnavailable => (
            "دسته‌کلید سیستم در دسترس نیست.".into(),
            "قفل دسته‌کلید را باز کنید و دوباره بکوشید.",
        ),
        ErrorCode::OnlyPickle => (
            format!("وزن‌های {} فقط در قالب pickle منتشر شده است.", repo(params)),
            "این قالب هنگام بارگذاری می‌تواند برنامه‌ای را اجرا کند؛ مدلی با قالب safetensors یا GGUF برگزینید.",
        ),
        ErrorCode::NothingSelected => (
            format!("هیچ فایلی از {} انتخاب نشد.", repo(params)),
            "الگوی انتخاب فایل را تغییر دهید، یا بدون الگو دانلود کنید.",
        ),
        ErrorCode::NotCached => (
            format!("{} روی این رایانه نیست.", repo(params)),
            "هنگامی که به اینترنت دسترسی دارید آن را دانلود کنید.",
        ),
        ErrorCode::DownloadDamaged => (
            "فایل دریافت‌شده با فایل منتشرشده یکی نیست و کنار گذاشته شد.".into(),
            "دوباره دانلود کنید؛ اگر تکرار شد، نشانی دیگری را به کار ببرید.",
        ),
        ErrorCode::RunAtWork => (
            "این اجرا را هم‌اکنون برنامهٔ دیگری روی همین رایانه آموزش می‌دهد.".into(),
            "صبر کنید تا کارش تمام شود، یا آن را متوقف کنید؛ سپس ادامه دهید.",
        ),
        ErrorCode::DownloadRunning => (
            format!("{} هم‌اکنون در حال دانلود است.", repo(params)),
            "صبر کنید تا آن دانلود پایان یابد، یا آن را متوقف کنید.",
        ),
        ErrorCode::KnownOtherwise => (
            format!(
                "نسخهٔ دیگری از {} روی این رایانه هست؛ چیزی تغییر نکرد.",
                repo(params)
            ),
            "اگر نسخهٔ تازه را می‌خواهید، نخست آن را که هست حذف کنید و دوباره وارد کنید.",
        ),
        ErrorCode::NotConfirmed => (
            format!("فایل‌های {} همان فایل‌های مخزن نیست.", repo(params)),
            "شاید کسی آن‌ها را دست‌کاری کرده باشد؛ حذفشان کنید و از مخزن یا جای مطمئن دیگری بگیرید.",
        ),
        ErrorCode::UnsafePath => (
            "نام یا پیوند یک فایل به بیرون از پوشهٔ خود می‌رسد؛ چیزی نوشته نشد.".into(),
            "شاید کسی آن را دست‌کاری کرده باشد؛ این مدل را از جای مطمئن دیگری بگیرید.",
        ),
        ErrorCode::InvalidBundle => (
            "این بستهٔ آفلاین ناقص است یا آسیب دیده است.".into(),
            "بسته را دوباره از رایانهٔ نخست رونوشت کنید.",
        ),
        ErrorCode::Io => (
            "کار با فایل‌ها نیمه‌کاره ماند؛ شاید دیسک یا پوشه در دسترس نباشد.".into(),
            "دیسک را بررسی کنید و دوباره بکوشید؛ اگر تکرار شد، جزئیات فنی علت را می‌گوید.",
        ),
        ErrorCode::Internal => (
            "این کار انجام نشد، چون خطایی پیش‌بینی‌نشده در خود برنامه رخ داد.".into(),
            "دوباره بکوشید؛ اگر تکرار شد، جزئیات فنی زیر را گزارش کنید.",
        ),
    };
    (message, hint.to_owned())
}

/// « (سطر ۷، بایت ۱۲۸)», as far as it is known.
fn place(params: &ErrorParams) -> String {
    let line = params.line.map(|line| format!("سطر {}", count(line)));
    let offset = params
        .offset
        .map(|offset| format!("بایت {}", count(offset)));
    let parts: Vec<_> = line.into_iter().chain(offset).collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join("، "))
    }
}

/// The host in a sentence, kept left to right.
fn host(params: &ErrorParams) -> String {
    named(params.host.as_deref(), "کارساز")
}

/// The repository in a sentence, kept left to right.
fn repo(params: &ErrorParams) -> String {
    named(params.repo.as_deref(), "این مخزن")
}

fn named(name: Option<&str>, without: &str) -> String {
    match name {
        // U+2066 and U+2069 isolate a Latin name from the sentence around it.
        Some(name) => format!("«\u{2066}{name}\u{2069}»"),
        None => without.to_owned(),
    }
}

fn in_use(params: &ErrorParams) -> String {
    match &params.used_by {
        Some(used_by) => format!(
            "پاک نشد، چون اجرای «{}» از نمایهٔ «{}» هنوز به آن نیاز دارد.",
            isolate(&used_by.run),
            isolate(&used_by.owner)
        ),
        None => "پاک نشد، چون اجرایی که هنوز به پایان نرسیده به آن نیاز دارد.".to_owned(),
    }
}

fn model_in_use(params: &ErrorParams) -> String {
    let chat = params.used_by.as_ref().map(|chat| isolate(&chat.run));
    let chat = chat.unwrap_or_default();
    let repo = params.repo.as_deref().map(isolate).unwrap_or_default();
    match params.field.as_deref() {
        Some("chat") => format!("حذف نشد، چون این مدل همین حالا در گفت‌وگوی «{chat}» پاسخ می‌نویسد."),
        Some("download") => format!("حذف نشد، چون فایل‌هایی از «{repo}» هنوز دانلود می‌شوند."),
        Some("export") => "حذف نشد، چون از این مدل خروجی گرفته می‌شود.".to_owned(),
        Some("check") => "حذف نشد، چون سلامت این مدل در حال بررسی است.".to_owned(),
        _ => "حذف نشد، چون این مدل همین حالا در حال استفاده است.".to_owned(),
    }
}

fn too_small(params: &ErrorParams) -> String {
    match (params.found, params.needed) {
        (Some(found), Some(needed)) => format!(
            "متن برای این اجرا کم است: {} توکن دارد و دست‌کم {} توکن لازم است.",
            count(found),
            count(needed)
        ),
        _ => "متن این مجموعه‌داده برای این اجرا کم است.".to_owned(),
    }
}

fn line_too_long(params: &ErrorParams) -> String {
    match params.limit {
        Some(limit) => format!(
            "این فایل سطری دارد که از {} بلندتر است و خوانده نمی‌شود",
            number::bytes(limit)
        ),
        None => "این فایل سطری دارد که از اندازهٔ مجاز بلندتر است".to_owned(),
    }
}

fn with_needed(what: &str, params: &ErrorParams) -> String {
    match params.needed {
        Some(needed) => format!("{what}: {} لازم است.", number::bytes(needed)),
        None => format!("{what}."),
    }
}

fn out_of_memory(params: &ErrorParams) -> String {
    match (params.needed, params.found) {
        (Some(needed), Some(found)) => format!(
            "حافظه کافی نیست: {} لازم است و {} آزاد است.",
            number::bytes(needed),
            number::bytes(found)
        ),
        _ => with_needed("حافظه کافی نیست", params),
    }
}

fn diverged(params: &ErrorParams) -> String {
    match params.step {
        Some(step) => format!("آموزش در گام {} واگرا شد: زیان دیگر عدد نیست.", count(step)),
        None => "آموزش واگرا شد: زیان دیگر عدد نیست.".to_owned(),
    }
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
