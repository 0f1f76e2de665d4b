//! What the operating system does for the program: its battery and sleep, starting with it, file
//! manager and browser, and the program's own logs for others. Knows nothing of Tauri's windows.

pub mod autostart;
pub mod info;
pub mod logs;
pub mod open;
pub mod power;

mod redact;
