//! Runs beside one another, and the files that a comparison is exported to.

use crate::db::Db;
use crate::error;
use crate::files;
use amoozgar_types::compare::{ComparedRun, CurvePoint, MOST_COMPARED};
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::{CompareExport, ExportContent};
use amoozgar_types::{ApiError, Loss};
use base64::Engine;
use std::fmt::Write;

/// Points of a training curve that a page is given: more than a screen has columns.
const MOST_POINTS: usize = 2_000;
/// What a drawing may take: a picture of a screen is far below.
const MOST_DRAWING_BYTES: usize = 32 * 1024 * 1024;

/// Several runs with what a comparison shows of them. Blocks.
pub fn runs(db: &Db, user_id: &UserId, job_ids: &[JobId]) -> Result<Vec<ComparedRun>, ApiError> {
    check_number(job_ids)?;
    job_ids
        .iter()
        .map(|job_id| {
            db.now(|store| store.compared_run(user_id, job_id, MOST_POINTS))?
                .ok_or_else(error::not_found)
        })
        .collect()
}

/// Writes a comparison to the file that a person chose. Blocks.
pub fn export(db: &Db, user_id: &UserId, request: CompareExport) -> Result<(), ApiError> {
    let CompareExport { path, content } = request;
    let path = files::chosen(&path)?;
    let bytes = match content {
        ExportContent::Csv(job_ids) => {
            check_number(&job_ids)?;
            csv(db, user_id, &job_ids)?.into_bytes()
        }
        ExportContent::Svg(text) | ExportContent::Png(text) if text.len() > MOST_DRAWING_BYTES => {
            return Err(ApiError::invalid_field("content"));
        }
        ExportContent::Svg(text) => text.into_bytes(),
        ExportContent::Png(text) => base64::engine::general_purpose::STANDARD
            .decode(text)
            .map_err(|_| ApiError::invalid_field("content"))?,
    };
    files::write_chosen(&path, &bytes)
}

fn check_number(job_ids: &[JobId]) -> Result<(), ApiError> {
    if (1..=MOST_COMPARED).contains(&job_ids.len()) {
        Ok(())
    } else {
        Err(ApiError::invalid_field("job_ids"))
    }
}

/// Every point of the runs, a line each. The byte order mark makes spreadsheets read the names as
/// UTF-8.
fn csv(db: &Db, user_id: &UserId, job_ids: &[JobId]) -> Result<String, ApiError> {
    let mut text =
        String::from("\u{feff}job_id,name,kind,step,elapsed_s,tokens,loss,bits_per_byte\r\n");
    for job_id in job_ids {
        let run = db
            .now(|store| store.compared_run(user_id, job_id, usize::MAX))?
            .ok_or_else(error::not_found)?;
        let bits = db.now(|store| store.metrics(job_id))?.validation;
        let head = format!("{job_id},{}", quoted(&run.job.name));
        let mut line = |kind: &str, point: &CurvePoint, bits: &str| {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "{head},{kind},{},{:.3},{},{},{bits}\r\n",
                point.step,
                point.elapsed_s,
                point.n_tokens,
                loss(point.loss),
            );
        };
        for point in &run.train {
            line("train", point, "");
        }
        for (point, measured) in run.validation.iter().zip(&bits) {
            line("validation", point, &measured.bits_per_byte.to_string());
        }
    }
    Ok(text)
}

fn loss(value: Loss) -> String {
    value
        .finite()
        .map_or_else(|| "diverged".to_owned(), |value| value.to_string())
}

/// A field as RFC 4180 has it, and one that a spreadsheet does not take for a formula.
fn quoted(text: &str) -> String {
    let harmless = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    format!("\"{}\"", harmless.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{check_number, csv, quoted};
    use crate::db::Db;
    use amoozgar_store::Store;
    use amoozgar_types::id::{JobId, UserId};
    use amoozgar_types::job::{MetricPoint, ValidationPoint};

    #[test]
    fn names_are_quoted_and_never_become_formulas() {
        assert_eq!(quoted("الف، «ب»"), "\"الف، «ب»\"", "plain");
        assert_eq!(quoted("a\"b,c"), "\"a\"\"b,c\"", "quotes are doubled");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"", "no formula");
    }

    #[test]
    fn a_comparison_has_one_run_at_least_and_no_more_than_there_are_colours() {
        let ids = |n: usize| vec![JobId::new("j"); n];
        assert!(check_number(&ids(0)).is_err(), "none");
        assert!(check_number(&ids(6)).is_ok(), "six");
        assert!(check_number(&ids(7)).is_err(), "seven");
    }

    #[test]
    fn the_table_holds_every_point_of_every_run_and_says_diverged() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db"), 0).unwrap().store;
        let owner = crate::test_rows::user(&store);
        let job_id = crate::test_rows::job(&store, &owner, "اجرا, یک");
        let train: Vec<_> = (1..=5000)
            .map(|step| MetricPoint {
                step,
                epoch: 0.0,
                loss: if step == 7 { f64::NAN } else { 2.5 }.into(),
                lr: 1e-3,
                grad_norm: 1.0,
                tokens_per_s: 100.0,
                preference: None,
            })
            .collect();
        let validation = [ValidationPoint {
            step: 5,
            val_loss: 2.0.into(),
            bits_per_byte: 1.0,
            classes: None,
            preference: None,
        }];
        store.append_metrics(&job_id, &train, &validation).unwrap();
        let db = Db::new(store);
        let text = csv(&db, &owner, std::slice::from_ref(&job_id)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines.len(),
            1 + 5000 + 1,
            "the head, every step, the validation"
        );
        assert!(
            lines[7].contains(",train,7,") && lines[7].contains("diverged"),
            "`{}`",
            lines[7]
        );
        assert!(lines[5001].contains(",validation,5,"), "`{}`", lines[5001]);
        assert!(
            lines[5001].ends_with(",2,1"),
            "loss and bits in `{}`",
            lines[5001]
        );
        let other = UserId::new("other");
        assert!(
            csv(&db, &other, &[job_id]).is_err(),
            "another's run is refused"
        );
    }
}
