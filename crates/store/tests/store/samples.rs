use crate::support::{Fixture, job_id};
use amoozgar_types::event::SampleRecord;
use amoozgar_types::job::JobStatus;

#[test]
fn samples_come_latest_first_with_prompts_in_their_order() {
    let fixture = Fixture::with_job("j1", JobStatus::Running);
    let id = job_id("j1");
    let sample = |step, prompt: &str, text: &str| SampleRecord {
        step,
        prompt: prompt.to_owned(),
        text: text.to_owned(),
    };
    let first = [sample(10, "ای دل", "الف"), sample(10, "یکی بود", "می‌رفت")];
    let second = [sample(20, "ای دل", "جیم"), sample(20, "یکی بود", "دال")];
    fixture.store.append_samples(&id, &first).unwrap();
    fixture.store.append_samples(&id, &second).unwrap();
    let fixture = fixture.reopened();
    let read = fixture.store.samples(&id, 3).unwrap();
    assert_eq!(
        read,
        [second[0].clone(), second[1].clone(), first[0].clone()],
        "latest step first, cut at the limit"
    );
    let again = sample(20, "ای دل", "ه");
    fixture
        .store
        .append_samples(&id, std::slice::from_ref(&again))
        .unwrap();
    let read = fixture.store.samples(&id, 9).unwrap();
    assert_eq!(read.len(), 4, "the same step and prompt is the same sample");
    assert_eq!(read[0], again, "the later text holds");
    assert_eq!(
        read[3], first[1],
        "a zero-width non-joiner is kept in the text"
    );
}
