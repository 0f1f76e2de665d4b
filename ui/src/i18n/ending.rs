//! The words while the program waits for a run to be saved before it ends.

use super::common::count;
use amoozgar_text::bidi::isolate;
use amoozgar_text::number;
use amoozgar_types::ipc::EndingRun;

/// Heading, while the run is being saved.
pub const SAVING: &str = "آموزش در حال ذخیره شدن است";
/// Heading, once it has been silent for a while.
pub const ASKS: &str = "آموزش هنوز ذخیره نشده است";
/// Button.
pub const WAIT: &str = "صبر می‌کنم";
/// Button.
pub const GIVE_UP: &str = "بستن بدون ذخیره";

/// What is waited for, or asked.
pub fn text(run: &EndingRun) -> String {
    let name = match &run.name {
        Some(name) => format!("«{}»", isolate(name)),
        None => "اجرایی از کاربری دیگر".to_owned(),
    };
    if run.asks {
        return format!("{name} مدتی است پیشرفتی نشان نداده است. باز هم صبر می‌کنید؟");
    }
    let share = run
        .fraction
        .map(|share| {
            format!(
                " تا اینجا {} آن روی دیسک است.",
                number::percent(share * 100.0, 0)
            )
        })
        .unwrap_or_default();
    format!(
        "{name} در گام {} ذخیره می‌شود و سپس برنامه خودش بسته می‌شود.{share}",
        count(run.step)
    )
}

/// What is lost where nobody waits.
pub fn loss(run: &EndingRun) -> String {
    let lost = run.step.saturating_sub(run.saved_step);
    if run.saved_step == 0 {
        return format!(
            "هنوز هیچ نقطهٔ ذخیره‌ای نیست؛ اگر اکنون ببندید، هر {} گام از دست می‌رود.",
            count(lost)
        );
    }
    format!(
        "اگر اکنون ببندید، {} گامِ پس از آخرین نقطهٔ ذخیره (گام {}) از دست می‌رود.",
        count(lost),
        count(run.saved_step)
    )
}
