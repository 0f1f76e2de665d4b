//! A token or a password, which hides itself wherever it might be printed.

use std::fmt;

/// A secret. `Debug` and `Display` show nothing of it; [`Sensitive::expose`] is the one way to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(String);

impl Sensitive {
    /// Hides `secret`.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last four characters, by which its owner knows it; nothing of one that is so short that
    /// they would give it away.
    pub fn tail(&self) -> Option<String> {
        const SHOWN: usize = 4;
        let n_chars = self.0.chars().count();
        (n_chars >= 4 * SHOWN).then(|| self.0.chars().skip(n_chars - SHOWN).collect())
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl fmt::Display for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::Sensitive;

    #[test]
    fn a_secret_does_not_show_in_any_print() {
        let secret = Sensitive::new("hf_abcdefghijklmnopqrstuvwxyz");
        for shown in [
            format!("{secret}"),
            format!("{secret:?}"),
            format!("{:#?}", Some(&secret)),
        ] {
            assert!(!shown.contains("abc"), "`{shown}` gives it away");
        }
        assert_eq!(
            secret.tail().as_deref(),
            Some("wxyz"),
            "its owner knows it by its end"
        );
        assert_eq!(
            Sensitive::new("short").tail(),
            None,
            "four of five characters would be too many"
        );
    }
}
