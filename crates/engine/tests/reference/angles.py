#!/usr/bin/env python3
"""Writes what transformers makes of scaled rotary angles: for every `rope_scaling` the frequencies of the pairs
and what is rotated is multiplied with (angles.json), and whole models with YaRN (llama-yarn) and with a part of
each head rotated in a window (phi3-part), as biases.py does.

Usage: angles.py OUT_DIR        needs: torch, transformers, safetensors
"""
import json, pathlib, sys
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Phi3Config, Phi3ForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
import transformers

torch.set_num_threads(1)
out = pathlib.Path(sys.argv[1])
base = dict(vocab_size=100, hidden_size=128, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
            max_position_embeddings=4096)
yarn = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 1024}
cases = []
for theta in (10000.0, 1000000.0):
    for scaling in (
        {"rope_type": "linear", "factor": 2.5},
        {"rope_type": "dynamic", "factor": 3.0},
        {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
         "original_max_position_embeddings": 1024},
        yarn,
        yarn | {"beta_fast": 16, "beta_slow": 2},
        yarn | {"attention_factor": 0.7},
        yarn | {"mscale": 0.8, "mscale_all_dim": 1.2},
        yarn | {"mscale": 0.8},
        yarn | {"truncate": False},
        yarn | {"factor": 40.0, "original_max_position_embeddings": 64},
    ):
        config = LlamaConfig(**base, rope_theta=theta, rope_scaling=dict(scaling))
        frequencies, factor = ROPE_INIT_FUNCTIONS[scaling["rope_type"]](config, "cpu")
        cases.append({"rope_theta": theta, "rope_scaling": scaling, "attention_factor": factor,
                      "frequencies": frequencies.tolist()})
(out / "angles.json").write_text(json.dumps(cases, indent=1) + "\n")

small = dict(vocab_size=96, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=128, initializer_range=0.08, pad_token_id=0)
models = {
    "llama-yarn": lambda: LlamaForCausalLM(LlamaConfig(**small, head_dim=16, rope_scaling={
        "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32})),
    "phi3-part": lambda: Phi3ForCausalLM(Phi3Config(**small | dict(hidden_size=64, num_hidden_layers=1), sliding_window=8, partial_rotary_factor=0.75)),
}
for name, make in models.items():
    torch.manual_seed(1405)
    model = make().float().train()
    folder = out / name
    folder.mkdir(exist_ok=True)
    model.save_pretrained(folder)
    ids = torch.randint(2, 96, (3, 24))
    labels = ids.clone(); labels[1, :6] = -100; labels[2, 20:] = -100
    result = model(input_ids=ids, labels=labels)
    result.loss.backward()
    tensors = {"input_ids": ids, "labels": labels, "logits": result.logits.detach()}
    tensors |= {f"grad.{key}": p.grad.clone() for key, p in model.named_parameters()}
    reference = {"loss": result.loss.item(), "transformers_class": type(model).__name__,
                 "transformers": transformers.__version__, "torch": torch.__version__}
    model.eval()
    with torch.no_grad():
        tokens = ids[:1, :4]
        for _ in range(16):
            tokens = torch.cat([tokens, model(tokens, use_cache=False).logits[:, -1].argmax(-1, keepdim=True)], 1)
    reference["greedy"] = tokens[0].tolist()
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    reference["curve"] = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = model(input_ids=ids, labels=labels).loss
        reference["curve"].append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(reference, indent=1) + "\n")
