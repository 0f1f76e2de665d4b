//! Graphics processors, as far as Linux tells of them without a library: AMD's driver in files,
//! NVIDIA's through its own tool. What is not told is absent.

use amoozgar_types::machine::Gpu;

/// Every graphics processor that tells how busy it is or how much memory it has. Blocks; a tool
/// that hangs is left after two seconds.
#[cfg(target_os = "linux")]
pub fn look() -> Vec<Gpu> {
    let mut found = of_files(std::path::Path::new("/sys/class/drm"));
    if std::path::Path::new("/proc/driver/nvidia/gpus").is_dir() {
        found.extend(of_nvidia());
    }
    found
}

/// Nothing is known of them here.
#[cfg(not(target_os = "linux"))]
pub fn look() -> Vec<Gpu> {
    Vec::new()
}

/// What amdgpu writes under `card*/device`.
#[cfg(any(target_os = "linux", test))]
fn of_files(cards: &std::path::Path) -> Vec<Gpu> {
    let Ok(entries) = std::fs::read_dir(cards) else {
        return Vec::new();
    };
    let mut dirs: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            // `card0` is a processor, `card0-HDMI-A-1` one of its sockets.
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.strip_prefix("card")
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
        })
        .map(|entry| entry.path().join("device"))
        .collect();
    dirs.sort();
    dirs.iter()
        .filter_map(|dir| {
            let number = |name: &str| -> Option<u64> {
                std::fs::read_to_string(dir.join(name))
                    .ok()?
                    .trim()
                    .parse()
                    .ok()
            };
            let gpu = Gpu {
                name: std::fs::read_to_string(dir.join("product_name"))
                    .ok()
                    .map(|name| name.trim().to_owned())
                    .filter(|name| !name.is_empty()),
                percent: number("gpu_busy_percent").map(|busy| busy.min(100) as f32),
                memory_bytes: number("mem_info_vram_total"),
                used_memory_bytes: number("mem_info_vram_used"),
                temperature_c: None,
            };
            (gpu.percent.is_some() || gpu.memory_bytes.is_some()).then_some(gpu)
        })
        .collect()
}

/// What NVIDIA's own tool says. Nothing where no runtime is there to follow the tool.
#[cfg(target_os = "linux")]
fn of_nvidia() -> Vec<Gpu> {
    use crate::process::child::{Launch, lines_of};
    use std::time::Duration;
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return Vec::new();
    };
    let tool = Launch::new(std::path::Path::new("nvidia-smi"), 4 << 10)
        .argument("--query-gpu=name,utilization.gpu,memory.total,memory.used,temperature.gpu")
        .argument("--format=csv,noheader,nounits");
    match runtime.block_on(lines_of(tool, Duration::from_secs(2))) {
        Ok(lines) => of_table(&lines.join("\n")),
        Err(failure) => {
            tracing::warn!(error = %failure, "nvidia-smi did not answer");
            Vec::new()
        }
    }
}

/// A line per processor; what it does not support it calls `[N/A]`.
#[cfg(any(target_os = "linux", test))]
fn of_table(table: &str) -> Vec<Gpu> {
    const MIB: u64 = 1024 * 1024;
    table
        .lines()
        .filter_map(|line| {
            let mut cells = line.split(',').map(str::trim);
            let name = cells.next().filter(|name| !name.is_empty())?;
            let mut number = || cells.next().and_then(|cell| cell.parse::<u64>().ok());
            Some(Gpu {
                name: Some(name.to_owned()),
                percent: number().map(|busy| busy.min(100) as f32),
                memory_bytes: number().map(|mib| mib * MIB),
                used_memory_bytes: number().map(|mib| mib * MIB),
                temperature_c: number().map(|celsius| celsius as f32),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{of_files, of_table};
    use std::fs;

    #[test]
    fn a_card_is_one_that_tells_something_and_its_sockets_are_none() {
        let folder = tempfile::tempdir().unwrap();
        for (card, files) in [
            ("card0/device", &[][..]),
            (
                "card1/device",
                &[
                    ("gpu_busy_percent", "17"),
                    ("mem_info_vram_total", "8589934592"),
                ][..],
            ),
            ("card1-HDMI-A-1/device", &[("gpu_busy_percent", "99")][..]),
        ] {
            let dir = folder.path().join(card);
            fs::create_dir_all(&dir).unwrap();
            for (file, text) in files {
                fs::write(dir.join(file), format!("{text}\n")).unwrap();
            }
        }
        let found = of_files(folder.path());
        assert_eq!(found.len(), 1, "one of the three: {found:?}");
        assert_eq!(found[0].percent, Some(17.0), "how busy it is");
        assert_eq!(found[0].memory_bytes, Some(8_589_934_592), "what it has");
        assert_eq!(found[0].name, None, "it did not say its name");
    }

    #[test]
    fn the_tools_table_is_read_and_what_it_does_not_know_is_absent() {
        let found = of_table("NVIDIA T4, 42, 15360, 2048, 61\nOld card, [N/A], 2048, 100, [N/A]\n");
        assert_eq!(found.len(), 2, "a line each");
        assert_eq!(found[0].used_memory_bytes, Some(2_147_483_648), "in bytes");
        assert_eq!(found[0].temperature_c, Some(61.0), "in degrees");
        assert_eq!(found[1].percent, None, "not known, not made up");
        assert_eq!(found[1].memory_bytes, Some(2_147_483_648), "the next cell");
    }
}
