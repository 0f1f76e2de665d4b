#![allow(clippy::unwrap_used)]
use super::again::{Asked, address_again, address_with_model};
use super::{Field, FieldError, Form, FormAction, Goal};
use amoozgar_types::id::{DatasetId, JobId};
use amoozgar_types::installed::{BaseFitness, BaseModel};
use amoozgar_types::job::{JobDetail, JobRecord};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::plan::Change;
use amoozgar_types::spec::{
    CheckpointSpec, Dtype, EvaluationSpec, LoraSpec, Method, ModelSpec, OptimizerSpec, SizePreset,
    TokenizerSpec, TrainSpec,
};
use std::rc::Rc;
use yew::Reducible;

fn chosen() -> Rc<Form> {
    Rc::new(Form::default()).reduce(FormAction::Dataset(DatasetId::new("hafez"), "حافظ".into()))
}

fn typed(field: Field, text: &str) -> FormAction {
    FormAction::Typed(field, text.to_owned())
}

fn base(name: &str, fitness: BaseFitness) -> BaseModel {
    BaseModel {
        model: ModelRef::Imported { name: name.into() },
        name: name.into(),
        architecture: Some("llama".into()),
        path: format!("/models/{name}"),
        size_bytes: 1,
        fitness,
    }
}

fn fit(name: &str, context_length: u32) -> BaseModel {
    let targets = vec!["k_proj".to_owned(), "q_proj".to_owned()];
    base(
        name,
        BaseFitness::Fit {
            context_length,
            n_parameters: 1000,
            targets,
        },
    )
}

fn tuning(goal: Goal, bases: Vec<BaseModel>) -> Rc<Form> {
    chosen()
        .reduce(FormAction::Goal(goal))
        .reduce(FormAction::Bases(Rc::new(bases)))
}

#[test]
fn the_form_as_it_opens_needs_only_a_dataset() {
    let errors = Form::default().check().unwrap_err();
    assert!(errors.dataset, "no dataset is chosen yet");
    assert_eq!(errors.of(Field::Epochs), None, "the rest has its defaults");
    let run = chosen().check().unwrap();
    assert_eq!(
        (run.epochs, run.batch_size, run.context_length),
        (8, 16, 128),
        "the defaults of the specification"
    );
    assert!(
        (run.lr - 2e-3).abs() < 1e-12,
        "the rate reads back from 2e-3"
    );
    assert!(
        run.name.contains("حافظ"),
        "a name is suggested: `{}`",
        run.name
    );
    assert_eq!(
        run.advanced,
        amoozgar_types::ipc::AdvancedSettings::default(),
        "the folded settings are the contract's defaults"
    );
}

#[test]
fn digits_of_all_three_kinds_are_understood() {
    for text in ["۱۲", "١٢", "12", " ۱۲ "] {
        let run = chosen().reduce(typed(Field::Epochs, text)).check().unwrap();
        assert_eq!(run.epochs, 12, "`{text}`");
    }
    for text in ["۰٫۰۰۲", "0.002", "2e-3", "۲e-۳"] {
        let run = chosen().reduce(typed(Field::Lr, text)).check().unwrap();
        assert!((run.lr - 2e-3).abs() < 1e-12, "`{text}`");
    }
}

#[test]
fn each_field_says_what_is_wrong_with_it() {
    let cases = [
        (Field::Epochs, "", FieldError::Empty),
        (Field::Epochs, "ده", FieldError::NotANumber),
        (Field::Epochs, "۲٫۵", FieldError::NotWhole),
        (Field::Epochs, "۰", FieldError::OutOfRange(1, 1000)),
        (Field::Epochs, "1001", FieldError::OutOfRange(1, 1000)),
        (Field::Lr, "0", FieldError::RateOutOfRange),
        (Field::Lr, "0.2", FieldError::RateOutOfRange),
        (Field::Lr, "-1e-3", FieldError::RateOutOfRange),
        (Field::Context, "8", FieldError::OutOfRange(16, 2048)),
        (Field::Name, "  ", FieldError::Empty),
        (Field::Rank, "0", FieldError::OutOfRange(1, 256)),
        (Field::Dropout, "1", FieldError::NotBetween(0.0, 0.9)),
        (Field::WeightDecay, "2", FieldError::NotBetween(0.0, 1.0)),
        (
            Field::ValidationShare,
            "60",
            FieldError::NotBetween(0.5, 50.0),
        ),
        (Field::Patience, "0", FieldError::OutOfRange(1, 1000)),
        (
            Field::Prompts,
            "1\n2\n3\n4\n5\n6\n7\n8\n9",
            FieldError::TooManyPrompts,
        ),
    ];
    for (field, text, error) in cases {
        let form = tuning(Goal::Lora, vec![fit("پایه", 2048)]).reduce(typed(field, text));
        let errors = form.check().unwrap_err();
        assert_eq!(errors.of(field), Some(error), "{field:?} `{text}`");
        assert_eq!(
            errors.in_advanced(),
            field >= Field::Warmup,
            "the folded settings open where they are wrong: {field:?}"
        );
    }
}

