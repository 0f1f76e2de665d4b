#!/usr/bin/env python3
"""Writes what PyTorch (transformers) computes for a tiny ModernBERT that sorts texts by the mean of their tokens.

Usage: encoders.py [FOLDER]        needs: torch, transformers, safetensors

modernbert-mean: config.json (with the fields of transformers 4, which files on the Hub have) and
model.safetensors of a random model; reference.safetensors with its batch of 40, 18 and 9 tokens, logits and
gradients; reference.json with the loss and the losses before each of 12 steps of AdamW (lr 1e-3, weight decay
0.01, gradients clipped to norm 1.0).
"""
import json, pathlib, sys
import torch
from safetensors.torch import save_file
from transformers import ModernBertConfig, ModernBertForSequenceClassification

torch.set_num_threads(1)
folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent) / "modernbert-mean"
torch.manual_seed(1405)
model = ModernBertForSequenceClassification(ModernBertConfig(vocab_size=160, hidden_size=32, intermediate_size=48,
    num_hidden_layers=4, num_attention_heads=4, max_position_embeddings=64, initializer_range=0.08, num_labels=3,
    pad_token_id=0, local_attention=10, global_attn_every_n_layers=2, classifier_pooling="mean",
    attn_implementation="eager")).float().train()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        if "norm" in name:
            parameter.add_(torch.randn_like(parameter), alpha=0.2)
folder.mkdir(parents=True, exist_ok=True)
model.save_pretrained(folder, safe_serialization=True)
config = json.loads((folder / "config.json").read_text())
for name in ("layer_types", "rope_parameters", "local_rope_theta", "global_rope_theta"):
    config.pop(name, None)
config |= {"global_attn_every_n_layers": 2, "global_rope_theta": 160000.0, "local_rope_theta": 10000.0}
(folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
ids = torch.randint(2, 160, (3, 40))
mask = torch.ones_like(ids); mask[1, 18:] = 0; mask[2, 9:] = 0
ids = torch.where(mask == 1, ids, torch.zeros_like(ids))
labels = torch.tensor([0, 2, 1])
result = model(input_ids=ids, attention_mask=mask, labels=labels)
result.loss.backward()
tensors = {"input_ids": ids, "attention_mask": mask, "labels": labels, "logits": result.logits.detach()}
tensors |= {f"grad.{name}": p.grad.clone() for name, p in model.named_parameters()}
reference = {"loss": result.loss.item(), "curve": []}
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
for _ in range(12):
    optimizer.zero_grad()
    loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    reference["curve"].append(loss.item())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "reference.safetensors")
(folder / "reference.json").write_text(json.dumps(reference, indent=1) + "\n")
