//! An adapter alone as a GGUF file.

use crate::gguf::folder;
use crate::gguf_kinds::{F32, header};
use amoozgar_engine::{Form, Precision, export};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn adapter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/lora")
}

/// A tensor in f32 or f16, as the file has it.
fn values(path: &Path, name: &str) -> Vec<f32> {
    let (bytes, header) = (fs::read(path).unwrap(), header(path));
    let (offset, n_values) = header.places[name];
    let from = &bytes[offset as usize..];
    if header.kinds[name] == F32 {
        let fours = from.as_chunks::<4>().0.iter().take(n_values as usize);
        return fours.map(|&four| f32::from_le_bytes(four)).collect();
    }
    let pairs = from.as_chunks::<2>().0.iter().take(n_values as usize);
    pairs
        .map(|&pair| half::f16::from_le_bytes(pair).to_f32())
        .collect()
}

#[test]
fn an_adapter_s_file_adds_what_merging_adds() {
    let folder = folder("llama");
    let out = TempDir::new().unwrap();
    let at = |name: &str| out.path().join(name);
    let write = |adapter: Option<&Path>, form, name: &str| {
        export(folder.path(), adapter, form, &at(name)).unwrap()
    };
    let own = adapter();
    write(None, Form::Gguf(Precision::F16), "base.gguf");
    write(Some(&own), Form::Gguf(Precision::F16), "merged.gguf");
    let done = write(Some(&own), Form::GgufAdapter, "adapter.gguf");
    assert!(done.checked.len() >= 2, "it was read back: {done:?}");
    assert!(
        !at("adapter.Modelfile").exists(),
        "it is no model of its own"
    );
    let file = header(&at("adapter.gguf"));
    let texts = &file.texts;
    assert_eq!(texts["general.type"], "adapter");
    assert_eq!(texts["general.architecture"], "llama");
    assert_eq!(texts["adapter.type"], "lora");
    let alpha = file.floats["adapter.lora.alpha"];
    let mut n_maps = 0;
    for name in file
        .kinds
        .keys()
        .filter_map(|name| name.strip_suffix(".lora_a"))
    {
        let a = values(&at("adapter.gguf"), &format!("{name}.lora_a"));
        let b = values(&at("adapter.gguf"), &format!("{name}.lora_b"));
        let before = values(&at("base.gguf"), name);
        let after = values(&at("merged.gguf"), name);
        // Rank 4, and the rest of both sizes.
        let rank = file.shapes[&format!("{name}.lora_b")][0] as usize;
        assert_eq!(
            file.shapes[&format!("{name}.lora_a")][1] as usize,
            rank,
            "{name}"
        );
        let width = a.len() / rank;
        let (mut most, mut off) = (0.0_f32, 0.0_f32);
        for (at, (after, before)) in after.iter().zip(&before).enumerate() {
            let (row, column) = (at / width, at % width);
            let sum: f32 = (0..rank)
                .map(|r| b[row * rank + r] * a[r * width + column])
                .sum();
            let added = alpha / rank as f32 * sum;
            most = most.max(added.abs());
            off = off.max((after - before - added).abs());
        }
        assert!(most > 0.01, "{name}: it adds up to {most}");
        assert!(off < 0.05 * most, "{name}: off by {off} of {most}");
        n_maps += 1;
    }
    assert!(n_maps >= 2, "{n_maps} maps are adapted");
}

#[test]
fn what_has_no_adapter_gives_no_file_of_one() {
    let (folder, out) = (folder("llama"), TempDir::new().unwrap());
    let place = out.path().join("none.gguf");
    let refused = export(folder.path(), None, Form::GgufAdapter, &place).unwrap_err();
    assert!(refused.to_string().contains("no adapter"), "{refused}");
    let place = out.path().join("none.bin");
    let refused = export(folder.path(), None, Form::GgufAdapter, &place).unwrap_err();
    assert!(refused.to_string().contains(".gguf"), "{refused}");
    assert_eq!(
        fs::read_dir(out.path()).unwrap().count(),
        0,
        "nothing is left"
    );
}
