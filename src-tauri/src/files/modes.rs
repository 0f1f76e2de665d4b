//! Who may read what the program writes: its owner alone. [`keep_private`] says so once, at the start of
//! every process of the program, so that folders are 0700 and files 0600 from the first byte on, whoever
//! writes them: the engine, the database, the downloads, the web view.
//!
//! What a person has the program write elsewhere for themselves (a table, an archive, a bundle, a cache
//! of the Hub that the environment names for all programs) is theirs: [`as_the_user_would`] gives it the
//! modes that their own mask gives to what any other program writes. A back-up of the database is not
//! among it, since it holds everybody's.
//!
//! Other systems than Unix have no modes; a user's folders are theirs alone there.

use std::io;
use std::path::Path;
#[cfg(unix)]
use std::sync::OnceLock;

/// The mask that this process began with.
#[cfg(unix)]
static USERS_MASK: OnceLock<u32> = OnceLock::new();

/// What all but a file's owner may do.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Has everything that this process and its children write be its owner's alone.
pub fn keep_private() {
    #[cfg(unix)]
    {
        let before = rustix::process::umask(mode_of(OTHERS));
        // A process calls it once.
        let _ = USERS_MASK.set(bits_of(before));
    }
}

/// Runs `work`, which starts another program, with the mask that this process began with: what a browser
/// or a file manager writes is not this program's to close. What other threads create meanwhile lies in
/// folders that are closed in any case.
pub fn with_users_mask<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    if let Some(users) = USERS_MASK.get() {
        let private = rustix::process::umask(mode_of(*users));
        let done = work();
        rustix::process::umask(private);
        return done;
    }
    work()
}

/// Gives a file, or a folder with all that is in it, the modes that the user's own mask would have given,
/// as far as it is closed the way this program closes. Links are not followed.
pub fn as_the_user_would(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(mask) = USERS_MASK.get() {
        return open_up(path, *mask);
    }
    let _ = path;
    Ok(())
}

/// As [`as_the_user_would`], of a folder alone.
pub fn itself_as_the_user_would(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(mask) = USERS_MASK.get() {
        return open_up_itself(path, *mask).map(drop);
    }
    let _ = path;
    Ok(())
}

/// Puts the mask in force that this process began with: it ends, and what it starts in its place begins
/// with that.
pub fn give_back() {
    #[cfg(unix)]
    if let Some(users) = USERS_MASK.get() {
        rustix::process::umask(mode_of(*users));
    }
}

/// Takes from others what they may do with a file or a folder itself, where the file system knows modes.
pub fn close(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let about = std::fs::symlink_metadata(path)?;
        let mode = about.permissions().mode();
        if !about.is_symlink() && mode & OTHERS != 0 {
            let closed = std::fs::Permissions::from_mode(mode & 0o7777 & !OTHERS);
            std::fs::set_permissions(path, closed)?;
        }
    }
    let _ = path;
    Ok(())
}

/// Whether others may do nothing with a file or a folder. What is not there is nobody's.
pub fn is_closed(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).map_or(true, |about| about.permissions().mode() & OTHERS == 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        true
    }
}

#[cfg(unix)]
fn open_up(path: &Path, mask: u32) -> io::Result<()> {
    if open_up_itself(path, mask)? {
        for entry in std::fs::read_dir(path)? {
            open_up(&entry?.path(), mask)?;
        }
    }
    Ok(())
}

/// Answers whether it is a folder.
#[cfg(unix)]
fn open_up_itself(path: &Path, mask: u32) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let about = std::fs::symlink_metadata(path)?;
    let (private, open) = if about.is_dir() {
        (0o700, 0o777)
    } else {
        (0o600, 0o666)
    };
    // Another program's file keeps the modes that it was given.
    if !about.is_symlink() && about.permissions().mode() & 0o777 == private {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(open & !mask))?;
    }
    Ok(about.is_dir())
}

#[cfg(unix)]
fn mode_of(mask: u32) -> rustix::fs::Mode {
    // The type of the bits differs between systems, and all of them fit.
    rustix::fs::Mode::from_raw_mode(mask as rustix::fs::RawMode)
}

#[cfg(unix)]
#[allow(
    clippy::useless_conversion,
    reason = "the type differs between systems"
)]
fn bits_of(mode: rustix::fs::Mode) -> u32 {
    u32::from(mode.as_raw_mode())
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{close, is_closed, open_up};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_written_for_a_person_gets_their_mask_and_what_links_lead_to_keeps_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let (bundle, other) = (dir.path().join("bundle"), dir.path().join("other"));
        let chmod = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        fs::create_dir_all(bundle.join("in")).unwrap();
        for path in [&bundle, &bundle.join("in")] {
            chmod(path, 0o700);
        }
        for path in [&bundle.join("in/file"), &other] {
            fs::write(path, "").unwrap();
            chmod(path, 0o600);
        }
        fs::write(bundle.join("group"), "").unwrap();
        chmod(&bundle.join("group"), 0o640);
        symlink(&other, bundle.join("link")).unwrap();
        open_up(&bundle, 0o022).unwrap();
        assert_eq!(mode(&bundle.join("in")), 0o755);
        assert_eq!(mode(&bundle.join("in/file")), 0o644);
        assert_eq!(mode(&bundle.join("group")), 0o640, "another's choice");
        assert_eq!(mode(&other), 0o600, "a link leads out of it");
        assert!(!is_closed(&bundle));
        close(&bundle).unwrap();
        assert_eq!(mode(&bundle), 0o700);
        assert!(is_closed(&bundle) && is_closed(&dir.path().join("nothing")));
        close(&bundle.join("link")).unwrap();
        assert_eq!(mode(&other), 0o600);
    }
}
