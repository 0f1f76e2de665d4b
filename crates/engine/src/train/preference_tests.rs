#![allow(clippy::unwrap_used)]
use super::{Answer, Pair, PairLoss, dpo, orpo, passes};
use crate::train::packing::Piece;

fn pair(chosen: f64, rejected: f64) -> Pair {
    let answer = |logp| Answer { logp, n_tokens: 7 };
    Pair {
        chosen: answer(chosen),
        rejected: answer(rejected),
        ..Pair::default()
    }
}

/// Holds the slopes against differences of the loss.
fn slopes_hold(name: &str, (c, r): (f64, f64), loss: impl Fn(&Pair) -> PairLoss) {
    let found = loss(&pair(c, r));
    let step = 1e-5;
    let by = |dc, dr| {
        (loss(&pair(c + dc, r + dr)).loss - loss(&pair(c - dc, r - dr)).loss) / (2.0 * step)
    };
    for (side, measured) in [by(step, 0.0), by(0.0, step)].into_iter().enumerate() {
        let slope = found.slopes[side];
        assert!(
            (slope - measured).abs() <= 1e-6 * measured.abs().max(1e-3),
            "{name} at {c}, {r}, side {side}: {slope}, measured {measured}"
        );
    }
}

#[test]
fn slopes_are_those_of_the_losses() {
    for at in [(-9.0, -12.0), (-40.0, -2.0), (-0.5, -0.6)] {
        slopes_hold("dpo", at, |pair| dpo(pair, [-10.0, -11.0], 0.3));
        slopes_hold("orpo", at, |pair| orpo(pair, 0.3));
    }
}

#[test]
fn no_likelihood_makes_a_loss_that_is_no_number() {
    for at in [
        (0.0, -3.0),
        (-3.0, 0.0),
        (0.0, 0.0),
        (-1e6, -1.0),
        (-1.0, -1e6),
    ] {
        for lost in [
            dpo(&pair(at.0, at.1), [-10.0, -11.0], 0.1),
            orpo(&pair(at.0, at.1), 0.1),
        ] {
            let all = [lost.loss, lost.slopes[0], lost.slopes[1]];
            assert!(
                all.iter().all(|value| value.is_finite()),
                "{at:?}: {lost:?}"
            );
        }
    }
}

#[test]
fn a_pass_has_whole_pairs_and_none_is_left_out() {
    let lengths = [900, 900, 200, 100, 1500, 1500, 10, 20, 30, 40];
    let places: Vec<Piece> = lengths.iter().map(|&len| Piece { start: 0, len }).collect();
    assert_eq!(passes(&places), [0..1, 1..2, 2..3, 3..5][..].to_vec());
    assert!(passes(&[]).is_empty(), "none of none");
}

/// trl's numbers of a batch (tests/reference/preference, written by its preference.py).
mod recorded {
    use super::super::{Preference, Sums, Whole, log_probabilities};
    use crate::load::{LoadOptions, open};
    use crate::model::StepContext;
    use crate::tape::{Gradients, Policy};
    use crate::train::batches::{Made, pair_batch};
    use crate::train::corpus::Part;
    use crate::train::token_cache::{TokenCache, TokenWriter};
    use crate::train::trained::Trained;
    use amoozgar_types::spec::Objective;
    use serde_json::Value;
    use std::ops::Range;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    fn reference(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/reference")
            .join(name)
    }

