//! Who is signed in, until when, and whether the window is locked.
//!
//! What time does to a session is decided in [`Session::standing`] alone, by the clock that it is
//! given: every command asks it first, and [`watch`] asks it when a session's hour has come, so that
//! the window locks without anyone calling.

use crate::clock::steady_ms;
use amoozgar_types::id::{SessionId, UserId};
use amoozgar_types::ipc::{Access, Standing};
use amoozgar_types::user::{Role, User};
use amoozgar_types::{ApiError, ErrorCode, UtcMs};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

const MINUTE_MS: UtcMs = 60_000;
/// How long a session lasts after the last sign of life.
pub const LASTS_MS: UtcMs = 12 * 60 * MINUTE_MS;
/// How long one lasts that the keyring remembers.
pub const REMEMBERED_LASTS_MS: UtcMs = 30 * 24 * 60 * MINUTE_MS;

/// A session of this window.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Who.
    pub user: User,
    /// Which row of the database.
    pub session_id: SessionId,
    /// When it ends if nothing happens.
    pub expires_ms: UtcMs,
    /// Whether the keyring brings it back.
    pub remembered: bool,
    /// Minutes without a sign of life after which the window locks.
    pub idle_lock_min: Option<u32>,
}

#[derive(Default)]
struct State {
    signed: Option<Signed>,
    active_ms: UtcMs,
    locked: bool,
    /// The last one ended by itself, and nobody has signed in since.
    expired: bool,
}

/// Who is signed in.
#[derive(Default)]
pub struct Session {
    state: Mutex<State>,
    changed: Notify,
}

impl Session {
    /// The signed-in user, locked or not.
    pub fn user(&self) -> Option<User> {
        self.lock_state()
            .signed
            .as_ref()
            .map(|signed| signed.user.clone())
    }

    /// The session of this window.
    pub fn signed(&self) -> Option<Signed> {
        self.lock_state().signed.clone()
    }

    /// Whether `user_id` is signed in.
    pub fn is(&self, user_id: &UserId) -> bool {
        self.user().is_some_and(|user| user.user_id == *user_id)
    }

    /// Where it stands at `now`: what time does to it is done here.
    pub fn standing(&self, now: UtcMs) -> Standing {
        let mut state = self.lock_state();
        let Some(signed) = &state.signed else {
            return if state.expired {
                Standing::Expired
            } else {
                Standing::Out
            };
        };
        if now >= signed.expires_ms {
            *state = State {
                expired: true,
                ..State::default()
            };
            drop(state);
            self.changed.notify_one();
            return Standing::Expired;
        }
        let idle = idle_ms(signed).is_some_and(|idle_ms| now - state.active_ms >= idle_ms);
        if idle && !state.locked {
            state.locked = true;
            drop(state);
            self.changed.notify_one();
            return Standing::Locked;
        }
        if state.locked {
            Standing::Locked
        } else {
            Standing::In
        }
    }

    /// Whether a command of this kind may be called at `now`.
    pub fn permits(&self, access: Access, now: UtcMs) -> Result<(), ApiError> {
        let refused = match (access, self.standing(now)) {
            (Access::Anyone, _)
            | (Access::Locked, Standing::Locked | Standing::In)
            | (Access::User, Standing::In) => return Ok(()),
            (Access::Administrator, Standing::In) => {
                let role = self.user().map(|user| user.role);
                if role == Some(Role::Administrator) {
                    return Ok(());
                }
                ErrorCode::NotPermitted
            }
            (_, Standing::Out) => ErrorCode::NotSignedIn,
            (_, Standing::Expired) => ErrorCode::SessionExpired,
            (_, Standing::Locked) => ErrorCode::Locked,
        };
        Err(ApiError::new(refused))
    }

    /// Signs somebody in.
    pub fn begin(&self, signed: Signed, now: UtcMs) {
        *self.lock_state() = State {
            signed: Some(signed),
            active_ms: now,
            locked: false,
            expired: false,
        };
        self.changed.notify_one();
    }

    /// Signs out.
    pub fn end(&self) -> Option<Signed> {
        let ended = std::mem::take(&mut *self.lock_state()).signed;
        self.changed.notify_one();
        ended
    }

    /// Ends a session whose row is gone, as time would have.
    pub fn expire(&self) {
        *self.lock_state() = State {
            expired: true,
            ..State::default()
        };
        self.changed.notify_one();
    }

    /// A sign of life. It does not unlock.
    pub fn touch(&self, now: UtcMs) -> Standing {
        let standing = self.standing(now);
        if standing == Standing::In {
            self.lock_state().active_ms = now;
        }
        standing
    }

    /// Locks the window, where a password can open it again. Answers whether it did.
    pub fn lock(&self) -> bool {
        let mut state = self.lock_state();
        let can = state
            .signed
            .as_ref()
            .is_some_and(|signed| signed.user.has_password);
        state.locked |= can;
        drop(state);
        self.changed.notify_one();
        can
    }

    /// Opens a locked window.
    pub fn unlock(&self, now: UtcMs) {
        let mut state = self.lock_state();
        state.locked = false;
        state.active_ms = now;
        drop(state);
        self.changed.notify_one();
    }

    /// Its end moved.
    pub fn renewed(&self, expires_ms: UtcMs) {
        if let Some(signed) = &mut self.lock_state().signed {
            signed.expires_ms = expires_ms;
        }
        self.changed.notify_one();
    }

    /// The signed-in user's profile changed.
    pub fn replace_user(&self, user: &User) {
        if let Some(signed) = &mut self.lock_state().signed
            && signed.user.user_id == user.user_id
        {
            signed.user = user.clone();
        }
        self.changed.notify_one();
    }

