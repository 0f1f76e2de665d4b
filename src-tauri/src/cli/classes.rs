//! `amoozgar evaluate` of a classifier: what it sorts right, and what it takes for what.

use super::{Mode, print_json, print_text};
use crate::error;
use crate::exit;
use amoozgar_engine::{Classification, evaluate_classes};
use amoozgar_types::ApiError;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

#[derive(Serialize)]
struct Measured<'a> {
    loss: f64,
    accuracy: f64,
    macro_f1: f64,
    majority_label: &'a str,
    majority_accuracy: f64,
    n_examples: u64,
    classes: Vec<Class<'a>>,
    /// Rows are what is right, columns what was named, both in the order of `classes`.
    confusion: &'a [Vec<u64>],
}

#[derive(Serialize)]
struct Class<'a> {
    label: &'a str,
    precision: f64,
    recall: f64,
    f1: f64,
    n_examples: u64,
}

/// Measures and prints.
pub fn evaluate(
    dir: &Path,
    data: &Path,
    context: Option<usize>,
    mode: Mode,
) -> Result<u8, ApiError> {
    let found =
        evaluate_classes(dir, data, context).map_err(|failure| error::of_engine(&failure))?;
    match mode {
        Mode::Json => print_json(&measured(&found))?,
        Mode::Words => print_text(&words(&measured(&found)))?,
    }
    Ok(exit::FINISHED)
}

fn measured(found: &Classification) -> Measured<'_> {
    let (majority, majority_accuracy) = found.majority;
    Measured {
        loss: found.loss,
        accuracy: found.accuracy,
        macro_f1: found.macro_f1,
        majority_label: found
            .classes
            .get(majority)
            .map_or("", |class| class.label.as_str()),
        majority_accuracy,
        n_examples: found.n_examples,
        classes: found
            .classes
            .iter()
            .map(|class| Class {
                label: &class.label,
                precision: class.precision,
                recall: class.recall,
                f1: class.f1,
                n_examples: class.n_examples,
            })
            .collect(),
        confusion: &found.confusion,
    }
}

fn words(measured: &Measured<'_>) -> String {
    let mut text = format!(
        "loss {:.6}\naccuracy {:.4}\nmacro_f1 {:.4}\nmajority {} {:.4}\nn_examples {}\n",
        measured.loss,
        measured.accuracy,
        measured.macro_f1,
        measured.majority_label,
        measured.majority_accuracy,
        measured.n_examples
    );
    text.push_str("\nclass\tprecision\trecall\tf1\tn_examples\n");
    for class in &measured.classes {
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "{}\t{:.4}\t{:.4}\t{:.4}\t{}",
            class.label, class.precision, class.recall, class.f1, class.n_examples
        );
    }
    text.push_str("\nright \\ named");
    for class in &measured.classes {
        let _ = write!(text, "\t{}", class.label);
    }
    for (class, row) in measured.classes.iter().zip(measured.confusion) {
        let _ = write!(text, "\n{}", class.label);
        for count in row {
            let _ = write!(text, "\t{count}");
        }
    }
    text.push('\n');
    text
}
