//! What the whole interface shares: who is signed in, settings, unread notifications, toasts.
//!
//! Each is a context with a provider of its own; reducers are pure, effects live in the providers.

pub mod activity;
pub mod downloads;
pub mod job;
pub mod modals;
pub mod notifications;
pub mod session;
pub mod settings;
pub mod shelf;
pub mod theme;
pub mod thin;
pub mod toasts;
