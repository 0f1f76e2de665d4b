#!/usr/bin/env python3
"""Writes what PEFT computes for an adapter on the joint maps of phi3, beside this file, with its batch:
lora-phi3 holds the adapter, logits, gradients, the loss and the losses before each of 12 steps of AdamW (lr 1e-3,
weight decay 0.01, gradients clipped to norm 1.0).

Usage: lora_phi3.py OUT_DIR        needs: torch, transformers, peft, safetensors
"""
import json, pathlib, sys
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import Phi3ForCausalLM

root = pathlib.Path(sys.argv[1])
out = root / "lora-phi3"
out.mkdir(exist_ok=True)
torch.set_num_threads(1)
torch.manual_seed(7)
model = get_peft_model(Phi3ForCausalLM.from_pretrained(root / "phi3").float(), LoraConfig(
    r=4, lora_alpha=8, lora_dropout=0.0, task_type="CAUSAL_LM",
    target_modules=["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]))
for name, p in model.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(p, std=0.05)
model.save_pretrained(out)
batch = load_file(root / "phi3" / "reference.safetensors")
ids, labels = batch["input_ids"], batch["labels"]
trainable = [p for p in model.parameters() if p.requires_grad]
model.train()
result = model(input_ids=ids, labels=labels)
result.loss.backward()
tensors = {"logits": result.logits.detach().contiguous()}
tensors |= {"grad." + n.replace(".default", ""): p.grad.clone().contiguous()
            for n, p in model.named_parameters() if p.grad is not None}
save_file(tensors, out / "reference.safetensors")
optimizer = torch.optim.AdamW(trainable, lr=1e-3, weight_decay=0.01)
curve = []
for _ in range(12):
    optimizer.zero_grad()
    loss = model(input_ids=ids, labels=labels).loss
    curve.append(loss.item())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trainable, 1.0)
    optimizer.step()
(out / "reference.json").write_text(json.dumps({"loss": result.loss.item(), "curve": curve}, indent=1) + "\n")
