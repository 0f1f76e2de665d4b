//! GGUF files of every kind of blocks: as a base, frozen as they lie in the file, and written with the kinds
//! that llama.cpp chooses.

use crate::gguf::{folder, logits, opened, tokenizer, worst};
use amoozgar_engine::model::{Model, ModelConfig};
use amoozgar_engine::weights::Storage;
use amoozgar_engine::{Form, LoadOptions, Precision, export, open};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A model whose rows fill blocks of 256 values: eight blocks of width 512.
fn wide() -> TempDir {
    let folder = TempDir::new().unwrap();
    let config = json!({
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 280,
        "hidden_size": 512, "intermediate_size": 768, "num_hidden_layers": 8,
        "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 64,
        "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_act": "silu",
        "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 1
    });
    let at = |name: &str| folder.path().join(name);
    fs::write(at("config.json"), config.to_string()).unwrap();
    fs::write(at("tokenizer.json"), tokenizer(280)).unwrap();
    let config = ModelConfig::load(folder.path()).unwrap();
    let model = Model::init(&config, 3).unwrap();
    model.write_weights(&at("model.safetensors")).unwrap();
    folder
}

/// What a file's header says of its tensors: names, kinds by their numbers, and where their bytes begin.
#[derive(Default)]
pub struct Header {
    pub kinds: BTreeMap<String, u32>,
    /// Of each tensor where it begins, and its number of values.
    pub places: BTreeMap<String, (u64, u64)>,
    /// The fastest dimension first.
    pub shapes: BTreeMap<String, Vec<u64>>,
    pub numbers: BTreeMap<String, u32>,
    pub floats: BTreeMap<String, f32>,
    pub texts: BTreeMap<String, String>,
}

struct Bytes<'a>(&'a [u8], usize);

impl Bytes<'_> {
    fn u32(&mut self) -> u32 {
        self.1 += 4;
        u32::from_le_bytes(self.0[self.1 - 4..self.1].try_into().unwrap())
    }

    fn u64(&mut self) -> u64 {
        self.1 += 8;
        u64::from_le_bytes(self.0[self.1 - 8..self.1].try_into().unwrap())
    }

    fn text(&mut self) -> String {
        let n = self.u64() as usize;
        self.1 += n;
        String::from_utf8_lossy(&self.0[self.1 - n..self.1]).into_owned()
    }

    /// Passes over a setting's value, which `header` keeps where it is one of its kinds.
    fn value(&mut self, name: &str, kind: u32, header: &mut Header) {
        match kind {
            4 => drop(header.numbers.insert(name.to_owned(), self.u32())),
            6 => {
                let number = f32::from_bits(self.u32());
                header.floats.insert(name.to_owned(), number);
            }
            8 => drop(header.texts.insert(name.to_owned(), self.text())),
            0 | 1 | 7 => self.1 += 1,
            2 | 3 => self.1 += 2,
            5 => self.1 += 4,
            10..=12 => self.1 += 8,
            9 => {
                let (kind, n) = (self.u32(), self.u64());
                for _ in 0..n {
                    self.value("", kind, header);
                }
            }
            _ => panic!("the kind {kind}"),
        }
    }
}

pub fn header(path: &Path) -> Header {
    let bytes = fs::read(path).unwrap();
    let mut at = Bytes(&bytes, 8);
    let (n_tensors, n_settings) = (at.u64(), at.u64());
    let mut header = Header::default();
    for _ in 0..n_settings {
        let (name, kind) = (at.text(), at.u32());
        at.value(&name, kind, &mut header);
    }
    for _ in 0..n_tensors {
        let name = at.text();
        let shape: Vec<u64> = (0..at.u32()).map(|_| at.u64()).collect();
        header.kinds.insert(name.clone(), at.u32());
        header
            .places
            .insert(name.clone(), (at.u64(), shape.iter().product()));
        header.shapes.insert(name, shape);
    }
    let start = at.1.next_multiple_of(32) as u64;
    header
        .places
        .values_mut()
        .for_each(|(offset, _)| *offset += start);
    header
}