    fn json() -> Value {
        let text = std::fs::read(reference("preference/preference.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    fn numbers(value: &Value) -> Vec<f64> {
        let all = value.as_array().unwrap().iter();
        all.map(|number| number.as_f64().unwrap()).collect()
    }

    fn part(pairs: &Value, folder: &Path) -> Part {
        let path = folder.join("tokens.bin");
        let mut writer = TokenWriter::create(&path, 320).unwrap();
        let (mut documents, mut trained) = (Vec::new(), Trained::default());
        for pair in pairs.as_array().unwrap() {
            let n_prompt = pair["n_prompt"].as_u64().unwrap() as usize;
            for side in ["chosen", "rejected"] {
                let first = writer.n_tokens as usize;
                let tokens = numbers(&pair[side]);
                let tokens: Vec<u32> = tokens.iter().map(|&token| token as u32).collect();
                trained.push(first + n_prompt..first + tokens.len());
                documents.push(tokens.len() as u32);
                writer.write(&tokens).unwrap();
            }
        }
        writer.finish().unwrap();
        Part {
            tokens: Arc::new(TokenCache::open(&path, 320).unwrap()),
            documents,
            trained: Some(Arc::new(trained)),
        }
    }

    /// Gradients and sums over micro-batches of these pairs, as one optimizer step.
    fn step(
        preference: &Preference,
        model: &crate::model::Model,
        part: &Part,
        micro: &[Range<usize>],
    ) -> (Gradients, Sums) {
        let made: Vec<Made> = micro
            .iter()
            .map(|pairs| {
                pair_batch(
                    part,
                    &part.conversations(),
                    pairs.clone(),
                    preference.objective,
                )
            })
            .collect();
        let whole = Whole::of(&made);
        let context = StepContext {
            policy: Policy::Keep,
            scale: 1.0,
            dropout: None,
        };
        let (mut gradients, mut sums) = (Gradients::new(&model.parameters), Sums::default());
        for made in &made {
            let into = (&mut gradients, &mut sums);
            preference
                .gradients(model, made, &context, whole, into)
                .unwrap();
        }
        (gradients, sums)
    }

    fn near(what: &str, ours: f64, theirs: f64) {
        assert!(
            (ours - theirs).abs() <= 1e-4 * theirs.abs().max(1e-2),
            "{what}: {ours}, trl has {theirs}"
        );
    }

    #[test]
    fn losses_scores_and_gradients_are_trl_s_in_one_batch_or_several() {
        let json = json();
        for (name, objective, pairs) in [
            ("dpo", Objective::Dpo, "pairs"),
            ("orpo", Objective::Orpo, "orpo_pairs"),
        ] {
            let folder = tempfile::TempDir::new().unwrap();
            let part = part(&json[pairs], folder.path());
            let model = open(&reference("llama"), &LoadOptions::default())
                .unwrap()
                .model;
            let theirs = &json[name];
            let references = json["reference"].as_array().unwrap().iter();
            let references = references.map(|pair| numbers(pair).try_into().unwrap());
            let references: Vec<[f64; 2]> = references.collect();
            let preference = Preference {
                objective,
                beta: theirs["beta"].as_f64().unwrap(),
                train: references.clone(),
                validation: references,
            };
            let in_batches: [&[Range<usize>]; 3] = [
                std::slice::from_ref(&(0..3)),
                &[0..1, 1..3],
                &[0..1, 1..2, 2..3],
            ];
            for micro in in_batches {
                let (gradients, sums) = step(&preference, &model, &part, micro);
                let what = |of: &str| format!("{name} in {} batches: {of}", micro.len());
                near(&what("loss"), sums.loss(), theirs["loss"].as_f64().unwrap());
                let (found, logged) = (sums.scores(), &theirs["logged"]);
                for (key, ours) in [
                    ("rewards/chosen", found.chosen_reward),
                    ("rewards/rejected", found.rejected_reward),
                    ("rewards/margins", found.margin()),
                    ("rewards/accuracies", found.accuracy),
                ] {
                    near(&what(key), ours, logged[key].as_f64().unwrap());
                }
                if objective == Objective::Orpo {
                    let logp = logged["logps/chosen"].as_f64().unwrap();
                    near(&what("logps"), found.chosen_logp, logp);
                }
                let mut n = 0;
                for (id, weight) in model.parameters.trained() {
                    let gradient = gradients.get(id).unwrap().iter();
                    let ours: Vec<f64> = gradient.map(|&value| f64::from(value)).collect();
                    let theirs = &theirs["gradients"][&weight.name];
                    let size = theirs["norm"].as_f64().unwrap();
                    let norm = ours.iter().map(|value| value * value).sum::<f64>().sqrt();
                    near(&what(&weight.name), norm, size);
                    for (ours, theirs) in ours.iter().zip(numbers(&theirs["first"])) {
                        assert!(
                            (ours - theirs).abs() <= 1e-4 * size,
                            "{}: {ours}, trl has {theirs}",
                            what(&weight.name)
                        );
                    }
                    n += 1;
                }
                assert_eq!(
                    n,
                    theirs["gradients"].as_object().unwrap().len(),
                    "every weight"
                );
            }
            let measured = preference.measure(&model, &part, &mut || Ok(())).unwrap();
            near(name, measured.loss(), theirs["loss"].as_f64().unwrap());
        }
    }

    #[test]
    fn a_pair_s_log_probabilities_are_the_same_beside_other_pairs_and_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let part = part(&json()["pairs"], folder.path());
        let model = open(&reference("llama"), &LoadOptions::default())
            .unwrap()
            .model;
        let together = log_probabilities(&model, &part, 0..3).unwrap();
        for (index, together) in together.into_iter().enumerate() {
            let alone = log_probabilities(&model, &part, index..index + 1).unwrap();
            for (together, alone) in together.into_iter().zip(alone[0]) {
                assert!(
                    (together - alone).abs() < 1e-4,
                    "pair {index}: {together}, alone {alone}"
                );
            }
        }
    }
}