#[test]
fn what_is_hidden_cannot_be_wrong() {
    let run = chosen().reduce(typed(Field::Rank, "none")).check().unwrap();
    assert_eq!(run.lora, LoraSpec::default(), "no adapters from scratch");
    assert_eq!(run.base_model, None, "no base model either");
}

#[test]
fn an_empty_field_leaves_the_choice_to_the_run() {
    let run = chosen()
        .reduce(typed(Field::Patience, ""))
        .reduce(typed(Field::Warmup, "۱۲"))
        .reduce(typed(Field::Prompts, " سلام \n\n"))
        .check()
        .unwrap();
    assert_eq!(run.advanced.patience, None, "never stops early");
    assert_eq!(run.advanced.warmup_steps, Some(12), "as typed");
    assert_eq!(run.advanced.checkpoint_every, None, "chosen by the run");
    assert_eq!(run.advanced.prompts, ["سلام"], "a prompt a line");
}

#[test]
fn context_and_name_follow_the_choices_until_they_are_typed() {
    let form = chosen().reduce(FormAction::Preset(SizePreset::Tiny));
    assert_eq!(
        form.check().unwrap().context_length,
        64,
        "the preset's context"
    );
    let run = form
        .reduce(typed(Field::Context, "۱۰۰"))
        .reduce(typed(Field::Name, "اولین"))
        .reduce(FormAction::Preset(SizePreset::Medium))
        .check()
        .unwrap();
    assert_eq!(
        (run.context_length, run.name.as_str()),
        (100, "اولین"),
        "what was typed stays"
    );
}

#[test]
fn defaults_follow_the_method_and_the_model() {
    let form = tuning(Goal::Lora, vec![fit("owner/پایه", 64)]);
    let run = form.check().unwrap();
    assert_eq!(
        (run.epochs, run.batch_size, run.context_length),
        (3, 8, 64),
        "no longer than the model sees"
    );
    assert!((run.lr - 2e-4).abs() < 1e-12, "the rate of adapters");
    assert!(
        run.name.contains("LoRA") && !run.name.contains("owner"),
        "`{}`",
        run.name
    );
    let rank = form.reduce(typed(Field::Rank, "32"));
    assert!(
        (rank.check().unwrap().lora.alpha - 64.0).abs() < 1e-12,
        "alpha follows the rank"
    );
    let full = tuning(Goal::Full, vec![fit("پایه", 4096)]).check().unwrap();
    assert!(
        (full.lr - 2e-5).abs() < 1e-12 && full.context_length == 256,
        "a tenth of the adapters' rate, and a context that a computer at home can bear"
    );
    let longer = tuning(Goal::Full, vec![fit("پایه", 64)])
        .reduce(typed(Field::Context, "65"))
        .check()
        .unwrap_err();
    assert_eq!(
        longer.of(Field::Context),
        Some(FieldError::OutOfRange(16, 64)),
        "more than the model sees"
    );
}

#[test]
fn a_model_that_cannot_be_gone_on_from_is_never_chosen() {
    let unfit = || base("بی‌توکن‌ساز", BaseFitness::NoTokenizer);
    let none = tuning(Goal::Lora, vec![unfit()]);
    assert!(none.check().unwrap_err().base, "none that is fit");
    let form = tuning(Goal::Lora, vec![unfit(), fit("پایه", 64)]);
    assert_eq!(
        form.check().unwrap().base_model,
        Some(ModelRef::Imported {
            name: "پایه".into()
        }),
        "the first that is fit"
    );
}

#[test]
fn adapters_of_maps_that_another_model_has_not_are_let_go() {
    let form = tuning(Goal::Lora, vec![fit("یک", 64)])
        .reduce(FormAction::Target("q_proj".into()))
        .reduce(FormAction::Target("k_proj".into()))
        .reduce(FormAction::Target("k_proj".into()));
    assert_eq!(form.check().unwrap().lora.targets, ["q_proj"], "as chosen");
    let mut other = fit("دو", 64);
    if let BaseFitness::Fit { targets, .. } = &mut other.fitness {
        *targets = vec!["c_attn".into()];
    }
    let form = form.reduce(FormAction::Bases(Rc::new(vec![other])));
    assert_eq!(
        form.check().unwrap().lora.targets.len(),
        0,
        "every map of the other model"
    );
}

