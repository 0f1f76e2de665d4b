//! Models that come as GGUF files and leave as such: the same computation, hostile files, what is not
//! understood refused by name.

use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::tokenizer::Tokenizer;
use amoozgar_engine::weights::Storage;
use amoozgar_engine::{EngineError, Form, LoadOptions, Opened, Precision, export, open};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

/// A byte-level tokenizer of 300 tokens that splits as GPT-2 does, which GGUF has a name for.
pub fn tokenizer(n_tokens: usize) -> String {
    let text = std::iter::once("the cat and the hat سلام دنیا سلام".to_owned());
    let trained = Tokenizer::train(text, n_tokens).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&trained.to_json().unwrap()).unwrap();
    json["pre_tokenizer"] = serde_json::json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true
    });
    json.to_string()
}

/// The reference model `name` as a folder with a tokenizer.
pub fn folder(name: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in ["config.json", "model.safetensors"] {
        fs::copy(reference(name).join(file), folder.path().join(file)).unwrap();
    }
    fs::write(folder.path().join("tokenizer.json"), tokenizer(280)).unwrap();
    let settings = serde_json::json!({ "chat_template": "{{ messages[0].content }}" });
    fs::write(
        folder.path().join("tokenizer_config.json"),
        settings.to_string(),
    )
    .unwrap();
    folder
}

/// The reference model `name` as a GGUF file.
fn file(name: &str, precision: Precision) -> (TempDir, PathBuf) {
    let folder = folder(name);
    let out = folder.path().join("model.gguf");
    export(folder.path(), None, Form::Gguf(precision), &out).unwrap();
    // Alone in a folder of its own, or the folder would be the model.
    let alone = TempDir::new().unwrap();
    let place = alone.path().join("model.gguf");
    fs::rename(&out, &place).unwrap();
    (alone, place)
}

pub fn opened(path: &Path) -> Opened {
    open(path, &LoadOptions::default()).unwrap()
}

fn refusal(path: &Path) -> String {
    let refused = open(path, &LoadOptions::default()).and_then(|opened| opened.tokenizer());
    refused.unwrap_err().to_string()
}

pub fn logits(opened: &Opened) -> Vec<f32> {
    let tokens: Vec<u32> = (0..20).map(|n| (n * 7 + 3) % 90).collect();
    let segments = Segments::batch(1, tokens.len());
    opened.model.logits(&tokens, &segments).unwrap()
}

pub fn worst(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len(), "as many values");
    one.iter()
        .zip(other)
        .fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}

#[test]
fn every_family_computes_from_a_gguf_file_what_it_computes_from_its_folder() {
    for name in [
        "llama",
        "llama-tied",
        "llama3-rope",
        "llama-biases",
        "qwen2",
        "qwen3",
        "phi3",
        "smollm3",
        "gemma3",
        "gpt2",
    ] {
        let (_alone, place) = file(name, Precision::F16);
        let (theirs, ours) = (opened(&reference(name)), opened(&place));
        let (theirs_config, config) = (theirs.model.config(), ours.model.config());
        assert_eq!(config.attention, theirs_config.attention, "{name}");
        assert_eq!(config.heads(), theirs_config.heads(), "{name}");
        let off = worst(&logits(&ours), &logits(&theirs));
        assert!(off < 0.02, "{name}: 16 bits are off by {off}");

        // Once the weights are what 16 bits hold, nothing more is lost.
        let out = TempDir::new().unwrap();
        let (again, folder) = (out.path().join("again.gguf"), out.path().join("folder"));
        export(&place, None, Form::Gguf(Precision::F16), &again).unwrap();
        export(&place, None, Form::Safetensors, &folder).unwrap();
        let off = worst(&logits(&opened(&again)), &logits(&ours));
        assert!(off == 0.0, "{name}: a second copy is off by {off}");
        let off = worst(&logits(&opened(&folder)), &logits(&ours));
        assert!(off < 1e-5, "{name}: a folder of it is off by {off}");
        assert_eq!(
            opened(&folder).model.config().attention,
            config.attention,
            "{name}: also as a folder"
        );
    }
}

#[test]
fn eight_bits_are_near_and_small() {
    let (_alone, place) = file("qwen3", Precision::Q8);
    let (_other, wide) = file("qwen3", Precision::F16);
    let off = worst(
        &logits(&opened(&place)),
        &logits(&opened(&reference("qwen3"))),
    );
    assert!(off < 0.1, "off by {off}");
    let len = |path: &Path| fs::metadata(path).unwrap().len();
    assert!(len(&place) < len(&wide), "smaller than 16 bits");
}

