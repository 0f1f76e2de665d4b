//! The table `notifications`: what happened, without words.

use crate::column::{from_json, to_json};
use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::id::{NotificationId, UserId};
use amoozgar_types::notification::NotificationRecord;
use rusqlite::params;

impl Store {
    /// Adds a notification.
    pub fn insert_notification(
        &self,
        user_id: &UserId,
        notification: &NotificationRecord,
    ) -> Result<(), StoreError> {
        let content = to_json("notification", &notification.content)?;
        self.connection()
            .execute(
                "INSERT INTO notifications (notification_id, user_id, content, read, created_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    notification.notification_id.as_str(),
                    user_id.as_str(),
                    content,
                    notification.read,
                    notification.created_ms,
                ],
            )
            .doing("save the notification")?;
        Ok(())
    }

    /// A user's notifications, latest first.
    pub fn notifications(&self, user_id: &UserId) -> Result<Vec<NotificationRecord>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT * FROM notifications WHERE user_id = ?1
                 ORDER BY created_ms DESC, notification_id DESC",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([user_id.as_str()], |row| {
                        Ok(NotificationRecord {
                            notification_id: NotificationId::new(
                                row.get::<_, String>("notification_id")?,
                            ),
                            content: from_json(row, "content")?,
                            read: row.get("read")?,
                            created_ms: row.get("created_ms")?,
                        })
                    })?
                    .collect()
            })
            .doing("list the notifications")
    }

    /// How many of a user's notifications are unread.
    pub fn unread_count(&self, user_id: &UserId) -> Result<u32, StoreError> {
        self.connection()
            .query_row(
                "SELECT count(*) FROM notifications WHERE user_id = ?1 AND read = 0",
                [user_id.as_str()],
                |row| row.get(0),
            )
            .doing("count the notifications")
    }

    /// Marks one of a user's notifications as read.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not the user's.
    pub fn mark_read(
        &self,
        user_id: &UserId,
        notification_id: &NotificationId,
    ) -> Result<(), StoreError> {
        let changed = self
            .connection()
            .execute(
                "UPDATE notifications SET read = 1 WHERE notification_id = ?1 AND user_id = ?2",
                [notification_id.as_str(), user_id.as_str()],
            )
            .doing("mark the notification as read")?;
        if changed == 0 {
            return Err(StoreError::not_found("notification", notification_id));
        }
        Ok(())
    }

    /// Marks all of a user's notifications as read.
    pub fn mark_all_read(&self, user_id: &UserId) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "UPDATE notifications SET read = 1 WHERE user_id = ?1 AND read = 0",
                [user_id.as_str()],
            )
            .doing("mark the notifications as read")?;
        Ok(())
    }

    /// Removes all of a user's notifications.
    pub fn clear(&self, user_id: &UserId) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "DELETE FROM notifications WHERE user_id = ?1",
                [user_id.as_str()],
            )
            .doing("remove the notifications")?;
        Ok(())
    }
}