#[test]
fn an_address_with_a_model_begins_with_adapters_over_it_and_nothing_takes_its_place() {
    let model = ModelRef::Imported {
        name: "دو".into()
    };
    let address = address_with_model(&model, str::to_owned);
    let query = address.split_once('?').unwrap().1;
    let asked = Asked::read(&format!("?{query}"), str::to_owned);
    let form =
        Rc::new(asked.form()).reduce(FormAction::Dataset(DatasetId::new("hafez"), "حافظ".into()));
    let there = form.clone().reduce(FormAction::Bases(Rc::new(vec![
        fit("یک", 64),
        fit("دو", 64),
    ])));
    let run = there.check().unwrap();
    assert_eq!(
        (run.method, run.base_model),
        (Method::Lora, Some(model)),
        "the model that was asked for"
    );
    let gone = form.reduce(FormAction::Bases(Rc::new(vec![fit("یک", 64)])));
    assert!(gone.check().unwrap_err().base, "it is gone, and it is said");
    let picked = super::Base::of(&fit("یک", 64)).unwrap();
    let picked = gone.reduce(FormAction::Base(picked));
    assert!(picked.check().is_ok(), "another one may be chosen");
}

#[test]
fn a_run_is_made_again_with_its_own_settings() {
    let first = tuning(Goal::Lora, vec![fit("پایه", 64)])
        .reduce(typed(Field::Rank, "4"))
        .reduce(typed(Field::Seed, "7"))
        .reduce(FormAction::Target("q_proj".into()))
        .check()
        .unwrap();
    let mut spec: TrainSpec = TrainSpec {
        name: first.name.clone(),
        dataset: amoozgar_types::spec::DatasetSpec {
            name: None,
            train: "/t.txt".into(),
            validation: None,
            validation_fraction: first.advanced.validation_fraction,
            packing: first.advanced.packing,
            shape: None,
            mapping: std::collections::BTreeMap::default(),
            supervise: amoozgar_types::spec::Supervise::All,
            thinking: amoozgar_types::spec::Thinking::Learn,
        },
        objective: None,
        beta: None,
        task: first.task,
        method: first.method,
        base_model: Some("/models/پایه".into()),
        lora: first.lora.clone(),
        dtype: first.advanced.dtype,
        tokenizer: TokenizerSpec::default(),
        model: ModelSpec::default(),
        optimizer: OptimizerSpec::of(first.task, first.method),
        evaluation: EvaluationSpec::default(),
        checkpoint: CheckpointSpec::default(),
        seed: first.advanced.seed.into(),
        threads: None,
        memory_limit_bytes: None,
    };
    spec.model.context_length = first.context_length as usize;
    spec.optimizer.epochs = first.epochs.into();
    spec.optimizer.batch_size = first.batch_size as usize;
    spec.optimizer.lr = first.lr;
    spec.optimizer.weight_decay = first.advanced.weight_decay;
    let mut job = JobRecord::queued(JobId::new("j"), &first.name, "حافظ", first.preset, 0);
    job.dataset_id = Some(DatasetId::new("hafez"));
    let detail = JobDetail {
        job,
        spec,
        checkpoints: Vec::new(),
        samples: Vec::new(),
    };
    let again =
        Rc::new(Form::again(&detail)).reduce(FormAction::Bases(Rc::new(vec![fit("پایه", 64)])));
    assert_eq!(again.check().unwrap(), first, "the same request");
    let address = address_again(&JobId::new("j"));
    let asked = Asked::read(address.split_once('?').unwrap().1, str::to_owned);
    assert_eq!(asked.from, Some(JobId::new("j")), "its address names it");
}

#[test]
fn what_was_proposed_to_fit_is_taken_and_let_go_with_another_batch() {
    let fitted = chosen().reduce(FormAction::Fit(vec![
        Change::MicroBatch(4),
        Change::Context(64),
        Change::Bf16Storage,
    ]));
    let run = fitted.check().unwrap();
    assert_eq!(
        (run.micro_batch, run.context_length, run.advanced.dtype),
        (Some(4), 64, Dtype::Bf16),
        "all changes"
    );
    let other = fitted.clone().reduce(typed(Field::Batch, "۱۰"));
    assert_eq!(
        other.check().unwrap().micro_batch,
        None,
        "four do not divide ten"
    );
    let whole = fitted.reduce(FormAction::WholeBatch);
    assert_eq!(whole.check().unwrap().micro_batch, None, "taken back");
}

#[test]
fn an_estimate_does_not_wait_for_a_name() {
    let unnamed = chosen().reduce(typed(Field::Name, ""));
    assert!(unnamed.check().is_err(), "it cannot start");
    assert!(unnamed.to_estimate().is_some(), "but it can be estimated");
}