#[test]
fn frozen_weights_can_stay_as_the_file_keeps_them() {
    for (precision, most) in [(Precision::F16, 0.55), (Precision::Q8, 0.3)] {
        for family in ["llama", "gemma3"] {
            let (_folder, path) = file(family, precision);
            let load = |storage| {
                let options = LoadOptions {
                    storage,
                    ..LoadOptions::default()
                };
                open(&path, &options).unwrap()
            };
            let (whole, kept) = (load(Storage::F32), load(Storage::File));
            let off = worst(&logits(&kept), &logits(&whole));
            assert!(off < 1e-5, "{family}: off by {off}");
            let n_bytes = |opened: &Opened| opened.model.parameters.n_bytes() as f64;
            let share = n_bytes(&kept) / n_bytes(&whole);
            assert!(share < most, "{family}: {share} of the memory");
        }
    }
}

#[test]
fn a_file_keeps_tokens_template_and_ends_and_gives_them_back() {
    let (_alone, place) = file("llama", Precision::F16);
    let folder = folder("llama");
    let (from, to) = (opened(folder.path()), opened(&place));
    let text = "the cat سلام دنیا <|eos|>  and\n\n12 ۳۴";
    assert_eq!(
        to.tokenizer().unwrap().encode(text).unwrap(),
        from.tokenizer().unwrap().encode(text).unwrap(),
        "the same tokens"
    );
    let own = from.model.config().eos_token_ids.first().copied();
    assert_eq!(to.model.config().eos_token_ids.first().copied(), own);
    let out = TempDir::new().unwrap();
    let out = out.path().join("folder");
    let done = export(&place, None, Form::Safetensors, &out).unwrap();
    assert!(done.checked.len() >= 3, "it was read back: {done:?}");
    let template = fs::read_to_string(out.join("chat_template.jinja")).unwrap();
    assert_eq!(template, "{{ messages[0].content }}");
}

#[test]
fn nothing_that_is_there_is_replaced() {
    let folder = folder("llama");
    for (name, form) in [
        ("a.gguf", Form::Gguf(Precision::F16)),
        ("b", Form::Safetensors),
    ] {
        let out = folder.path().join(name);
        fs::write(&out, "mine").unwrap();
        let refused = export(folder.path(), None, form, &out).unwrap_err();
        assert!(refused.to_string().contains("already"), "{refused}");
        assert_eq!(fs::read(&out).unwrap(), b"mine", "it is as it was");
    }
    let modelfile = folder.path().join("c.Modelfile");
    fs::write(&modelfile, "mine").unwrap();
    let out = folder.path().join("c.gguf");
    let refused = export(folder.path(), None, Form::Gguf(Precision::F16), &out);
    assert!(refused.is_err(), "its Modelfile would be replaced");
    assert!(!out.exists(), "and nothing was written");
}

#[test]
fn what_gguf_cannot_say_is_refused_and_leaves_nothing_behind() {
    let folder = folder("llama");
    // The application's own tokenizer splits as no `pre` of llama.cpp does.
    let text = std::iter::once("the cat and the hat".to_owned());
    let own = Tokenizer::train(text, 280).unwrap().to_json().unwrap();
    fs::write(folder.path().join("tokenizer.json"), own).unwrap();
    let out = folder.path().join("out.gguf");
    let said = export(folder.path(), None, Form::Gguf(Precision::F16), &out).unwrap_err();
    assert!(said.to_string().contains("splitting"), "{said}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 4, "the model's own four files: {left:?}");
}

#[test]
fn an_adapter_is_merged_or_goes_alone() {
    let folder = folder("llama");
    let adapter = reference("lora");
    let options = LoadOptions {
        adapter: Some(&adapter),
        ..LoadOptions::default()
    };
    let adapted = logits(&open(folder.path(), &options).unwrap());
    let out = TempDir::new().unwrap();
    let whole = out.path().join("whole");
    export(folder.path(), Some(&adapter), Form::Safetensors, &whole).unwrap();
    let off = worst(&logits(&opened(&whole)), &adapted);
    assert!(off < 1e-4, "merged weights are off by {off}");
    let alone = out.path().join("alone");
    export(folder.path(), Some(&adapter), Form::Peft, &alone).unwrap();
    let options = LoadOptions {
        adapter: Some(&alone),
        ..LoadOptions::default()
    };
    let again = logits(&open(folder.path(), &options).unwrap());
    assert!(worst(&again, &adapted) == 0.0, "the same adapter");
    // A GGUF file can be what an adapter stands on.
    let (_alone, place) = file("llama", Precision::F16);
    let options = LoadOptions {
        adapter: Some(&adapter),
        ..LoadOptions::default()
    };
    let off = worst(&logits(&open(&place, &options).unwrap()), &adapted);
    assert!(off < 0.02, "16 bits are off by {off}");
    let refused = export(folder.path(), None, Form::Peft, &out.path().join("none"));
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("no adapter"), "{said}");
}

