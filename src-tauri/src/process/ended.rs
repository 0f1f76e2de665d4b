//! How a child ended, and which failure that is for who waited for its answer.

use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::process::ExitStatus;

/// Why a child was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Killed {
    /// Its time was over.
    TimedOut,
    /// It printed a line beyond its bound.
    Overlong,
}

/// How a child ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub(super) status: Result<ExitStatus, String>,
    pub(super) killed: Option<Killed>,
    pub(super) words: String,
    pub(super) lacked_memory: bool,
    pub(super) memory_bytes: Option<u64>,
}

impl Ended {
    /// Whether its time was over.
    pub fn timed_out(&self) -> bool {
        self.killed == Some(Killed::TimedOut)
    }

    /// Whether it ended by itself and says that all went well.
    pub fn went_well(&self) -> bool {
        self.killed.is_none() && self.status.as_ref().is_ok_and(ExitStatus::success)
    }

    /// How, in a few words for the log.
    pub fn how(&self) -> String {
        let ended = match &self.status {
            Ok(status) => of_status(*status),
            Err(failure) => failure.clone(),
        };
        match self.killed {
            None => ended,
            Some(Killed::TimedOut) => format!("killed, since it did not end in time ({ended})"),
            Some(Killed::Overlong) => format!("killed, since it printed a line too long ({ended})"),
        }
    }

    /// The failure that it means for who waited for an answer.
    pub fn error(&self) -> ApiError {
        let detail = if self.words.is_empty() {
            self.how()
        } else {
            format!("{}: {}", self.how(), self.words)
        };
        tracing::warn!(%detail, "a child ended before it answered");
        let code = match self.killed {
            Some(Killed::TimedOut) => ErrorCode::ProcessTimedOut,
            None if self.ran_out_of_memory() => ErrorCode::ProcessOutOfMemory,
            Some(Killed::Overlong) | None => ErrorCode::ProcessDied,
        };
        ApiError::with(
            code,
            ErrorParams {
                found: self
                    .memory_bytes
                    .filter(|_| code == ErrorCode::ProcessOutOfMemory),
                detail: Some(detail),
                ..ErrorParams::default()
            },
        )
    }

    /// Rust says that an allocation failed and aborts; the system's killer leaves no word.
    fn ran_out_of_memory(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::process::ExitStatusExt;
            const KILL: i32 = 9;
            let signal = self.status.as_ref().ok().and_then(ExitStatusExt::signal);
            if signal == Some(KILL) {
                return true;
            }
        }
        self.lacked_memory
    }
}

fn of_status(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return format!("signal {signal}");
        }
    }
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => "unknown exit status".to_owned(),
    }
}
