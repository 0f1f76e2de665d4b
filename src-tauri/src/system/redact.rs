//! Text without secrets: what goes into an archive of logs that someone may send to others.
//!
//! Secrets do not reach the logs in the first place. This looks again, for what a library or a server
//! may have put there: tokens by their form, whatever follows a word such as `password`, users and
//! passwords in addresses, and the home folder, which names a person.

/// What stands for a secret.
const GONE: &str = "[…]";
/// How access tokens begin, and how long what follows is at least.
const PREFIXES: [(&str, usize); 9] = [
    ("hf_", 8),
    ("sk-", 8),
    ("ghp_", 16),
    ("github_pat_", 16),
    ("xoxb-", 8),
    ("AIza", 20),
    ("eyJ", 20),
    ("$argon2", 8),
    ("gsk_", 8),
];
/// Names of what is secret; what follows one and `:`, `=` or `is` is left out.
const NAMES: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "authorization",
    "bearer",
    "credential",
    "گذرواژه",
];

/// Shorter names of people would be found within words.
const SHORTEST_NAME_CHARS: usize = 3;

/// `text` without secrets; `home` is the person's folder, `names` are the profiles'.
pub fn redact(text: &str, home: Option<&str>, names: &[String]) -> String {
    text.split_inclusive('\n')
        .map(|line| {
            names
                .iter()
                .filter(|name| name.chars().count() >= SHORTEST_NAME_CHARS)
                .fold(of_line(line, home), |line, name| {
                    line.replace(name.as_str(), GONE)
                })
        })
        .collect()
}

fn of_line(line: &str, home: Option<&str>) -> String {
    let mut line = without_users(line);
    line = without_named(&line);
    line = without_prefixed(&line);
    match home.filter(|home| home.len() > 1) {
        Some(home) => line.replace(home, "~"),
        None => line,
    }
}

/// `https://user:password@host` becomes `https://[…]@host`, and a query loses its values.
fn without_users(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')'))
            .unwrap_or(after.len());
        let (address, left) = after.split_at(end);
        let authority = address.find('/').unwrap_or(address.len());
        let (host, path) = address.split_at(authority);
        match host.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str(GONE);
                out.push('@');
                out.push_str(host);
            }
            None => out.push_str(host),
        }
        match path.split_once('?') {
            Some((path, _)) => {
                out.push_str(path);
                out.push('?');
                out.push_str(GONE);
            }
            None => out.push_str(path),
        }
        rest = left;
    }
    out.push_str(rest);
    out
}

/// Leaves out what follows the name of something secret, up to the end of its value.
fn without_named(line: &str) -> String {
    let lower = line.to_lowercase();
    // Lower case may have other lengths in rare scripts; places are only good where it has not.
    if lower.len() != line.len() {
        return if NAMES.iter().any(|name| lower.contains(name)) {
            format!("{GONE}\n")
        } else {
            line.to_owned()
        };
    }
    let mut out = String::with_capacity(line.len());
    let mut from = 0;
    while let Some((at, name)) = NAMES
        .iter()
        .filter_map(|name| lower.get(from..)?.find(name).map(|at| (from + at, *name)))
        .min()
    {
        let after = at + name.len();
        out.push_str(line.get(from..after).unwrap_or_default());
        let Some(tail) = line.get(after..) else { break };
        let gap = tail
            .find(|c: char| !matches!(c, '"' | '\'' | '`' | ' ' | ':' | '=' | '\\' | '>'))
            .unwrap_or(tail.len());
        let marked = tail
            .get(..gap)
            .is_some_and(|between| between.contains([':', '=']))
            || (name == "bearer" && gap > 0);
        if !marked {
            from = after;
            continue;
        }
        out.push_str(tail.get(..gap).unwrap_or_default());
        let value = tail.get(gap..).unwrap_or_default();
        let quoted = tail.get(..gap).and_then(|between| between.chars().last());
        let end = match quoted {
            Some(quote @ ('"' | '\'' | '`')) => value.find(quote),
            _ => value.find([',', ';', '}', ')', '\n']),
        }
        .unwrap_or_else(|| value.trim_end_matches('\n').len());
        if end > 0 {
            out.push_str(GONE);
        }
        from = after + gap + end;
    }
    out.push_str(line.get(from..).unwrap_or_default());
    out
}

fn without_prefixed(line: &str) -> String {
    let is_part =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '=' | '+' | ',');
    let mut out = String::with_capacity(line.len());
    let mut word = String::new();
    for letter in line.chars().chain(std::iter::once('\n')) {
        if is_part(letter) {
            word.push(letter);
            continue;
        }
        let cut = PREFIXES
            .iter()
            .filter_map(|(prefix, least)| {
                word.find(prefix)
                    .filter(|at| word.len() - at - prefix.len() >= *least)
            })
            .min();
        match cut {
            Some(at) => {
                out.push_str(word.get(..at).unwrap_or_default());
                out.push_str(GONE);
            }
            None => out.push_str(&word),
        }
        word.clear();
        out.push(letter);
    }
    // The last letter was added to end the last word.
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn planted_secrets_are_found_in_every_form() {
        const SECRETS: [&str; 9] = [
            "hf_AbCdEfGhIjKlMnOp",
            "sk-proj-0123456789abcdef",
            "hunter2-and-more",
            "correct horse battery",
            "گذرنامهٔ من",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
            "pa55word",
            "X9signature",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
        ];
        let text = format!(
            "INFO token={} sent\n\
             WARN retry with {}: refused\n\
             DEBUG {{\"password\": \"{}\", \"user\": \"sara\"}}\n\
             passphrase: {}\n\
             گذرواژه: {}\n\
             Authorization: Bearer {}\n\
             proxy http://sara:{}@proxy.example:3128/ failed\n\
             GET https://cdn.example/file?X-Amz-Signature={}&x=1 403\n\
             hash {} stored\n",
            SECRETS[0],
            SECRETS[1],
            SECRETS[2],
            SECRETS[3],
            SECRETS[4],
            SECRETS[5],
            SECRETS[6],
            SECRETS[7],
            SECRETS[8],
        );
        let clean = redact(&text, None, &[]);
        for secret in SECRETS {
            assert!(!clean.contains(secret), "`{secret}` is still in\n{clean}");
        }
        for kept in [
            "INFO",
            "retry with",
            "\"user\": \"sara\"",
            "proxy.example:3128",
            "403",
            "stored",
        ] {
            assert!(clean.contains(kept), "`{kept}` is gone from\n{clean}");
        }
        assert_eq!(
            clean.lines().count(),
            text.lines().count(),
            "no line is lost"
        );
    }

    #[test]
    fn what_is_no_secret_stays_as_it_was() {
        let text = "2026-11-23 INFO step=10 tokens_per_s=1520.5 tokenizer trained\n\
                    the secretary asked for tokens; sk-1 and hf_ are short\n";
        let clean = redact(text, None, &[]);
        assert!(clean.contains("tokenizer trained"), "{clean}");
        assert!(clean.contains("the secretary asked for tokens"), "{clean}");
        assert!(clean.contains("step=10"), "{clean}");
        assert!(clean.contains("sk-1 and hf_ are short"), "{clean}");
    }

    #[test]
    fn the_home_folder_names_nobody() {
        let clean = redact("opened /home/sara/x.txt\n", Some("/home/sara"), &[]);
        assert_eq!(clean, "opened ~/x.txt\n");
    }
}
