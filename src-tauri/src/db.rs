//! The store, called off the async threads.

use crate::error;
use amoozgar_store::{Store, StoreError};
use amoozgar_types::ApiError;
use std::sync::Arc;

/// A handle on the database that any task may hold.
#[derive(Clone)]
pub struct Db {
    store: Arc<Store>,
}

impl Db {
    /// Shares an opened store.
    pub fn new(store: Store) -> Self {
        Self {
            store: Arc::new(store),
        }
    }

    /// Runs `work` on a blocking thread.
    pub async fn call<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    {
        let db = self.clone();
        blocking(move || db.now(work)).await
    }

    /// [`Self::call`] for who tries again and again: a failure is theirs to log, once.
    pub async fn try_call<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    {
        let db = self.clone();
        blocking(move || db.try_now(work)).await
    }

    /// [`Self::now`], as [`Self::try_call`].
    pub fn try_now<T>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, ApiError> {
        work(&self.store).map_err(|failure| error::of_store_untold(&failure))
    }

    /// Runs `work` on this thread, which must be one that may block.
    pub fn now<T>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, ApiError> {
        work(&self.store).map_err(|failure| error::of_store(&failure))
    }
}

/// Runs what blocks on a thread made for it.
pub async fn blocking<T, F>(work: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, ApiError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) => Err(error::internal("a background task panicked", &failure)),
    }
}