/// A file's header as it is written, one part after the other.
#[derive(Clone)]
struct Writer(Vec<u8>);

impl Writer {
    fn new(n_tensors: u64, n_settings: u64) -> Self {
        Self::version(3, n_tensors, n_settings)
    }

    fn version(version: u32, n_tensors: u64, n_settings: u64) -> Self {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(version.to_le_bytes());
        bytes.extend(n_tensors.to_le_bytes());
        bytes.extend(n_settings.to_le_bytes());
        Self(bytes)
    }

    fn u32(mut self, number: u32) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn u64(mut self, number: u64) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn text(self, text: &str) -> Self {
        let mut next = self.u64(text.len() as u64);
        next.0.extend(text.as_bytes());
        next
    }

    fn number(self, name: &str, number: u32) -> Self {
        self.text(name).u32(4).u32(number)
    }

    fn words(self, name: &str, words: &str) -> Self {
        self.text(name).u32(8).text(words)
    }

    fn tensor(self, name: &str, shape: &[u64], kind: u32, offset: u64) -> Self {
        let mut next = self.text(name).u32(shape.len() as u32);
        for &size in shape {
            next = next.u64(size);
        }
        next.u32(kind).u64(offset)
    }

    fn data(mut self, n: usize) -> Self {
        let start = self.0.len().next_multiple_of(32);
        self.0.resize(start + n, 0);
        self
    }

    fn said(&self) -> String {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("model.gguf");
        fs::write(&path, &self.0).unwrap();
        refusal(&path)
    }
}

#[track_caller]
fn assert_refused(file: &Writer, named: &str) {
    let said = file.said();
    assert!(said.contains(named), "`{named}` is not in: {said}");
}

#[test]
fn a_hostile_header_is_refused_by_what_it_claims() {
    let huge = 1 << 60;
    let old = Writer::version(1, 0, 0);
    assert_refused(&old, "version 1");
    assert_refused(&Writer::version(9, 0, 0), "version 9");
    let swapped = Writer::version(3_u32.swap_bytes(), 0, 0);
    assert_refused(&swapped, "big-endian");
    assert_refused(&Writer::new(huge, 0), "claims 1152921504606846976 tensors");
    assert_refused(&Writer::new(0, huge), "claims 1152921504606846976 settings");
    assert_refused(&Writer::new(60_000, 0), "bytes are left");
    assert_refused(&Writer(b"GGUF\x03".to_vec()), "bytes are left");
    let name = Writer::new(0, 1).u64(huge).data(64);
    assert_refused(&name, "bytes of a text");
    let text = Writer::new(0, 1).text("a").u32(8).u64(huge).data(64);
    assert_refused(&text, "bytes of a text");
    let short = Writer::new(0, 1).text("a").u32(8).u64(1000).data(64);
    assert_refused(&short, "bytes are left");
    let kind = Writer::new(0, 1).text("a").u32(77).data(64);
    assert_refused(&kind, "unknown kind 77");
    let list = Writer::new(0, 1).text("a").u32(9).u32(4).u64(huge).data(64);
    assert_refused(&list, "values in `a`");
    let short = Writer::new(0, 1)
        .text("a")
        .u32(9)
        .u32(8)
        .u64(1 << 20)
        .data(64);
    assert_refused(&short, "bytes are left");
    let nested = Writer::new(0, 1).text("a").u32(9).u32(9).u64(1).data(64);
    assert_refused(&nested, "a list of lists");
    let mut flag = Writer::new(0, 1).text("a").u32(7);
    flag.0.push(2);
    assert_refused(&flag, "`a` is 2");
    let twice = Writer::new(0, 2).number("a", 1).number("a", 2);
    assert_refused(&twice, "`a` is there twice");
}

#[test]
fn an_alignment_that_is_none_is_refused() {
    for alignment in [0, 3, 48, 1 << 21] {
        let file = Writer::new(1, 1)
            .number("general.alignment", alignment)
            .tensor("a", &[4], 0, 0)
            .data(64);
        assert_refused(&file, "general.alignment");
    }
    let word = Writer::new(0, 1)
        .words("general.alignment", "wide")
        .data(64);
    assert_refused(&word, "general.alignment");
}