    /// The idle lock was set anew.
    pub fn set_idle_lock(&self, minutes: Option<u32>) {
        if let Some(signed) = &mut self.lock_state().signed {
            signed.idle_lock_min = minutes;
        }
        self.changed.notify_one();
    }

    /// When time will next do something to it.
    fn next_deadline(&self) -> Option<UtcMs> {
        let state = self.lock_state();
        let signed = state.signed.as_ref()?;
        let idle = idle_ms(signed)
            .filter(|_| !state.locked)
            .map(|idle_ms| state.active_ms + idle_ms);
        Some(idle.map_or(signed.expires_ms, |idle| idle.min(signed.expires_ms)))
    }

    fn lock_state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What never locks: a profile without a password, or one that wishes so.
fn idle_ms(signed: &Signed) -> Option<UtcMs> {
    signed
        .idle_lock_min
        .filter(|_| signed.user.has_password)
        .map(|minutes| UtcMs::from(minutes) * MINUTE_MS)
}

/// Tells `changed` each time that the session locks, opens, begins or ends, whoever or whatever did it.
/// Sleeps until a session's hour, so it costs nothing. Never returns.
pub async fn watch(session: &Session, mut changed: impl FnMut(Standing)) {
    let mut told = Standing::Out;
    loop {
        let standing = session.standing(steady_ms());
        if standing != told {
            told = standing;
            changed(standing);
        }
        let woken = session.changed.notified();
        match session.next_deadline() {
            None => woken.await,
            Some(deadline) => {
                let left = u64::try_from(deadline - steady_ms()).unwrap_or(0);
                // At the deadline's end, not a moment before it.
                let sleep = tokio::time::sleep(Duration::from_millis(left + 5));
                tokio::select! {
                    () = woken => {}
                    () = sleep => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{LASTS_MS, MINUTE_MS, Session, Signed};
    use amoozgar_types::id::{SessionId, UserId};
    use amoozgar_types::ipc::{Access, Standing};
    use amoozgar_types::user::{Role, User};
    use amoozgar_types::{ErrorCode, UtcMs};

    const NOW: UtcMs = 1_764_000_000_000;

    fn signed(role: Role, has_password: bool) -> Session {
        let session = Session::default();
        session.begin(
            Signed {
                user: User {
                    user_id: UserId::new("u1"),
                    name: "سارا".into(),
                    role,
                    has_password,
                    created_ms: NOW,
                },
                session_id: SessionId::new("s1"),
                expires_ms: NOW + LASTS_MS,
                remembered: false,
                idle_lock_min: Some(10),
            },
            NOW,
        );
        session
    }

    fn refusal(session: &Session, access: Access, now: UtcMs) -> Option<ErrorCode> {
        session.permits(access, now).err().map(|error| error.code)
    }

    #[test]
    fn the_window_locks_ten_minutes_after_the_last_sign_of_life_and_not_before() {
        let session = signed(Role::User, true);
        let last = NOW + 9 * MINUTE_MS;
        assert_eq!(session.touch(last), Standing::In, "still in use");
        assert_eq!(
            session.standing(last + 10 * MINUTE_MS - 1),
            Standing::In,
            "ten minutes have not passed since then"
        );
        let now = last + 10 * MINUTE_MS;
        assert_eq!(session.standing(now), Standing::Locked, "now they have");
        assert_eq!(
            session.touch(now + 1),
            Standing::Locked,
            "a moved mouse opens nothing"
        );
        assert_eq!(
            refusal(&session, Access::User, now),
            Some(ErrorCode::Locked),
            "commands wait for the password"
        );
        assert_eq!(
            refusal(&session, Access::Locked, now),
            None,
            "but signing out and giving the password do not"
        );
        session.unlock(now + 2);
        assert_eq!(
            refusal(&session, Access::User, now + 2),
            None,
            "and with it the window is open"
        );
    }

    #[test]
    fn a_profile_without_a_password_never_locks() {
        let session = signed(Role::User, false);
        assert_eq!(
            session.standing(NOW + LASTS_MS - 1),
            Standing::In,
            "nothing could open it again"
        );
        assert!(!session.lock(), "not by hand either");
    }

    #[test]
    fn a_session_ends_at_its_hour_and_says_so_until_somebody_signs_in() {
        let session = signed(Role::User, true);
        assert_eq!(
            refusal(&session, Access::User, NOW + LASTS_MS),
            Some(ErrorCode::SessionExpired),
            "its time is over, locked or not"
        );
        assert_eq!(
            refusal(&session, Access::Locked, NOW),
            Some(ErrorCode::SessionExpired),
            "a clock that goes back does not bring it back"
        );
        assert!(session.user().is_none(), "nobody is signed in");
        session.end();
        assert_eq!(
            refusal(&session, Access::User, NOW),
            Some(ErrorCode::NotSignedIn),
            "after signing out nobody ever was"
        );
        assert_eq!(
            refusal(&session, Access::Anyone, NOW),
            None,
            "what is before signing in is open"
        );
    }

    #[test]
    fn administrators_commands_are_for_administrators() {
        let user = signed(Role::User, false);
        assert_eq!(
            refusal(&user, Access::Administrator, NOW),
            Some(ErrorCode::NotPermitted),
            "a plain user is told so"
        );
        let administrator = signed(Role::Administrator, false);
        assert_eq!(
            refusal(&administrator, Access::Administrator, NOW),
            None,
            "an administrator may"
        );
    }
}