/// The file of `folder` in this precision, alone in a folder of its own, and the name and the error of the
/// tensor that lost most.
fn written(folder: &Path, precision: Precision) -> (TempDir, PathBuf, f64) {
    let alone = TempDir::new().unwrap();
    let place = alone.path().join("model.gguf");
    let done = export(folder, None, Form::Gguf(precision), &place).unwrap();
    let lost = done.lossiest.map_or(0.0, |most| most.relative_rmse);
    (alone, place, lost)
}

pub const F32: u32 = 0;
const Q4_0: u32 = 2;
const Q8_0: u32 = 8;
const Q4_K: u32 = 12;
const Q5_K: u32 = 13;
const Q6_K: u32 = 14;

#[test]
fn a_wide_model_goes_out_in_every_kind_and_comes_back_near() {
    let folder = wide();
    let exact = logits(&opened(folder.path()));
    let size = exact.iter().map(|x| x * x).sum::<f32>().sqrt();
    let mut sizes = Vec::new();
    // What eight blocks lose together, and the tensor that lost most.
    for (precision, file_type, most, most_lost) in [
        (Precision::F16, 1, 0.01, 0.0),
        (Precision::Q8, 7, 0.03, 0.01),
        (Precision::Q5KM, 17, 0.15, 0.05),
        (Precision::Q4KM, 15, 0.25, 0.09),
        (Precision::Q4, 2, 0.35, 0.11),
    ] {
        let (_alone, place, lost) = written(folder.path(), precision);
        let back = logits(&opened(&place));
        let off = back.iter().zip(&exact).map(|(a, b)| (a - b).powi(2));
        let off = off.sum::<f32>().sqrt() / size;
        assert!(off < most, "{precision:?}: the logits are off by {off}");
        assert!(lost <= most_lost, "{precision:?}: {lost} was lost");
        assert!(
            lost > most_lost / 4.0 || most_lost == 0.0,
            "{precision:?}: {lost} was lost"
        );
        let numbers = header(&place).numbers;
        assert_eq!(numbers["general.file_type"], file_type, "{precision:?}");
        assert_eq!(numbers["general.quantization_version"], 2, "{precision:?}");
        sizes.push(fs::metadata(&place).unwrap().len());
    }
    assert!(
        sizes.is_sorted_by(|a, b| a > b),
        "each is smaller: {sizes:?}"
    );
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    let folder = wide();
    let bytes = || {
        let (_alone, place, _) = written(folder.path(), Precision::Q4KM);
        fs::read(place).unwrap()
    };
    assert!(bytes() == bytes(), "both files are alike");
}

#[test]
fn tensors_that_matter_most_get_more_bits_as_llama_cpp_gives_them() {
    let folder = wide();
    let of = |precision| header(&written(folder.path(), precision).1).kinds;
    for (precision, most) in [(Precision::Q4KM, Q4_K), (Precision::Q5KM, Q5_K)] {
        let kinds = of(precision);
        assert_eq!(kinds["output.weight"], Q6_K);
        assert_eq!(kinds["token_embd.weight"], most, "it is no head here");
        assert_eq!(kinds["blk.0.attn_norm.weight"], F32);
        for block in 0..8 {
            let more = [0, 3, 6, 7].contains(&block);
            for part in ["attn_v", "ffn_down", "attn_q", "attn_output", "ffn_gate"] {
                let name = format!("blk.{block}.{part}.weight");
                let gets_more = more && ["attn_v", "ffn_down"].contains(&part);
                let expected = if gets_more { Q6_K } else { most };
                assert_eq!(kinds[&name], expected, "{precision:?}: {name}");
            }
        }
    }
    let kinds = of(Precision::Q4);
    assert_eq!(kinds["output.weight"], Q6_K);
    assert_eq!(kinds["token_embd.weight"], Q4_0);
    assert_eq!(kinds["blk.0.attn_v.weight"], Q4_0);
    let kinds = of(Precision::Q8);
    assert!(kinds.values().all(|&kind| kind == Q8_0 || kind == F32));
}

#[test]
fn learned_positions_stay_in_full() {
    let folder = folder("gpt2");
    for precision in [Precision::F16, Precision::Q8, Precision::Q4KM] {
        let kinds = header(&written(folder.path(), precision).1).kinds;
        assert_eq!(kinds["position_embd.weight"], F32, "{precision:?}");
    }
}

