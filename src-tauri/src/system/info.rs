//! What everyone may know of program and machine.

use super::{autostart, power};
use crate::error;
use crate::paths::{Paths, place};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{AppInfo, SystemAbilities};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// Version, folders and machine; `database_set_aside` names the damaged database that this start put
/// away. Blocks.
pub fn of_program(paths: &Paths, database_set_aside: Option<String>) -> Result<AppInfo, ApiError> {
    let system = System::new_with_specifics(
        RefreshKind::nothing()
            .with_memory(MemoryRefreshKind::nothing().with_ram())
            .with_cpu(CpuRefreshKind::nothing()),
    )
    .map_err(|failure| error::internal("the machine could not be looked at", &failure))?;
    let cpu = system
        .cpus()
        .first()
        .map(|cpu| cpu.brand().trim().to_owned())
        .unwrap_or_default();
    Ok(AppInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_dir: paths.root().display().to_string(),
        place: paths.place().display().to_string(),
        place_is_there: paths.place_is_there(),
        place_is_private: paths.place_is_private(),
        place_left: place::read(paths.root())?
            .left()
            .map(|left| left.display().to_string()),
        n_cpus: std::thread::available_parallelism()
            .map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX)),
        cpu,
        memory_bytes: system.total_memory(),
        free_memory_bytes: system.available_memory(),
        database_set_aside,
    })
}

/// What the machine and the system can do. Blocks.
pub fn abilities() -> SystemAbilities {
    SystemAbilities {
        battery: power::battery(),
        can_prevent_sleep: power::can_prevent_sleep(),
        starts_with_system: autostart::state(),
    }
}
