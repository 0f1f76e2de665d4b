//! Children that misbehave: each a line of shell.
#![allow(clippy::unwrap_used)]

use super::{Child, Ended, Event, Launch, LetGo, lines_of, succeeds};
use amoozgar_types::ErrorCode;
use std::path::Path;
use std::time::{Duration, Instant};

async fn shell(script: &str) -> Child {
    launch(script).start().await.unwrap()
}

fn launch(script: &str) -> Launch {
    Launch::new(Path::new("/bin/sh"), 1024)
        .argument("-c")
        .argument(script)
}

/// Follows a child to its end; answers its lines with it. The whole wait is bounded.
async fn follow(child: &mut Child) -> (Vec<String>, Ended) {
    let mut lines = Vec::new();
    let followed = async {
        loop {
            match child.next().await {
                Event::Line(line) => lines.push(line),
                Event::Words(_) => {}
                Event::Ended(ended) => return ended,
            }
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), followed).await;
    (lines, ended.expect("the child ended"))
}

/// Whether a process is there, be it as a zombie.
fn is_there(pid: u32) -> bool {
    std::process::Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap()
        .success()
}

async fn is_reaped(pid: u32) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while is_there(pid) {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_it_says_comes_line_by_line_and_its_last_words_explain_its_end() {
    let mut child = shell("read x; echo \"got $x\"; echo why >&2; printf last; exit 3").await;
    child.say("سلام").await.unwrap();
    let (lines, ended) = follow(&mut child).await;
    assert_eq!(lines, ["got سلام", "last"]);
    assert_eq!(ended.how(), "exit status 3");
    let failure = ended.error();
    assert_eq!(failure.code, ErrorCode::ProcessDied);
    assert!(
        failure.params.detail.unwrap().contains("why"),
        "with what it wrote to standard error"
    );
}

#[tokio::test]
async fn one_that_takes_too_long_is_killed_and_reaped() {
    let mut child = shell("trap '' TERM; echo here; exec sleep 600").await;
    let pid = child.id().unwrap();
    assert!(matches!(child.next().await, Event::Line(_)), "it runs");
    child.end_within(Duration::from_millis(50));
    let (_, ended) = follow(&mut child).await;
    assert!(ended.timed_out());
    assert_eq!(ended.error().code, ErrorCode::ProcessTimedOut);
    assert!(!is_there(pid), "it is no zombie");
}

#[tokio::test]
async fn one_whose_pipes_are_held_by_another_ends_all_the_same() {
    let mut child = shell("sleep 600 & echo $!; wait").await;
    let Event::Line(other) = child.next().await else {
        panic!("it says whom it started");
    };
    child.end_within(Duration::ZERO);
    let (_, ended) = follow(&mut child).await;
    assert!(ended.timed_out(), "{}", ended.how());
    let killed = std::process::Command::new("kill").arg(other).status();
    assert!(killed.unwrap().success(), "the other held the pipes");
}

#[tokio::test]
async fn a_line_without_end_fills_no_memory() {
    let mut child = shell("exec tr '\\0' x < /dev/zero").await;
    let (lines, ended) = follow(&mut child).await;
    assert!(lines.is_empty(), "no part of it was passed on");
    assert!(ended.how().contains("too long"), "{}", ended.how());
    assert_eq!(ended.error().code, ErrorCode::ProcessDied);
}

#[tokio::test]
async fn what_the_system_kills_ran_out_of_memory() {
    let mut child = launch("kill -KILL $$").memory(7).start().await.unwrap();
    let (_, ended) = follow(&mut child).await;
    let failure = ended.error();
    assert_eq!(failure.code, ErrorCode::ProcessOutOfMemory, "{failure}");
    assert_eq!(failure.params.found, Some(7), "it says how much there was");
}

#[tokio::test]
async fn one_that_is_let_go_of_is_gone_and_no_zombie() {
    let child = shell("exec sleep 600").await;
    let pid = child.id().unwrap();
    drop(child);
    is_reaped(pid).await;
}

#[tokio::test]
async fn one_that_has_to_save_is_let_go_of_by_closing_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let child = launch("while read x; do :; done; sleep 0.1; : > \"$SAVED\"")
        .environment([("SAVED", saved.display().to_string())])
        .let_go(LetGo::Close)
        .start()
        .await
        .unwrap();
    let pid = child.id().unwrap();
    drop(child);
    is_reaped(pid).await;
    assert!(saved.exists(), "it ended in its own time");
}

#[tokio::test]
async fn what_a_program_prints_counts_only_where_it_ends_well_and_in_time() {
    let patience = Duration::from_secs(20);
    let lines = lines_of(launch("echo one; echo two"), patience).await;
    assert_eq!(lines.unwrap(), ["one", "two"], "in order");
    let failed = lines_of(launch("echo one; exit 3"), patience).await;
    assert_eq!(
        failed.unwrap_err().code,
        ErrorCode::ProcessDied,
        "it failed"
    );
    let hung = lines_of(launch("exec sleep 60"), Duration::from_millis(200)).await;
    assert_eq!(
        hung.unwrap_err().code,
        ErrorCode::ProcessTimedOut,
        "it is not waited for"
    );
}

#[tokio::test]
async fn whether_a_program_succeeds_is_told_from_whether_it_can_be_started() {
    let patience = Duration::from_secs(60);
    assert!(
        succeeds(launch("echo a word; exit 0"), patience)
            .await
            .unwrap()
    );
    assert!(
        !succeeds(launch("exit 1"), patience).await.unwrap(),
        "it says no"
    );
    let nothing = Launch::new(Path::new("/no/such/program"), 1024);
    let failure = succeeds(nothing, patience).await.unwrap_err();
    assert_eq!(failure.code, ErrorCode::FileNotFound, "{failure}");
    let hangs = succeeds(launch("sleep 600"), Duration::from_millis(50)).await;
    assert_eq!(hangs.unwrap_err().code, ErrorCode::ProcessTimedOut);
}
