#!/usr/bin/env python3
"""Writes what PyTorch (transformers) computes for a tiny Llama whose attention and hidden layer have biases.

Usage: biases.py [FOLDER]        needs: torch, transformers, safetensors

llama-biases: config.json and model.safetensors of a random model; reference.safetensors with its batch,
logits and gradients; reference.json with the loss, 16 greedy tokens after 4, and the losses before each of
12 steps of AdamW (lr 1e-3, weight decay 0.01, gradients clipped to norm 1.0).
"""
import json, pathlib, sys
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

torch.set_num_threads(1)
folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent) / "llama-biases"
torch.manual_seed(1405)
model = LlamaForCausalLM(LlamaConfig(vocab_size=320, hidden_size=32, intermediate_size=80, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64, initializer_range=0.08,
    attention_bias=True, mlp_bias=True)).float().train()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.normal_(std=0.3)
folder.mkdir(parents=True, exist_ok=True)
model.save_pretrained(folder, safe_serialization=True)
ids = torch.randint(2, 320, (3, 24))
labels = ids.clone(); labels[1, :6] = -100; labels[2, 20:] = -100
result = model(input_ids=ids, labels=labels)
result.loss.backward()
tensors = {"input_ids": ids, "labels": labels, "logits": result.logits.detach()}
tensors |= {f"grad.{name}": p.grad.clone() for name, p in model.named_parameters()}
reference = {"loss": result.loss.item()}
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
