use crate::support::{Fixture, dara, job, sara, spec};
use amoozgar_types::job::JobStatus;
use amoozgar_types::job::{JobGroup, JobQuery};

fn with_jobs(n: usize) -> Fixture {
    let fixture = Fixture::with_users();
    let states = [
        JobStatus::Completed,
        JobStatus::Failed,
        JobStatus::Stopped,
        JobStatus::Queued,
    ];
    for number in 0..n {
        let mut record = job(&format!("j{number:05}"), states[number % states.len()]);
        record.name = format!("اجرای {number}٪");
        record.created_ms += number as i64;
        fixture
            .store
            .insert_job(&sara(), &record, &spec(), "/data/jobs/x")
            .unwrap();
    }
    fixture
}

fn query(search: &str, group: JobGroup, offset: u32, limit: u32) -> JobQuery {
    JobQuery {
        search: search.to_owned(),
        group,
        offset,
        limit,
    }
}

#[test]
fn pages_follow_one_another_without_gaps_from_the_latest_on() {
    let fixture = with_jobs(45);
    let mut seen = Vec::new();
    for page in 0..3 {
        let page = fixture
            .store
            .job_page(&sara(), &query("", JobGroup::All, page * 20, 20))
            .unwrap();
        assert_eq!((page.n_matching, page.n_all), (45, 45), "the totals");
        seen.extend(page.jobs.into_iter().map(|job| job.job_id.to_string()));
    }
    let wanted: Vec<_> = (0..45)
        .rev()
        .map(|number| format!("j{number:05}"))
        .collect();
    assert_eq!(seen, wanted, "each once, the latest first");
}

#[test]
fn a_group_shows_its_states_and_counts_them() {
    let fixture = with_jobs(8);
    for group in JobGroup::ALL {
        let page = fixture
            .store
            .job_page(&sara(), &query("", *group, 0, 50))
            .unwrap();
        assert_eq!(page.jobs.len(), page.n_matching as usize, "{group:?}");
        assert!(
            page.jobs.iter().all(|job| group.contains(job.status)),
            "{group:?} holds a stranger"
        );
        assert_eq!(
            (page.n_all, page.n_completed, page.n_queued),
            (8, 2, 2),
            "whatever is filtered"
        );
    }
}

#[test]
fn a_search_finds_parts_of_names_and_takes_signs_as_they_are() {
    let fixture = with_jobs(30);
    let found = |text: &str| {
        fixture
            .store
            .job_page(&sara(), &query(text, JobGroup::All, 0, 50))
            .unwrap()
            .n_matching
    };
    assert_eq!(
        found(" اجرای 17 "),
        1,
        "a part of a name, with spaces around it"
    );
    assert_eq!(found("حافظ"), 30, "the dataset's name");
    assert_eq!(found("%"), 0, "no wildcard");
    assert_eq!(found("_"), 0, "no wildcard");
    assert_eq!(found("٪"), 30, "the sign itself");
}

#[test]
fn nobody_sees_or_counts_the_runs_of_others() {
    let fixture = with_jobs(3);
    let page = fixture
        .store
        .job_page(&dara(), &query("", JobGroup::All, 0, 50))
        .unwrap();
    assert_eq!((page.jobs.len(), page.n_matching, page.n_all), (0, 0, 0));
}
