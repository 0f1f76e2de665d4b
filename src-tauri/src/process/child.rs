//! A child process: started, followed line by line, bounded in memory, time and what it prints,
//! stopped and reaped. The one place of the shell that starts processes that it then follows.
//!
//! Standard output carries one message a line, standard error words for the log, of which the last ones
//! are kept for whoever asks why a child ended. Closing its input asks a child to end; what does not
//! obey in time is killed. A child that is let go of is reaped in the background.

use super::bounds;
use super::ended::{Ended, Killed};
use super::lines::{Said, read_lines, read_words};
use crate::error;
use amoozgar_types::{ApiError, ErrorCode};
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{OnceLock, mpsc as threads};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// Lines that wait to be read; a child that prints faster waits.
const WAITING_LINES: usize = 64;
/// Lines of standard error that are kept for the failure's detail.
const KEPT_WORDS: usize = 20;
/// How long the pipes of a killed child may stay open (a program of its own may hold them) before it is
/// given up.
const AFTER_KILL: Duration = Duration::from_secs(2);

/// What is started, and within which bounds.
#[derive(Debug, Clone)]
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    memory_bytes: Option<u64>,
    line_bytes: usize,
    let_go: LetGo,
    creation_flags: u32,
}

/// What becomes of a child that is let go of while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetGo {
    /// It is killed.
    Kill,
    /// Its input closes, and it ends in its own time.
    Close,
}

/// What a child does.
#[derive(Debug)]
pub enum Event {
    /// It printed a line, without its end.
    Line(String),
    /// It wrote a line to standard error.
    Words(String),
    /// It is gone, and reaped. Nothing follows.
    Ended(Ended),
}

/// A child that runs.
pub struct Child {
    /// Taken when it is let go of.
    process: Option<tokio::process::Child>,
    input: Option<ChildStdin>,
    output: mpsc::Receiver<Said>,
    words: VecDeque<String>,
    /// It said that an allocation failed, perhaps long before its last words.
    lacked_memory: bool,
    deadline: Option<Instant>,
    killed: Option<Killed>,
    memory_bytes: Option<u64>,
    let_go: LetGo,
}

impl Launch {
    /// A program without arguments that may print lines of so many bytes.
    pub fn new(program: &Path, line_bytes: usize) -> Self {
        Self {
            program: program.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            memory_bytes: None,
            line_bytes,
            let_go: LetGo::Kill,
            creation_flags: 0,
        }
    }

    /// With a further argument.
    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// With further variables in its environment.
    #[must_use]
    pub fn environment<N: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, String)>,
    ) -> Self {
        let variables = variables.into_iter();
        self.environment
            .extend(variables.map(|(name, value)| (name.into(), value)));
        self
    }

    /// Held to so many bytes of memory on top of what the program takes in any case. Only the program's own subcommands follow it.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory_bytes = Some(bytes);
        self.environment(bounds::environment(bytes))
    }

    /// What becomes of it when it is let go of.
    #[must_use]
    pub fn let_go(mut self, let_go: LetGo) -> Self {
        self.let_go = let_go;
        self
    }

    /// With the flags of Windows' `CreateProcess`; without meaning elsewhere.
    #[must_use]
    pub fn creation_flags(mut self, flags: u32) -> Self {
        self.creation_flags = flags;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// Where the program cannot be started.
    pub async fn start(self) -> Result<Child, ApiError> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Ctrl-C in a terminal is for the window, which then ends its children in order.
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(windows)]
        command.creation_flags(CREATE_NO_WINDOW | self.creation_flags);
        command.kill_on_drop(self.let_go == LetGo::Kill);
        let mut process = spawn(command)
            .await?
            .map_err(|failure| error::io_error(&self.program, &failure))?;
        let input = process.stdin.take();
        let (Some(stdout), Some(stderr)) = (process.stdout.take(), process.stderr.take()) else {
            unreachable!("BUG: both streams were asked for as pipes");
        };
        let (said, output) = mpsc::channel(WAITING_LINES);
        tokio::spawn(read_lines(stdout, self.line_bytes, said.clone()));
        tokio::spawn(read_words(stderr, said));
        Ok(Child {
            process: Some(process),
            input,
            output,
            words: VecDeque::new(),
            lacked_memory: false,
            deadline: None,
            killed: None,
            memory_bytes: self.memory_bytes,
            let_go: self.let_go,
        })
    }
}

#[cfg(windows)]
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

