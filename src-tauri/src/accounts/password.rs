//! Passwords, recovery codes and session tokens: made, hashed, compared. Nothing here is ever
//! logged, and only hashes leave for the database.

use crate::db::Db;
use crate::error;
use amoozgar_store::Attempt;
use amoozgar_types::id::UserId;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams, UtcMs};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const MAX_NAME_CHARS: usize = 64;
const MIN_PASSWORD_CHARS: usize = 6;
/// Crockford's base 32: no letter that could be read as a digit or as another letter.
const CODE_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 80 bits: beyond guessing, even for who has the hashes.
const CODE_CHARS: usize = 16;
const N_CODES: usize = 8;
const TOKEN_BYTES: usize = 32;

/// A name as it is kept, or why it cannot be.
pub fn checked_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    let n_chars = name.chars().count();
    if n_chars == 0 || n_chars > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(ApiError::invalid_field("name"));
    }
    Ok(name.to_owned())
}

/// An empty password is none: the form's empty field.
pub fn checked_password(password: Option<String>) -> Result<Option<String>, ApiError> {
    match password.filter(|password| !password.is_empty()) {
        Some(password) if password.chars().count() < MIN_PASSWORD_CHARS => {
            Err(ApiError::invalid_field("password"))
        }
        password => Ok(password),
    }
}

/// The argon2id hash of a password or a code, with a salt of its own. Blocks for some hundredths of
/// a second, as it should.
pub fn hash(secret: &str) -> Result<String, ApiError> {
    Argon2::default()
        .hash_password(secret.as_bytes())
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|failure| error::internal("the password could not be hashed", &failure))
}

/// Whether a password or a code is the one that was hashed. Blocks as long as [`hash`].
pub fn verify(secret: &str, hash: &str) -> Result<bool, ApiError> {
    let parsed = PasswordHash::new(hash)
        .map_err(|failure| error::internal("the stored password hash is damaged", &failure))?;
    Ok(Argon2::default()
        .verify_password(secret.as_bytes(), &parsed)
        .is_ok())
}

/// Holds a password against the profile's, slowly after wrong ones. A profile without a password
/// takes any. Blocks.
pub fn check(
    db: &Db,
    user_id: &UserId,
    password: Option<&str>,
    now: UtcMs,
) -> Result<(), ApiError> {
    let Some(hash) = db.now(|store| store.password_hash(user_id))? else {
        return Ok(());
    };
    begin_attempt(db, user_id, now)?;
    if !verify(password.unwrap_or_default(), &hash)? {
        return Err(ApiError::new(ErrorCode::WrongCredentials));
    }
    db.now(|store| store.attempt_succeeded(user_id))
}

/// Uses one of the profile's recovery codes up, slowly after wrong ones. Blocks.
pub fn use_code(db: &Db, user_id: &UserId, code: &str, now: UtcMs) -> Result<(), ApiError> {
    let wrong = || ApiError::new(ErrorCode::WrongRecoveryCode);
    begin_attempt(db, user_id, now)?;
    let code = normalized_code(code).ok_or_else(wrong)?;
    for hash in db.now(|store| store.recovery_hashes(user_id))? {
        if verify(&code, &hash)? {
            return if db.now(|store| store.use_recovery_code(user_id, &hash))? {
                db.now(|store| store.attempt_succeeded(user_id))
            } else {
                Err(wrong())
            };
        }
    }
    Err(wrong())
}

/// Makes recovery codes and keeps their hashes in the place of older ones. Blocks.
pub fn renew_codes(db: &Db, user_id: &UserId, now: UtcMs) -> Result<Vec<String>, ApiError> {
    let codes: Vec<String> = (0..N_CODES).map(|_| new_code()).collect::<Result<_, _>>()?;
    let hashes: Vec<String> = codes
        .iter()
        .map(|code| hash(code))
        .collect::<Result<_, _>>()?;
    db.now(|store| store.set_recovery_codes(user_id, &hashes, now))?;
    Ok(codes.iter().map(|code| grouped(code)).collect())
}

