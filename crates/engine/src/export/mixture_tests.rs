use super::{Mixture, Precision};
use crate::gguf::Kind;

/// A model of so many blocks whose embedding is its head.
fn tied(precision: Precision, n_blocks: usize) -> Mixture {
    Mixture {
        precision,
        n_blocks,
        is_tied: true,
        is_70b: false,
        with_values: (0..n_blocks).collect(),
    }
}

#[test]
fn blocks_with_more_bits_are_the_first_eighth_the_last_and_every_third_between() {
    // Recorded from llama.cpp's own `Q4_K_M` of SmolLM2 135M (30 blocks) and of Gemma 3 270M (18).
    for (n_blocks, expected) in [
        (30, vec![0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 26, 27, 28, 29]),
        (18, vec![0, 1, 4, 7, 10, 13, 15, 16, 17]),
    ] {
        let mixture = tied(Precision::Q4KM, n_blocks);
        let more: Vec<usize> = (0..n_blocks)
            .filter(|block| {
                let name = format!("blk.{block}.ffn_down.weight");
                mixture.kind(&name, &[512, 1536]) == Kind::Q6K
            })
            .collect();
        assert_eq!(more, expected, "{n_blocks} blocks");
    }
}

#[test]
fn rows_of_smollm2_and_gemma_that_are_no_whole_blocks_fall_back_as_in_llama_cpp() {
    // Recorded as above: tensors of a block with more bits, of one without, and of none.
    let smollm2 = [
        ("token_embd.weight", [49152, 576], Kind::Q8_0),
        ("blk.0.attn_q.weight", [576, 576], Kind::Q5_0),
        ("blk.0.attn_v.weight", [192, 576], Kind::Q8_0),
        ("blk.3.attn_v.weight", [192, 576], Kind::Q5_0),
        ("blk.0.attn_output.weight", [576, 576], Kind::Q5_0),
        ("blk.0.ffn_gate.weight", [1536, 576], Kind::Q5_0),
        ("blk.0.ffn_down.weight", [576, 1536], Kind::Q6K),
        ("blk.3.ffn_down.weight", [576, 1536], Kind::Q4K),
    ];
    let gemma = [
        ("token_embd.weight", [262_144, 640], Kind::Q8_0),
        ("blk.0.attn_q.weight", [1024, 640], Kind::Q5_0),
        ("blk.0.attn_v.weight", [256, 640], Kind::Q8_0),
        ("blk.2.attn_v.weight", [256, 640], Kind::Q5_0),
        ("blk.0.attn_output.weight", [640, 1024], Kind::Q4K),
        ("blk.0.ffn_up.weight", [2048, 640], Kind::Q5_0),
        ("blk.0.ffn_down.weight", [640, 2048], Kind::Q6K),
        ("blk.2.ffn_down.weight", [640, 2048], Kind::Q4K),
    ];
    for (model, n_blocks, tensors) in [("SmolLM2", 30, smollm2), ("Gemma 3", 18, gemma)] {
        let mixture = tied(Precision::Q4KM, n_blocks);
        for (name, shape, expected) in tensors {
            assert_eq!(mixture.kind(name, &shape), expected, "{model}: {name}");
        }
        let norm = mixture.kind("blk.0.attn_norm.weight", &[640]);
        assert_eq!(norm, Kind::F32, "{model}: a vector");
    }
    let five = tied(Precision::Q5KM, 30);
    assert_eq!(five.kind("blk.0.attn_q.weight", &[576, 576]), Kind::Q5_1);
    let four = tied(Precision::Q4, 30);
    let embedding = four.kind("token_embd.weight", &[49152, 576]);
    assert_eq!(embedding, Kind::Q8_0, "6 bits do not fit the rows");
    assert_eq!(four.kind("blk.0.attn_v.weight", &[192, 576]), Kind::Q4_0);
}

#[test]
fn rows_that_fit_no_block_are_in_16_bits_and_the_largest_llama_keeps_its_values_well() {
    for precision in [Precision::Q8, Precision::Q4KM, Precision::Q4] {
        let mixture = tied(precision, 2);
        assert_eq!(mixture.kind("blk.0.attn_q.weight", &[100, 100]), Kind::F16);
        let positions = mixture.kind("position_embd.weight", &[1024, 768]);
        assert_eq!(positions, Kind::F32, "they are looked up");
    }
    let largest = Mixture {
        is_70b: true,
        ..tied(Precision::Q4KM, 80)
    };
    let values = |block: usize| largest.kind(&format!("blk.{block}.attn_v.weight"), &[1024, 8192]);
    assert_eq!((values(0), values(10)), (Kind::Q6K, Kind::Q5K));
}
