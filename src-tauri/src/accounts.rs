//! Profiles: signing in and out, passwords, recovery codes, the session of this window, settings.
//! Knows nothing of Tauri.
//!
//! Enter at [`Session`] for who is signed in, at [`sign_in`] for how somebody comes to be.

pub mod administration;
pub mod password;
pub mod profile;
pub mod remember;
pub mod session;
pub mod settings;
pub mod sign_in;

pub use session::Session;