#[test]
fn tensors_that_lie_nowhere_are_refused_before_anything_is_made() {
    let one = |shape: &[u64], kind, offset| Writer::new(1, 0).tensor("a", shape, kind, offset);
    let dimensions = one(&[1, 1, 1, 1, 1], 0, 0).data(64);
    assert_refused(&dimensions, "5 dimensions");
    assert_refused(&one(&[], 0, 0).data(64), "0 dimensions");
    let product = one(&[1 << 32, 1 << 32, 1 << 32], 0, 0).data(64);
    assert_refused(&product, "whose product is no size");
    let bytes = one(&[1 << 62], 0, 0).data(64);
    assert_refused(&bytes, "whose product is no size");
    assert_refused(&one(&[0, 4], 0, 0).data(64), "whose product is no size");
    assert_refused(&one(&[1 << 40], 0, 0).data(64), "the file has");
    assert_refused(&one(&[16], 0, 32).data(64), "the file has");
    assert_refused(&one(&[4], 0, u64::MAX - 31).data(64), "the file has");
    assert_refused(&one(&[4], 0, 8).data(64), "no multiple of 32");
    assert_refused(&one(&[33], 8, 0).data(64), "no whole blocks of 32");
    assert_refused(&one(&[32], 12, 0).data(64), "no whole blocks of 256");
    for (kind, name) in [
        (9, "Q8_1"),
        (15, "Q8_K"),
        (16, "IQ2_XXS"),
        (34, "TQ1_0"),
        (39, "MXFP4"),
        (40, "NVFP4"),
        (99, "kind 99"),
    ] {
        assert_refused(&one(&[256], kind, 0).data(512), name);
    }
    let twice = Writer::new(2, 0)
        .tensor("a", &[4], 0, 0)
        .tensor("a", &[4], 0, 32)
        .data(64);
    assert_refused(&twice, "`a` is there twice");
    let over = Writer::new(2, 0)
        .tensor("b", &[4], 0, 32)
        .tensor("a", &[16], 0, 0)
        .data(64);
    assert_refused(&over, "overlap");
}

#[test]
fn what_is_no_model_that_writes_is_refused_by_name() {
    let of = |architecture: &str| Writer::new(0, 1).words("general.architecture", architecture);
    assert_refused(&of("clip").data(64), "mmproj");
    assert_refused(&of("mamba").data(64), "`mamba` is not known");
    assert_refused(&Writer::new(0, 0).data(64), "general.architecture");
    let adapter = Writer::new(0, 2)
        .words("general.architecture", "llama")
        .words("general.type", "adapter")
        .data(64);
    assert_refused(&adapter, "`adapter`");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.gguf");
    fs::write(&path, b"PK\x03\x04").unwrap();
    assert!(refusal(&path).contains("neither"), "{}", refusal(&path));
}

/// The bytes of a file with a setting more.
fn with_setting(path: &Path, setting: &Writer) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let n_settings = u64::from_le_bytes(bytes[16..24].try_into().unwrap());
    let mut changed = bytes[..16].to_vec();
    changed.extend((n_settings + 1).to_le_bytes());
    // Tensors begin at a multiple of 32 behind the header, whose length changes by what is put in.
    let put = &setting.0[24..];
    assert!(
        put.len().is_multiple_of(32),
        "the places stay: {}",
        put.len()
    );
    changed.extend(put);
    changed.extend(&bytes[24..]);
    changed
}

#[test]
fn a_setting_that_may_change_a_number_is_refused_by_name() {
    let (_alone, place) = file("llama", Precision::F16);
    for name in ["llama.final_logit_softcap_", "llama.attention.slidingwind_"] {
        // Name, kind and number together fill whole blocks of 32 bytes.
        let name = format!("{name:_<48}");
        let setting = Writer::new(0, 1).number(&name, 30);
        let path = place.with_file_name("changed.gguf");
        fs::write(&path, with_setting(&place, &setting)).unwrap();
        let said = refusal(&path);
        assert!(said.contains(&name) && said.contains("30"), "{said}");
    }
    let scaling = format!("{:_<21}", "yarn");
    let setting = Writer::new(0, 1).words("llama.rope.scaling.type", &scaling);
    let path = place.with_file_name("changed.gguf");
    fs::write(&path, with_setting(&place, &setting)).unwrap();
    let said = refusal(&path);
    assert!(said.contains("scaled as `yarn"), "{said}");
}

