//! A user's settings.

use super::{Answer, Request};
use crate::clock::now_ms;
use crate::db::blocking;
use crate::downloads;
use crate::service_keys;
use crate::state::App;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{SettingsGet, SettingsSet};
use amoozgar_types::settings::{
    ChatService, LEAST_MEMORY_LIMIT_MIB, MOST_SERVICES, Settings, TEXT_SCALES,
};
use tauri::State;

/// More threads than any machine has.
const MAX_THREADS: u32 = 1024;
/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;
/// A working day without a sign of life.
const MAX_IDLE_MIN: u32 = 480;

/// The signed-in user's settings.
#[tauri::command]
pub async fn settings_get(
    state: State<'_, App>,
    request: Request<SettingsGet>,
) -> Answer<SettingsGet> {
    let () = request;
    let user_id = state.user_id()?;
    state.db.call(move |store| store.settings(&user_id)).await
}

/// Replaces them.
#[tauri::command]
pub async fn settings_set(
    state: State<'_, App>,
    request: Request<SettingsSet>,
) -> Answer<SettingsSet> {
    let user_id = state.user_id()?;
    if request
        .threads
        .is_some_and(|threads| threads == 0 || threads > MAX_THREADS)
    {
        return Err(ApiError::invalid_field("threads"));
    }
    if !TEXT_SCALES.contains(&request.appearance.text_scale) {
        return Err(ApiError::invalid_field("text_scale"));
    }
    check(&request)?;
    let network = request.network.clone();
    blocking(move || downloads::check(&network)).await?;
    let owner = user_id.clone();
    let kept: Vec<_> = request
        .services
        .iter()
        .map(|service| service.service_id.clone())
        .collect();
    let (before, saved) = state
        .db
        .call(move |store| {
            let before = store.settings(&user_id)?;
            store.set_settings(&user_id, &request, now_ms())?;
            Ok((before, store.settings(&user_id)?))
        })
        .await?;
    let gone: Vec<_> = before
        .services
        .into_iter()
        .map(|service| service.service_id)
        .filter(|id| !kept.contains(id))
        .collect();
    if !gone.is_empty() {
        // The keys of what is gone go too; a keyring that refuses keeps an entry nobody reads.
        let forgotten = blocking(move || {
            gone.iter()
                .try_for_each(|id| service_keys::set(&owner, id, ""))
        });
        if let Err(failure) = forgotten.await {
            tracing::warn!(error = %failure, "a removed service's key is still in the keyring");
        }
    }
    state.session.set_idle_lock(saved.account.idle_lock_min);
    state.downloads.look();
    Ok(saved)
}

/// The first group of settings that cannot be used, by its field.
fn check(settings: &Settings) -> Result<(), ApiError> {
    let quiet = &settings.notify.quiet;
    let fields = [
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