impl Child {
    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().and_then(tokio::process::Child::id)
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        let Some(process) = &mut self.process else {
            return false;
        };
        matches!(process.try_wait(), Ok(None))
    }

    /// Writes a line to its input. One that does not read is waited for no longer than its deadline.
    ///
    /// # Errors
    /// Where it reads no more.
    pub async fn say(&mut self, line: &str) -> std::io::Result<()> {
        let Some(input) = &mut self.input else {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        };
        let written = async {
            input.write_all(line.as_bytes()).await?;
            input.write_all(b"\n").await?;
            input.flush().await
        };
        match self.deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, written)
                .await
                .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())),
            None => written.await,
        }
    }

    /// Closes its input, which asks it to end.
    pub fn close_input(&mut self) {
        drop(self.input.take());
    }

    /// Kills it unless it has ended, or [`Child::take_time`] was called, before `patience` is over.
    pub fn end_within(&mut self, patience: Duration) {
        self.deadline = Some(Instant::now() + patience);
    }

    /// Takes back what [`Child::end_within`] said.
    pub fn take_time(&mut self) {
        if self.killed.is_none() {
            self.deadline = None;
        }
    }

    /// What it does next. May be dropped before it answers; nothing is lost.
    pub async fn next(&mut self) -> Event {
        loop {
            let overdue = self.deadline.unwrap_or_else(Instant::now);
            tokio::select! {
                said = self.output.recv() => match said {
                    Some(Said::Line(line)) => return Event::Line(line),
                    Some(Said::Words(words)) => {
                        self.remember(&words);
                        return Event::Words(words);
                    }
                    Some(Said::Overlong) => self.kill(Killed::Overlong),
                    None => break,
                },
                () = sleep_until(overdue), if self.deadline.is_some() => {
                    if self.killed.is_some() {
                        break;
                    }
                    self.kill(Killed::TimedOut);
                }
            }
        }
        Event::Ended(self.reap().await)
    }

    /// Waits for its end, and kills it where that does not come in time.
    async fn reap(&mut self) -> Ended {
        let status = loop {
            let Some(process) = &mut self.process else {
                break Err("it was let go of".to_owned());
            };
            let overdue = self.deadline.unwrap_or_else(Instant::now);
            let waits = self.deadline.is_some() && self.killed.is_none();
            tokio::select! {
                status = process.wait() => break status.map_err(|failure| failure.to_string()),
                () = sleep_until(overdue), if waits => self.kill(Killed::TimedOut),
            }
        };
        Ended {
            status,
            killed: self.killed,
            words: Vec::from(self.words.clone()).join("\n"),
            lacked_memory: self.lacked_memory,
            memory_bytes: self.memory_bytes,
        }
    }

    fn kill(&mut self, why: Killed) {
        self.killed.get_or_insert(why);
        self.deadline = Some(Instant::now() + AFTER_KILL);
        if let Some(process) = &mut self.process
            && let Err(failure) = process.start_kill()
        {
            tracing::warn!(%failure, "a child could not be killed");
        }
    }

    fn remember(&mut self, words: &str) {
        // What Rust says before it aborts.
        self.lacked_memory |= words.contains("memory allocation of");
        if self.words.len() == KEPT_WORDS {
            self.words.pop_front();
        }
        self.words.push_back(words.to_owned());
    }
}

/// Starts a program, and answers with what it printed if it ends well within `patience`.
///
/// # Errors
/// Where it cannot be started, fails, prints too much in a line, or takes longer and is killed.
pub async fn lines_of(launch: Launch, patience: Duration) -> Result<Vec<String>, ApiError> {
    let mut child = launch.start().await?;
    child.end_within(patience);
    child.close_input();
    let mut lines = Vec::new();
    loop {
        match child.next().await {
            Event::Line(line) => lines.push(line),
            Event::Words(words) => tracing::debug!(%words, "a child says"),
            Event::Ended(ended) if ended.went_well() => return Ok(lines),
            Event::Ended(ended) => return Err(ended.error()),
        }
    }
}

/// Starts a program, and answers whether it ends well within `patience`. What it prints is dropped.
///
/// # Errors
/// Where it cannot be started, or takes longer and is killed.
#[cfg(any(windows, test))]
pub async fn succeeds(launch: Launch, patience: Duration) -> Result<bool, ApiError> {
    match lines_of(launch, patience).await {
        Ok(_) => Ok(true),
        Err(failure) if failure.code == ErrorCode::ProcessDied => Ok(false),
        Err(failure) => Err(failure),
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.input.take());
        let Some(mut process) = self.process.take() else {
            return;
        };
        if matches!(process.try_wait(), Ok(Some(_))) {
            return;
        }
        if self.let_go == LetGo::Kill
            && let Err(failure) = process.start_kill()
        {
            tracing::warn!(%failure, "a child could not be killed");
        }
        // Where no runtime is left, the program ends and the system reaps.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(failure) = process.wait().await {
                    tracing::warn!(%failure, "a child could not be reaped");
                }
            });
        }
    }
}

type Work = Box<dyn FnOnce() + Send>;

/// Starts a process on a thread that lives as long as the program does: what Linux ends with its parent
/// ends with the parent's *thread*, and those of a pool come and go.
async fn spawn(mut command: Command) -> Result<std::io::Result<tokio::process::Child>, ApiError> {
    static STARTER: OnceLock<threads::Sender<Work>> = OnceLock::new();
    let gone = || ApiError::detail(ErrorCode::Internal, "no child can be started any more");
    let starter = STARTER.get_or_init(|| {
        let (starter, work) = threads::channel::<Work>();
        std::thread::spawn(move || work.into_iter().for_each(|work| work()));
        starter
    });
    let runtime = Handle::current();
    let (answer, started) = oneshot::channel();
    let work: Work = Box::new(move || {
        let _entered = runtime.enter();
        // Who asked may be gone; the child is let go of with the answer then.
        let _ = answer.send(command.spawn());
    });
    starter.send(work).map_err(|_| gone())?;
    started.await.map_err(|_| gone())
}

#[cfg(all(test, unix))]
#[path = "child_tests.rs"]
mod tests;
