//! `amoozgar dataset`: look at a file, or normalize one.

use super::{Input, Mode, is_standard, print_json, print_text};
use crate::error;
use crate::exit;
use amoozgar_types::ApiError;
use amoozgar_types::dataset::{DatasetFormat, FaultCount, Mapping, RowFault, Shape, TextEncoding};
use clap::Subcommand;
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Dataset {
    /// Say what is in a dataset, or what is wrong with it and where.
    Check {
        /// A .txt, .jsonl, .json or .csv file; `-` reads plain text from standard input.
        file: PathBuf,
    },
    /// Print a text in the normal form that models are trained on.
    Normalize {
        /// A text file, in UTF-8, UTF-16 or Windows-1256; `-` reads standard input.
        file: PathBuf,
    },
}

/// Does what was asked.
pub fn run(command: &Dataset, mode: Mode) -> Result<u8, ApiError> {
    match command {
        Dataset::Check { file } => check(file, mode)?,
        Dataset::Normalize { file } => normalize(file, mode)?,
    }
    Ok(exit::FINISHED)
}

fn check(file: &std::path::Path, mode: Mode) -> Result<(), ApiError> {
    #[derive(Serialize)]
    struct Report {
        path: String,
        format: DatasetFormat,
        encoding: TextEncoding,
        n_rows: u64,
        size_bytes: u64,
        shape: Option<Shape>,
        mapping: Mapping,
        findings: Vec<Finding>,
    }
    #[derive(Serialize)]
    struct Finding {
        kind: RowFault,
        line: Option<u64>,
        value: Option<String>,
        n_rows: u64,
    }
    let input = Input::open(file)?;
    let summary =
        amoozgar_data::inspect(input.path()).map_err(|failure| error::of_data(&failure))?;
    let finding = |count: FaultCount| Finding {
        kind: count.fault,
        line: count.lines.first().copied(),
        value: count.value,
        n_rows: count.n_rows,
    };
    let (shape, mapping) = match summary.guess {
        Some(guess) => (Some(guess.shape), guess.mapping),
        None => (None, Mapping::new()),
    };
    let report = Report {
        path: file.display().to_string(),
        format: summary.format,
        encoding: summary.encoding,
        n_rows: summary.n_rows,
        size_bytes: summary.size_bytes,
        shape,
        mapping,
        findings: summary.faults.into_iter().map(finding).collect(),
    };
    match mode {
        Mode::Json => print_json(&report),
        Mode::Words => {
            let mut found = String::new();
            for finding in &report.findings {
                // Writing to a String cannot fail.
                let _ = writeln!(
                    found,
                    "not learnt: {} rows from line {} on: {:?} {}",
                    finding.n_rows,
                    finding.line.unwrap_or_default(),
                    finding.kind,
                    finding.value.as_deref().unwrap_or_default()
                );
            }
            print_text(&format!(
                "path {}\nformat {}\nencoding {}\nn_rows {}\nsize_bytes {}\nshape {}\n{found}",
                report.path,
                match report.format {
                    DatasetFormat::Txt => "txt",
                    DatasetFormat::Jsonl => "jsonl",
                    DatasetFormat::Json => "json",
                    DatasetFormat::Csv => "csv",
                },
                report.encoding.name(),
                report.n_rows,
                report.size_bytes,
                report.shape.map_or("unknown", Shape::as_str)
            ))
        }
    }
}

fn normalize(file: &std::path::Path, mode: Mode) -> Result<(), ApiError> {
    #[derive(Serialize)]
    struct Normalized {
        text: String,
        n_bytes: usize,
    }
    // As training reads it, whatever the encoding.
    let read = if is_standard(file) {
        amoozgar_data::read_text(file, io::stdin())
    } else {
        let opened = File::open(file).map_err(|failure| error::io_error(file, &failure))?;
        amoozgar_data::read_text(file, opened)
    };
    let text = amoozgar_text::normalize(&read.map_err(|failure| error::of_data(&failure))?);
    match mode {
        Mode::Words => print_text(&text),
        Mode::Json => print_json(&Normalized {
            n_bytes: text.len(),
            text,
        }),
    }
}