#[test]
fn a_tensor_without_a_place_in_the_model_is_refused_by_name() {
    let (_alone, place) = file("llama", Precision::F16);
    let mut bytes = fs::read(&place).unwrap();
    let (name, other) = (b"blk.0.ffn_gate.weight", b"blk.0.ffn_gat2.weight");
    let at = bytes.windows(name.len()).position(|window| window == name);
    bytes[at.unwrap()..][..name.len()].copy_from_slice(other);
    fs::write(&place, &bytes).unwrap();
    let said = refusal(&place);
    assert!(
        said.contains("`blk.0.ffn_gate.weight` is missing"),
        "{said}"
    );
    // One more tensor than the model has: biases of one block alone.
    let (_alone, place) = file("llama-biases", Precision::F16);
    let mut bytes = fs::read(&place).unwrap();
    let (name, other) = (b"blk.0.attn_q.bias", b"blk.0.attn_q.bia5");
    let at = bytes.windows(name.len()).position(|window| window == name);
    bytes[at.unwrap()..][..name.len()].copy_from_slice(other);
    fs::write(&place, &bytes).unwrap();
    let said = refusal(&place);
    assert!(said.contains("no place for the tensor"), "{said}");
}

#[test]
fn values_that_are_no_numbers_are_refused_by_name() {
    let (_alone, place) = file("llama", Precision::F16);
    let mut bytes = fs::read(&place).unwrap();
    let n = bytes.len();
    // The last tensor is that of the last norm, in 32 bits.
    bytes[n - 64..n - 60].copy_from_slice(&f32::INFINITY.to_le_bytes());
    fs::write(&place, &bytes).unwrap();
    let said = refusal(&place);
    assert!(said.contains("is not a number"), "{said}");
}

#[test]
fn a_model_in_parts_needs_every_part() {
    let folder = TempDir::new().unwrap();
    let at = |n: usize| folder.path().join(format!("m-0000{n}-of-00003.gguf"));
    for n in [1, 3] {
        let part = Writer::new(0, 2)
            .number("split.count", 3)
            .number("split.no", n as u32 - 1)
            .data(64);
        fs::write(at(n), part.0).unwrap();
    }
    for path in [folder.path().to_path_buf(), at(1), at(3)] {
        let said = refusal(&path);
        assert!(
            said.contains("`m-00002-of-00003.gguf` is missing"),
            "{said}"
        );
    }
    let wrong = Writer::new(0, 2)
        .number("split.count", 3)
        .number("split.no", 2)
        .data(64);
    fs::write(at(2), wrong.0).unwrap();
    let said = refusal(&at(1));
    assert!(said.contains("by its name file 2"), "{said}");
    let lonely = folder.path().join("lonely.gguf");
    let part = Writer::new(0, 1).number("split.count", 3).data(64);
    fs::write(&lonely, part.0).unwrap();
    let said = refusal(&lonely);
    assert!(said.contains("one of 3 files"), "{said}");
}

#[test]
fn a_folder_means_its_one_model() {
    let (alone, place) = file("llama", Precision::F16);
    let whole = logits(&opened(alone.path()));
    assert!(worst(&whole, &logits(&opened(&place))) == 0.0);
    // What reads pictures lies beside it in LM Studio's folders.
    fs::write(alone.path().join("mmproj-model.gguf"), "GGUF").unwrap();
    assert!(worst(&whole, &logits(&opened(alone.path()))) == 0.0);
    fs::copy(&place, alone.path().join("other.gguf")).unwrap();
    let said = refusal(alone.path());
    assert!(
        said.contains("`model.gguf`, `other.gguf`"),
        "both are named: {said}"
    );
}

#[test]
fn a_tokenizer_that_is_not_understood_is_refused_by_name() {
    let (_alone, place) = file("llama", Precision::F16);
    let bytes = fs::read(&place).unwrap();
    for (from, to, named) in [
        (&b"gpt-2"[..], &b"gpt-9"[..], "`gpt-9`"),
        (&b"gpt2"[..], &b"t555"[..], "`t555`"),
    ] {
        let at = bytes.windows(from.len()).position(|window| window == from);
        let mut changed = bytes.clone();
        changed[at.unwrap()..][..from.len()].copy_from_slice(to);
        fs::write(&place, changed).unwrap();
        let failure = opened(&place).tokenizer().unwrap_err();
        assert!(matches!(failure, EngineError::InvalidModel { .. }));
        assert!(failure.to_string().contains(named), "{failure}");
    }
}
