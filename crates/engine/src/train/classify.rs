//! How well a classifier sorts texts: accuracy, precision and recall of each class, what is taken for
//! what.

use crate::kernels::segments::Segments;
use crate::load::{self, LoadOptions, Place};
use crate::model::{Model, Sorted};
use crate::train::corpus::encode_examples;
use crate::{EngineError, threads};
use amoozgar_types::event::ClassScores;
use std::path::Path;

/// Tokens in one forward pass of an evaluation.
const PASS_TOKENS: usize = 2048;

/// How well a classifier sorts labelled texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// Mean negative log-likelihood of the right class, nats per text.
    pub loss: f64,
    /// Share of texts sorted right.
    pub accuracy: f64,
    /// Mean of the classes' F1, of those that occur or were named.
    pub macro_f1: f64,
    /// The most frequent class, by its place in `classes`, and the accuracy of always naming it.
    pub majority: (usize, f64),
    /// Texts in all.
    pub n_examples: u64,
    /// Each class by its id.
    pub classes: Vec<ClassScore>,
    /// `confusion[right][named]` texts.
    pub confusion: Vec<Vec<u64>>,
}

/// How well one class is told from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassScore {
    /// Its name.
    pub label: String,
    /// Share of what was named so that is so; 0 where nothing was.
    pub precision: f64,
    /// Share of what is so that was named so; 0 where nothing is.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Texts that are so.
    pub n_examples: u64,
}

impl Classification {
    /// From counts of what was named for what is right.
    fn new(labels: &[String], confusion: Vec<Vec<u64>>, sum_nll: f64) -> Self {
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        let cell = |right: usize, named: usize| {
            let row = confusion.get(right);
            row.and_then(|row| row.get(named)).copied().unwrap_or(0)
        };
        let ids = 0..confusion.len();
        let n_examples: u64 = confusion.iter().flatten().sum();
        let n_right: u64 = ids.clone().map(|id| cell(id, id)).sum();
        let mut majority = (0, 0.0);
        let mut occurring = Vec::new();
        let mut classes = Vec::with_capacity(confusion.len());
        for id in ids.clone() {
            let right = cell(id, id);
            let is_so: u64 = ids.clone().map(|named| cell(id, named)).sum();
            let named_so: u64 = ids.clone().map(|other| cell(other, id)).sum();
            if share(is_so, n_examples) > majority.1 {
                majority = (id, share(is_so, n_examples));
            }
            let f1 = share(2 * right, is_so + named_so);
            if is_so + named_so > 0 {
                occurring.push(f1);
            }
            classes.push(ClassScore {
                label: labels.get(id).cloned().unwrap_or_else(|| id.to_string()),
                precision: share(right, named_so),
                recall: share(right, is_so),
                f1,
                n_examples: is_so,
            });
        }
        Self {
            loss: sum_nll / n_examples.max(1) as f64,
            accuracy: share(n_right, n_examples),
            macro_f1: occurring.iter().sum::<f64>() / occurring.len().max(1) as f64,
            majority,
            n_examples,
            classes,
            confusion,
        }
    }

    /// What a run tells of it.
    pub(crate) fn scores(&self) -> ClassScores {
        ClassScores {
            accuracy: self.accuracy,
            macro_f1: self.macro_f1,
            majority_accuracy: self.majority.1,
        }
    }
}

/// Whether the model in a folder sorts texts into classes instead of continuing them.
///
/// # Errors
/// Where the folder holds no model that is known.
pub fn is_classifier(model_dir: &Path) -> Result<bool, EngineError> {
    Ok(!Place::find(model_dir)?.config.is_decoder())
}

/// Measures the classifier in `model_dir` on the labelled rows of `data` (.jsonl or .csv), of which it
/// reads `context` tokens at most (as many as it can where absent).
///
/// # Errors
/// Where the model or a row cannot be used.
pub fn evaluate_classes(
    model_dir: &Path,
    data: &Path,
    context: Option<usize>,
) -> Result<Classification, EngineError> {
    threads::pool(threads::count(None))?.install(|| {
        let loaded = load::open(model_dir, &LoadOptions::default())?;
        let config = loaded.model.config();
        let longest = config.max_position_embeddings;
        let context = context.unwrap_or(longest);
        if context < 2 || context > longest {
            return Err(EngineError::InvalidSpec {
                field: "context",
                detail: format!("{context} is outside 2 to {longest}"),
            });
        }
        if config.encoder.sorted == Sorted::Each {
            let detail = "it sorts each token, and not whole texts";
            return Err(loaded.place().invalid(detail));
        }
        let labels = labels_of(&loaded.model);
        let tokenizer = loaded.tokenizer()?.for_examples(context)?;
        let (texts, classes) = encode_examples(data, &tokenizer, &labels)?;
        let read = |index: usize, out: &mut Vec<u32>| {
            out.extend(texts.get(index).into_iter().flatten());
        };
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        measure(&loaded.model, &read, &lengths, &classes, &mut || Ok(()))
    })
}

