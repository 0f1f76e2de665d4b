//! A user's settings: checked, kept, and what goes with them.

use crate::clock::now_ms;
use crate::db::{Db, blocking};
use crate::network;
use crate::secrets::service_keys;
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::settings::{
    ChatService, LEAST_MEMORY_LIMIT_MIB, MOST_SERVICES, Settings, TEXT_SCALES,
};

/// More threads than any machine has.
const MAX_THREADS: u32 = 1024;
/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;
/// A working day without a sign of life.
const MAX_IDLE_MIN: u32 = 480;

/// Replaces a user's settings; answers what is now in force. The keys of services that are gone,
/// or on another server now, go with them.
pub async fn replace(db: &Db, user_id: UserId, settings: Settings) -> Result<Settings, ApiError> {
    check(&settings)?;
    let network = settings.network.clone();
    blocking(move || network::check(&network)).await?;
    let owner = user_id.clone();
    let (before, saved) = db
        .call(move |store| {
            let before = store.settings(&user_id)?;
            store.set_settings(&user_id, &settings, now_ms())?;
            Ok((before, store.settings(&user_id)?))
        })
        .await?;
    let gone = service_keys::without_key(&before.services, &saved.services);
    if !gone.is_empty() {
        // A keyring that refuses to forget a key does not give it away either.
        let forgotten = blocking(move || {
            gone.iter()
                .try_for_each(|id| service_keys::set(&owner, id, ""))
        });
        if let Err(failure) = forgotten.await {
            tracing::warn!(error = %failure, "a service's old key is still in the keyring");
        }
    }
    Ok(saved)
}

/// The first group of settings that cannot be used, by its field.
fn check(settings: &Settings) -> Result<(), ApiError> {
    let quiet = &settings.notify.quiet;
    let threads_fit = settings
        .threads
        .is_none_or(|threads| (1..=MAX_THREADS).contains(&threads));
    let fields = [
        ("threads", threads_fit),
        (
            "text_scale",
            TEXT_SCALES.contains(&settings.appearance.text_scale),
        ),
        (
            "memory_limit_mib",
            settings
                .compute
                .memory_limit_mib
                .is_none_or(|mib| mib >= LEAST_MEMORY_LIMIT_MIB),
        ),
        (
            "idle_lock_min",
            settings
                .account
                .idle_lock_min
                .is_none_or(|minutes| (1..=MAX_IDLE_MIN).contains(&minutes)),
        ),
        (
            "quiet_hours",
            quiet.from_minute < DAY_MINUTES && quiet.to_minute < DAY_MINUTES,
        ),
        (
            "services",
            settings.services.len() <= MOST_SERVICES && settings.services.iter().all(is_usable),
        ),
    ];
    match fields.iter().find(|(_, usable)| !usable) {
        Some((field, _)) => Err(ApiError::invalid_field(field)),
        None => Ok(()),
    }
}

fn is_usable(service: &ChatService) -> bool {
    let name = service.name.trim().chars().count();
    let address = service.base_url.trim();
    (1..=60).contains(&name)
        && service.model.chars().count() <= 200
        && (1..=64).contains(&service.service_id.as_str().len())
        && ["http://", "https://"].iter().any(|scheme| {
            address
                .strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty())
        })
}

#[cfg(test)]
mod tests {
    use super::check;
    use amoozgar_types::id::ServiceId;
    use amoozgar_types::settings::{ChatService, Settings};

    #[test]
    fn settings_that_no_form_can_make_are_refused_by_their_field() {
        let with = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            check(&settings).err().and_then(|error| error.params.field)
        };
        assert_eq!(with(|_| {}), None, "the defaults");
        let field = with(|settings| settings.compute.memory_limit_mib = Some(1));
        assert_eq!(
            field.as_deref(),
            Some("memory_limit_mib"),
            "too little memory"
        );
        let field = with(|settings| settings.account.idle_lock_min = Some(0));
        assert_eq!(field.as_deref(), Some("idle_lock_min"), "always locked");
        let field = with(|settings| settings.notify.quiet.to_minute = 1440);
        assert_eq!(field.as_deref(), Some("quiet_hours"), "no minute of a day");
        let field = with(|settings| {
            settings.services.push(ChatService {
                service_id: ServiceId::new("s"),
                name: "خانگی".into(),
                base_url: "file:///etc/passwd".into(),
                model: String::new(),
            });
        });
        assert_eq!(field.as_deref(), Some("services"), "no address of a server");
    }
}
