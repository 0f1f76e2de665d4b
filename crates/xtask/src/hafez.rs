//! The Divan of Hafez: fetched from `PyPI` by version and hash, cleaned, parted into ghazals, and
//! split by couplet into data/fetched/hafez/train.txt and validation.txt.
//!
//! A couplet's side depends on its own words alone, so that a couplet that occurs twice cannot
//! be on both sides, and the same text always gives the same split.

use std::fs;
use std::path::{Path, PathBuf};

use amoozgar_text::{diacritics, normalize};
use anyhow::{Context, Result, bail};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::process::{self, python, root};

const PACKAGE: &str = "fatol-hafez==0.1.3";
const WHEEL: &str = "fatol_hafez-0.1.3-py3-none-any.whl";
const WHEEL_SHA256: &str = "a11345b96b5517336f16b10be20542612e4dff7bfc414304c08f2a9e4099837f";
/// Part of the manifest: raise it when the same wheel shall give other files.
const RECIPE: u32 = 2;
/// One couplet in this many is held out.
const HOLD_OUT_ONE_IN: u64 = 20;

/// Where the two files are.
pub fn dir() -> PathBuf {
    root().join("data/fetched/hafez")
}

/// Fetches and prepares the two files, unless they are there and whole.
pub fn fetch() -> Result<()> {
    if is_whole(&dir()) {
        return Ok(());
    }
    println!("xtask: fetching the Divan of Hafez (PyPI {PACKAGE}, sha256 {WHEEL_SHA256})");
    let work = process::scratch("hafez")?;
    let divan = download(&work)?;
    let (train, validation) = split(&ghazals(&divan));
    let staged = work.join("staged");
    fs::create_dir_all(&staged)?;
    fs::write(staged.join("train.txt"), &train)?;
    fs::write(staged.join("validation.txt"), &validation)?;
    let manifest = json!({
        "package": PACKAGE,
        "wheel_sha256": WHEEL_SHA256,
        "recipe": RECIPE,
        "train_sha256": sha256(train.as_bytes()),
        "validation_sha256": sha256(validation.as_bytes()),
    });
    fs::write(staged.join("manifest.json"), format!("{manifest:#}\n"))?;
    process::replace_dir(&staged, &dir())?;
    println!(
        "xtask: data/fetched/hafez: {} bytes to train on, {} bytes held out",
        train.len(),
        validation.len()
    );
    Ok(())
}

/// Whether the files are those that this recipe made from the pinned wheel.
fn is_whole(dir: &Path) -> bool {
    let Ok(manifest) = fs::read_to_string(dir.join("manifest.json")) else {
        return false;
    };
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(&manifest) else {
        return false;
    };
    let matches = |file: &str, key: &str| {
        fs::read(dir.join(file)).is_ok_and(|bytes| manifest[key] == sha256(&bytes))
    };
    manifest["wheel_sha256"] == WHEEL_SHA256
        && manifest["recipe"] == RECIPE
        && matches("train.txt", "train_sha256")
        && matches("validation.txt", "validation_sha256")
}

/// The Divan's text out of the wheel, which is checked by pip and once more by us.
fn download(work: &Path) -> Result<String> {
    let python = python().context("Python 3 with pip is needed to fetch it")?;
    let requirements = work.join("requirements.txt");
    fs::write(
        &requirements,
        format!("{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n"),
    )?;
    process::run(
        process::command(python)
            .args(["-m", "pip", "download", "--quiet", "--no-deps"])
            .args(["--only-binary", ":all:", "--require-hashes"])
            .args(["--disable-pip-version-check", "--no-input", "--requirement"])
            .arg(&requirements)
            .arg("--dest")
            .arg(work),
        "download the Divan of Hafez from PyPI",
    )?;
    let wheel = work.join(WHEEL);
    let bytes = fs::read(&wheel).with_context(|| format!("pip did not bring `{WHEEL}`"))?;
    let found = sha256(&bytes);
    if found != WHEEL_SHA256 {
        bail!("`{WHEEL}` has sha256 `{found}`, expected `{WHEEL_SHA256}`");
    }
    let unpacked = work.join("unpacked");
    process::run(
        process::command(python)
            .args(["-m", "zipfile", "-e"])
            .args([&wheel, &unpacked]),
        "unpack the Divan of Hafez",
    )?;
    let divan = unpacked.join("fatol_hafez/ghazals.txt");
    fs::read_to_string(&divan).with_context(|| format!("could not read `{}`", divan.display()))
}

/// A couplet: two hemistichs.
type Couplet = [String; 2];

/// The cleaned couplets, grouped into ghazals. The text parts couplets by blank lines and does
/// not say where a ghazal begins; the form does: both hemistichs of its first couplet rhyme,
/// and the couplet before it belongs to another rhyme or closes with the poet's name.
fn ghazals(divan: &str) -> Vec<Vec<Couplet>> {
    let mut ghazals: Vec<Vec<Couplet>> = Vec::new();
    for couplet in couplets(divan) {
        let starts = match ghazals.last().and_then(|ghazal| ghazal.last()) {
            None => true,
            Some(previous) => {
                let other_rhyme = !rhymes(&previous[1], &couplet[1]);
                let signed = ghazals
                    .last()
                    .is_some_and(|ghazal| ghazal.len() >= 4 && is_signed(ghazal));
                rhymes(&couplet[0], &couplet[1]) && (other_rhyme || signed)
            }
        };
        match ghazals.last_mut() {
            Some(ghazal) if !starts => ghazal.push(couplet),
            _ => ghazals.push(vec![couplet]),
        }
    }
    ghazals
}