/// A token for the keyring with the hash for the database. It has 256 random bits, so a plain hash
/// is enough.
pub fn new_token() -> Result<(String, String), ApiError> {
    let token = hex(&random::<TOKEN_BYTES>()?);
    let hash = token_hash(&token);
    Ok((token, hash))
}

/// What the database keeps of a token.
pub fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

fn begin_attempt(db: &Db, user_id: &UserId, now: UtcMs) -> Result<(), ApiError> {
    match db.now(|store| store.begin_attempt(user_id, now))? {
        Attempt::Allowed => Ok(()),
        Attempt::Wait(wait_ms) => Err(ApiError::with(
            ErrorCode::TooManyAttempts,
            ErrorParams {
                needed: u64::try_from((wait_ms + 999) / 1000).ok(),
                ..ErrorParams::default()
            },
        )),
    }
}

fn new_code() -> Result<String, ApiError> {
    // 256 is a multiple of 32: no letter is likelier than another.
    let letters = random::<CODE_CHARS>()?;
    Ok(letters
        .iter()
        .filter_map(|byte| CODE_ALPHABET.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect())
}

/// `ABCD-EFGH-…`, as it is shown.
fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

/// A code as it was typed: dashes, spaces and letter case do not count, Persian digits are digits,
/// and letters that the alphabet lacks are those that they look like.
fn normalized_code(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '-' | '\u{200c}' | '_'))
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            digit @ ('۰'..='۹' | '٠'..='٩') => {
                char::from_digit(u32::from(digit) & 0xF, 10).unwrap_or(digit)
            }
            other => other,
        })
        .collect();
    let good =
        code.len() == CODE_CHARS && code.bytes().all(|letter| CODE_ALPHABET.contains(&letter));
    good.then_some(code)
}

fn random<const N: usize>() -> Result<[u8; N], ApiError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|failure| error::internal("the system gives no random bytes", &failure))?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{
        checked_name, checked_password, grouped, hash, new_code, new_token, normalized_code,
        token_hash, verify,
    };

    #[test]
    fn a_password_is_kept_as_an_argon2id_hash_that_only_it_opens() {
        let kept = hash("گذرواژهٔ من").unwrap();
        assert!(kept.starts_with("$argon2id$"), "the algorithm in `{kept}`");
        assert!(verify("گذرواژهٔ من", &kept).unwrap(), "the right one");
        assert!(!verify("گذرواژهٔ تو", &kept).unwrap(), "a wrong one");
        assert_ne!(hash("گذرواژهٔ من").unwrap(), kept, "a salt of its own");
    }

    #[test]
    fn names_and_passwords_are_held_to_their_limits() {
        assert_eq!(checked_name("  سارا ").unwrap(), "سارا", "trimmed");
        assert!(checked_name("   ").is_err(), "nothing but spaces");
        assert!(checked_name(&"ا".repeat(65)).is_err(), "too long");
        assert!(checked_password(Some("12345".into())).is_err(), "too short");
        assert_eq!(
            checked_password(Some(String::new())).unwrap(),
            None,
            "an empty field is no password"
        );
    }

    #[test]
    fn a_code_is_read_as_people_copy_it() {
        let code = "0123456789ABCDEF";
        assert_eq!(grouped(code), "0123-4567-89AB-CDEF", "as it is shown");
        for typed in [
            "0123-4567-89AB-CDEF",
            " o123 4567 89ab cdef ",
            "۰۱۲۳۴۵۶۷۸۹abcdef",
            "oi23-4567-89AB-CDEF",
        ] {
            assert_eq!(normalized_code(typed).as_deref(), Some(code), "`{typed}`");
        }
        for typed in ["", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEU", "سلام"] {
            assert_eq!(normalized_code(typed), None, "`{typed}` is no code");
        }
        let made = new_code().unwrap();
        assert_eq!(normalized_code(&grouped(&made)), Some(made), "a made one");
    }

    #[test]
    fn a_token_is_found_by_its_hash_and_is_not_in_it() {
        let (token, kept) = new_token().unwrap();
        assert_eq!(token_hash(&token), kept, "the same token, the same hash");
        assert!(!kept.contains(&token), "the token is not what is kept");
        assert_ne!(new_token().unwrap().0, token, "no token comes twice");
    }
}