/// Bytes of a block's values, by the number of its kind, and the values of a block.
const BLOCKS: [(u32, &str, usize, usize); 11] = [
    (2, "Q4_0", 32, 18),
    (3, "Q4_1", 32, 20),
    (6, "Q5_0", 32, 22),
    (7, "Q5_1", 32, 24),
    (8, "Q8_0", 32, 34),
    (10, "Q2_K", 256, 84),
    (11, "Q3_K", 256, 110),
    (12, "Q4_K", 256, 144),
    (13, "Q5_K", 256, 176),
    (14, "Q6_K", 256, 210),
    (20, "IQ4_NL", 32, 18),
];

/// The file at `place`, with one tensor's blocks replaced by `bytes` of the kind `id`, put at the end.
fn with_tensor(place: &Path, name: &str, id: u32, bytes: &[u8]) {
    let mut file = fs::read(place).unwrap();
    let (offset, _) = header(place).places[name];
    let start = header(place)
        .places
        .values()
        .map(|(at, _)| *at)
        .min()
        .unwrap();
    // In the header a name is followed by the number of dimensions, two sizes, the kind and the place.
    let at = file
        .windows(name.len())
        .position(|window| window == name.as_bytes());
    let at = at.unwrap() + name.len() + 4 + 16;
    file.resize(file.len().next_multiple_of(32), 0);
    let end = file.len() as u64;
    assert!(offset >= start, "it lies among the tensors");
    file[at..at + 4].copy_from_slice(&id.to_le_bytes());
    file[at + 4..at + 12].copy_from_slice(&(end - start).to_le_bytes());
    file.extend(bytes);
    file.resize(file.len().next_multiple_of(32), 0);
    fs::write(place, file).unwrap();
}

#[test]
fn a_base_of_every_kind_is_read_and_can_stay_as_it_lies_in_the_file() {
    let folder = wide();
    let name = "blk.1.ffn_down.weight";
    for (id, kind, width, block_bytes) in BLOCKS {
        let (_alone, place, _) = written(folder.path(), Precision::F16);
        let (_, n_values) = header(&place).places[name];
        // Scales whose upper byte is small are small numbers, wherever they stand.
        let n_bytes = n_values as usize / width * block_bytes;
        let bytes: Vec<u8> = (0..n_bytes).map(|at| (at * 7 % 31) as u8).collect();
        with_tensor(&place, name, id, &bytes);
        let load = |storage| {
            let options = LoadOptions {
                storage,
                ..LoadOptions::default()
            };
            open(&place, &options).unwrap()
        };
        let (whole, kept) = (load(Storage::F32), load(Storage::File));
        let values = &whole
            .model
            .parameters
            .iter()
            .find(|(_, weight)| weight.name == "model.layers.1.mlp.down_proj.weight");
        let values = values.unwrap().1.weight.to_f32();
        assert!(values.iter().any(|value| *value != 0.0), "{kind}");
        let off = worst(&logits(&kept), &logits(&whole));
        assert!(off < 1e-4, "{kind}: off by {off}");
        let n_bytes = |opened: &amoozgar_engine::Opened| opened.model.parameters.n_bytes();
        assert!(n_bytes(&kept) < n_bytes(&whole), "{kind} takes less room");
    }
}

#[test]
fn levels_of_iq4_nl_are_ggml_s() {
    let folder = wide();
    let (_alone, place, _) = written(folder.path(), Precision::F16);
    let name = "blk.0.ffn_up.weight";
    let (_, n_values) = header(&place).places[name];
    // A scale of 0.5, then the numbers 0 to 15 in the lower bits, 15 to 0 in the upper ones.
    let mut block = vec![0, 0x38];
    block.extend((0..16_u8).map(|n| n | (15 - n) << 4));
    with_tensor(&place, name, 20, &block.repeat(n_values as usize / 32));
    let opened = opened(&place);
    let parameters = &opened.model.parameters;
    let id = parameters.id("model.layers.0.mlp.up_proj.weight").unwrap();
    let values = parameters.get(id).weight.to_f32();
    let levels = [
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ];
    let both = levels.iter().chain(levels.iter().rev());
    let expected: Vec<f32> = both.map(|&level| 0.5 * level as f32).collect();
    assert_eq!(values[..32], expected);
    assert_eq!(values[values.len() - 32..], expected);
}
