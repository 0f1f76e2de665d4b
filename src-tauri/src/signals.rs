//! The system's wish that the process ends.

/// Returns once the terminal or the system asks the process to end.
pub async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    if let Err(failure) = tokio::signal::ctrl_c().await {
        tracing::warn!(%failure, "signals cannot be heard");
        std::future::pending::<()>().await;
    }
}