fn couplets(divan: &str) -> Vec<Couplet> {
    let lines: Vec<String> = divan.lines().map(clean).collect();
    lines
        .split(String::is_empty)
        .flat_map(|block| block.chunks(2))
        .filter_map(|pair| match pair {
            [first, second] => Some([first.clone(), second.clone()]),
            _ => None,
        })
        .collect()
}

fn clean(line: &str) -> String {
    normalize(&diacritics::strip(line)).trim().to_owned()
}

/// Whether two hemistichs end alike: by a whole word, or by two letters.
fn rhymes(a: &str, b: &str) -> bool {
    let letters = |text: &str| -> Vec<char> {
        text.chars()
            .rev()
            .filter(|c| c.is_alphabetic())
            .take(2)
            .collect()
    };
    letters(a) == letters(b)
}

/// Whether one of the last two couplets names the poet.
fn is_signed(ghazal: &[Couplet]) -> bool {
    ghazal
        .iter()
        .rev()
        .take(2)
        .flatten()
        .any(|hemistich| hemistich.contains("حافظ"))
}

/// Train and validation text: a hemistich a line, a blank line between ghazals.
fn split(ghazals: &[Vec<Couplet>]) -> (String, String) {
    let text = |held_out: bool| {
        ghazals
            .iter()
            .map(|ghazal| {
                ghazal
                    .iter()
                    .filter(|couplet| is_held_out(couplet) == held_out)
                    .map(|couplet| couplet.join("\n"))
                    .collect::<Vec<_>>()
                    .join("\n")
            })
            .filter(|document| !document.is_empty())
            .map(|document| document + "\n")
            .collect::<Vec<_>>()
            .join("\n")
    };
    (text(false), text(true))
}

/// Keyed by the couplet's words alone.
fn is_held_out(couplet: &Couplet) -> bool {
    let mut hasher = Sha256::new();
    hasher.update(b"amoozgar hafez split 1\n");
    hasher.update(couplet.join("\n").as_bytes());
    let digest = hasher.finalize();
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    number % HOLD_OUT_ONE_IN == 0
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use super::*;

    fn divan(n: usize) -> String {
        (0..n).fold(String::new(), |text, i| {
            text + &format!("نیم‌بیت نخست {i} است\nنیم‌بیت دومِ {i} نیست\n\n")
        })
    }

    #[test]
    fn no_held_out_couplet_is_in_the_training_text() {
        let twice = divan(400) + &divan(400);
        let (train, validation) = split(&ghazals(&twice));
        let lines: HashSet<&str> = train.lines().filter(|line| !line.is_empty()).collect();
        let held_out: Vec<&str> = validation.lines().filter(|l| !l.is_empty()).collect();
        assert!(!held_out.is_empty(), "a twentieth of 800 couplets is some");
        for line in held_out {
            assert!(!lines.contains(line), "`{line}` is on both sides");
        }
    }

    #[test]
    fn no_couplet_is_lost() {
        let (train, validation) = split(&ghazals(&divan(100)));
        let count = |text: &str| text.lines().filter(|line| !line.is_empty()).count();
        assert_eq!(count(&train) + count(&validation), 200, "two lines each");
    }

    #[test]
    fn diacritics_are_gone_and_zwnj_stays() {
        let found = couplets("شَبِ تاریک\nسبک‌بارانِ ساحل‌ها؟\n");
        assert_eq!(
            found,
            vec![[
                "شب تاریک".to_owned(),
                "سبک\u{200c}باران ساحل\u{200c}ها؟".to_owned()
            ]],
            "only the marks go"
        );
    }

    #[test]
    fn a_ghazal_begins_where_both_hemistichs_rhyme_anew() {
        let found = ghazals(
            "دل می‌رود ز دستم صاحب دلان خدا را\nدردا که راز پنهان خواهد شد آشکارا\n\n\
             کشتی شکستگانیم ای باد شرطه برخیز\nباشد که بازبینیم دیدار آشنا را\n\n\
             صوفی بیا که آینه صافیست جام را به کام\nتا بنگری صفای می لعل‌فام\n\n\
             راز درون پرده ز رندان مست پرس\nکاین حال نیست زاهد عالی‌مقام\n",
        );
        let sizes: Vec<usize> = found.iter().map(Vec::len).collect();
        assert_eq!(
            sizes,
            vec![2, 2],
            "the rhyme changes with the third couplet"
        );
    }

    #[test]
    fn a_changed_file_is_not_whole() {
        let dir = process::scratch("hafez-test").unwrap();
        let manifest = json!({
            "wheel_sha256": WHEEL_SHA256, "recipe": RECIPE,
            "train_sha256": sha256(b"a"), "validation_sha256": sha256(b"b"),
        });
        fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();
        fs::write(dir.join("train.txt"), "a").unwrap();
        fs::write(dir.join("validation.txt"), "b").unwrap();
        assert!(is_whole(&dir), "hashes match");
        fs::write(dir.join("train.txt"), "c").unwrap();
        assert!(!is_whole(&dir), "train.txt differs from its hash");
    }
}
