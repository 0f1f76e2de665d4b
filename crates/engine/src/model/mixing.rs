//! How a block mixes the tokens of a sequence, before its last map: by attention, or by the gated delta rule.

use super::Network;
use super::mixer::{DeltaNet, Mixer, OutputGate, SelfAttention, Sight};
use crate::kernels::halves::Half;
use crate::tape::{Tape, Value};

impl Network {
    /// What is mixed of `x`, before the block's last map.
    pub(super) fn mix<'a>(
        &self,
        tape: &mut Tape<'a>,
        mixer: &'a Mixer,
        sight: Sight,
        x: Value,
    ) -> Value {
        match mixer {
            Mixer::Attention(attention) => self.attend(tape, attention, sight, x),
            Mixer::DeltaNet(delta) => self.learn(tape, delta, x),
        }
    }

    fn attend<'a>(
        &self,
        tape: &mut Tape<'a>,
        attention: &'a SelfAttention,
        sight: Sight,
        x: Value,
    ) -> Value {
        let head_dim = sight.shape.head_dim;
        let mapped = tape.linear(x, &attention.q);
        let (mut q, gate) = match attention.gate {
            OutputGate::None => (mapped, None),
            OutputGate::OfQueries => (
                tape.head_half(mapped, head_dim, Half::First),
                Some(tape.head_half(mapped, head_dim, Half::Second)),
            ),
        };
        let mut k = tape.linear(x, &attention.k);
        let v = tape.linear(x, &attention.v);
        if let Some([q_norm, k_norm]) = attention.head_norms {
            q = self.norm(tape, q_norm, q);
            k = self.norm(tape, k_norm, k);
        }
        if let Some(table) = sight.rotation {
            q = tape.rope(q, table, head_dim);
            k = tape.rope(k, table, head_dim);
        }
        let mixed = tape.attention([q, k, v], sight.shape);
        match gate {
            Some(gate) => tape.sigmoid_gate(gate, mixed),
            None => mixed,
        }
    }

    fn learn<'a>(&self, tape: &mut Tape<'a>, delta: &'a DeltaNet, x: Value) -> Value {
        let qkv = tape.linear(x, &delta.qkv);
        let z = tape.linear(x, &delta.z);
        let a = tape.linear(x, &delta.a);
        let b = tape.linear(x, &delta.b);
        let qkv = tape.short_conv(qkv, delta.conv);
        let read = tape.delta_rule([qkv, a, b], delta.rule);
        let normed = self.norm(tape, delta.norm, read);
        tape.swiglu(z, normed)
    }
}