/// The names of a model's classes; their ids where it has none.
fn labels_of(model: &Model) -> Vec<String> {
    let config = model.config();
    if config.labels.is_empty() {
        return (0..config.n_labels).map(|id| id.to_string()).collect();
    }
    config.labels.clone()
}

/// Sorts texts of these lengths, whose tokens `read` appends, and compares with their classes.
/// `between` is asked before each pass and may end it.
pub(crate) fn measure(
    model: &Model,
    read: &dyn Fn(usize, &mut Vec<u32>),
    lengths: &[usize],
    classes: &[u32],
    between: &mut dyn FnMut() -> Result<(), EngineError>,
) -> Result<Classification, EngineError> {
    let n_labels = model.config().n_labels;
    let mut confusion = vec![vec![0; n_labels]; n_labels];
    let (mut sum_nll, mut first) = (0.0, 0);
    while first < lengths.len() {
        between()?;
        let mut n_tokens = 0;
        let rest = lengths.iter().skip(first);
        let fits = |len: &&usize| {
            n_tokens += **len;
            n_tokens <= PASS_TOKENS
        };
        let n = rest.take_while(fits).count().max(1);
        let mut tokens = Vec::new();
        (first..first + n).for_each(|index| read(index, &mut tokens));
        let segments = Segments::packed(lengths.get(first..first + n).unwrap_or_default());
        let logits = model.logits(&tokens, &segments)?;
        let rows = logits.chunks_exact(n_labels.max(1));
        for (row, &class) in rows.zip(classes.iter().skip(first)) {
            let (named, nll) = judge(row, class as usize);
            sum_nll += nll;
            if let Some(cell) = confusion
                .get_mut(class as usize)
                .and_then(|row| row.get_mut(named))
            {
                *cell += 1;
            }
        }
        first += n;
    }
    Ok(Classification::new(&labels_of(model), confusion, sum_nll))
}

/// The likeliest class, and the negative log-likelihood of the right one.
fn judge(logits: &[f32], right: usize) -> (usize, f64) {
    let (named, most) =
        logits
            .iter()
            .enumerate()
            .fold((0, f32::NEG_INFINITY), |best, (class, &logit)| {
                if logit > best.1 { (class, logit) } else { best }
            });
    let exponent = |logit: f32| f64::from(logit - most);
    let sum: f64 = logits.iter().map(|&logit| exponent(logit).exp()).sum();
    let chosen = logits.get(right).map_or(f64::NAN, |&logit| exponent(logit));
    (named, sum.ln() - chosen)
}

#[cfg(test)]
mod tests {
    use super::Classification;

    #[test]
    fn scores_follow_from_what_was_taken_for_what() {
        let labels = ["a", "b", "c"].map(str::to_owned);
        // Of class c there is nothing, and nothing was named so.
        let counts = vec![vec![6, 2, 0], vec![1, 3, 0], vec![0, 0, 0]];
        let found = Classification::new(&labels, counts, 6.0);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(found.accuracy, 9.0 / 12.0), "nine of twelve");
        assert!(near(found.loss, 0.5), "nats per text");
        assert_eq!(found.majority.0, 0, "class a is the most frequent");
        assert!(near(found.majority.1, 8.0 / 12.0), "eight of twelve");
        let (a, b, c) = (&found.classes[0], &found.classes[1], &found.classes[2]);
        assert!(
            near(a.precision, 6.0 / 7.0) && near(a.recall, 6.0 / 8.0),
            "a"
        );
        assert!(
            near(b.precision, 3.0 / 5.0) && near(b.recall, 3.0 / 4.0),
            "b"
        );
        assert!(
            near(a.f1, 12.0 / 15.0) && near(b.f1, 6.0 / 9.0),
            "means of both"
        );
        assert!(c.f1 == 0.0 && c.n_examples == 0, "c does not occur");
        assert!(
            near(found.macro_f1, f64::midpoint(12.0 / 15.0, 6.0 / 9.0)),
            "over the classes that occur"
        );
    }
}
