//! Ids are string newtypes, so that a dataset's id cannot stand where a job's belongs.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps an id made elsewhere.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A local profile.
    UserId,
    /// One training run.
    JobId,
    /// A dataset, bundled or imported.
    DatasetId,
    /// One download.
    DownloadId,
    /// A server for chat that the user names.
    ServiceId,
    /// A conversation.
    ChatId,
    /// A message of a conversation.
    MessageId,
    /// A row of the notification list.
    NotificationId,
    /// A time during which somebody is signed in.
    SessionId,
}
