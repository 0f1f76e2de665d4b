use crate::support::{Fixture, NOW, dara, sara};
use amoozgar_store::StoreError;
use amoozgar_types::Loss;
use amoozgar_types::id::{JobId, NotificationId};
use amoozgar_types::notification::{NotificationContent, NotificationRecord};

fn notification(id: &str, created_ms: i64) -> NotificationRecord {
    NotificationRecord {
        notification_id: NotificationId::new(id),
        content: NotificationContent::TrainingCompleted {
            job_id: JobId::new("j1"),
            job_name: "دیوان".to_owned(),
            val_loss: Some(Loss::Finite(f64::from_bits(0x4008_7a3b_19c5_e8d3))),
        },
        read: false,
        created_ms,
    }
}

#[test]
fn notifications_come_latest_first_exact_and_are_read_one_by_one_or_all() {
    let fixture = Fixture::with_users();
    for (id, at) in [("n1", NOW), ("n2", NOW + 5), ("n3", NOW + 5)] {
        fixture
            .store
            .insert_notification(&sara(), &notification(id, at))
            .unwrap();
    }
    let fixture = fixture.reopened();
    let store = &fixture.store;
    assert_eq!(
        store.notifications(&sara()).unwrap(),
        [
            notification("n3", NOW + 5),
            notification("n2", NOW + 5),
            notification("n1", NOW)
        ],
        "latest first, the loss to the last bit"
    );
    assert_eq!(store.unread_count(&sara()).unwrap(), 3);
    store
        .mark_read(&sara(), &NotificationId::new("n2"))
        .unwrap();
    assert_eq!(store.unread_count(&sara()).unwrap(), 2, "one was read");
    store.mark_all_read(&sara()).unwrap();
    assert_eq!(store.unread_count(&sara()).unwrap(), 0, "all were read");
    store.clear(&sara()).unwrap();
    assert!(store.notifications(&sara()).unwrap().is_empty(), "all gone");
}

#[test]
fn nobody_reads_marks_or_clears_anothers_notifications() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    store
        .insert_notification(&sara(), &notification("n1", NOW))
        .unwrap();
    assert!(store.notifications(&dara()).unwrap().is_empty(), "not hers");
    assert_eq!(store.unread_count(&dara()).unwrap(), 0);
    assert!(
        matches!(
            store.mark_read(&dara(), &NotificationId::new("n1")),
            Err(StoreError::NotFound { .. })
        ),
        "the id alone opens nothing"
    );
    store.mark_all_read(&dara()).unwrap();
    store.clear(&dara()).unwrap();
    assert_eq!(
        store.unread_count(&sara()).unwrap(),
        1,
        "the owner's is as it was"
    );
}
