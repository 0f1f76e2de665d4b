//! Warmth and battery, as far as the system tells of them.

use amoozgar_types::machine::BatteryCharge;
use sysinfo::Components;

/// Sensors of processors, by what the kernel's drivers and the other systems call them.
const PROCESSOR_SENSORS: [&str; 7] = ["core", "package", "cpu", "tctl", "tdie", "k10temp", "soc"];

/// The warmest sensor of the processor, in degrees Celsius.
pub fn processor_temperature(sensors: &Components) -> Option<f32> {
    sensors
        .iter()
        .filter(|sensor| {
            let label = sensor.label().to_lowercase();
            PROCESSOR_SENSORS.iter().any(|name| label.contains(name))
        })
        .filter_map(sysinfo::Component::temperature)
        // A sensor that is not connected tells the lowest number it has.
        .filter(|celsius| (1.0..=150.0).contains(celsius))
        .reduce(f32::max)
}

/// The battery, where the system has one and says how full it is.
#[cfg(target_os = "linux")]
pub fn battery() -> Option<BatteryCharge> {
    battery_in(std::path::Path::new("/sys/class/power_supply"))
}

/// Nothing is known of it here.
#[cfg(not(target_os = "linux"))]
pub fn battery() -> Option<BatteryCharge> {
    None
}

#[cfg(any(target_os = "linux", test))]
fn battery_in(supplies: &std::path::Path) -> Option<BatteryCharge> {
    let read = |dir: &std::path::Path, name: &str| -> Option<String> {
        let text = std::fs::read_to_string(dir.join(name)).ok()?;
        Some(text.trim().to_owned())
    };
    std::fs::read_dir(supplies)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find_map(|dir| {
            // A mouse has a battery too; its scope is the device.
            let is_own = read(&dir, "type")? == "Battery"
                && read(&dir, "scope").is_none_or(|scope| scope != "Device");
            if !is_own {
                return None;
            }
            let percent: u8 = read(&dir, "capacity")?.parse().ok()?;
            let status = read(&dir, "status")?;
            Some(BatteryCharge {
                percent: percent.min(100),
                on_mains: matches!(status.as_str(), "Charging" | "Full" | "Not charging"),
            })
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::battery_in;
    use amoozgar_types::machine::BatteryCharge;
    use std::fs;

    #[test]
    fn the_machines_own_battery_is_found_among_supplies_and_nothing_is_made_up() {
        let folder = tempfile::tempdir().unwrap();
        let supply = |name: &str, files: &[(&str, &str)]| {
            let dir = folder.path().join(name);
            fs::create_dir(&dir).unwrap();
            for (file, text) in files {
                fs::write(dir.join(file), format!("{text}\n")).unwrap();
            }
        };
        assert_eq!(battery_in(folder.path()), None, "no supply, no battery");
        supply("AC", &[("type", "Mains"), ("online", "1")]);
        supply(
            "mouse",
            &[
                ("type", "Battery"),
                ("scope", "Device"),
                ("capacity", "3"),
                ("status", "Discharging"),
            ],
        );
        assert_eq!(battery_in(folder.path()), None, "a mouse's is not ours");
        supply(
            "BAT0",
            &[
                ("type", "Battery"),
                ("capacity", "76"),
                ("status", "Discharging"),
            ],
        );
        assert_eq!(
            battery_in(folder.path()),
            Some(BatteryCharge {
                percent: 76,
                on_mains: false
            }),
            "the laptop's own"
        );
    }
}
