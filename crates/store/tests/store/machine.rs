use crate::support::{Fixture, NOW, dara, sara};
use amoozgar_types::UtcMs;
use amoozgar_types::job::JobStatus;
use amoozgar_types::machine::MachineSample;

const HOUR_MS: UtcMs = 3_600_000;

fn sample(at_ms: UtcMs) -> MachineSample {
    MachineSample {
        at_ms,
        cpu_percent: 12.5,
        used_memory_bytes: 4_000_000_000,
        tokens_per_s: Some(850.25),
    }
}

#[test]
fn samples_are_kept_for_a_day_and_read_from_a_time_on() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    for at_ms in [NOW - 25 * HOUR_MS, NOW - 2 * HOUR_MS, NOW - HOUR_MS, NOW] {
        store.insert_machine_sample(&sample(at_ms)).unwrap();
    }
    assert_eq!(
        store.machine_samples(0).unwrap().len(),
        3,
        "what is older than a day is gone"
    );
    let late = store.machine_samples(NOW - HOUR_MS).unwrap();
    assert_eq!(
        late,
        [sample(NOW - HOUR_MS), sample(NOW)],
        "the last hour, oldest first, as it was saved"
    );
}

#[test]
fn jobs_are_counted_by_state_for_their_owner() {
    let fixture = Fixture::with_users();
    fixture.add_job("sara", "j1", JobStatus::Completed);
    fixture.add_job("sara", "j2", JobStatus::Completed);
    fixture.add_job("sara", "j3", JobStatus::Running);
    fixture.add_job("dara", "j4", JobStatus::Failed);
    assert_eq!(
        fixture.store.jobs_by_status(&sara()).unwrap(),
        [(JobStatus::Running, 1), (JobStatus::Completed, 2)],
        "in the order of a job's life, without states that do not occur"
    );
    assert_eq!(
        fixture.store.jobs_by_status(&dara()).unwrap(),
        [(JobStatus::Failed, 1)],
        "another user's are another user's"
    );
}
