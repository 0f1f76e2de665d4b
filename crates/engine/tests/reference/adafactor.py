#!/usr/bin/env python3
"""Writes the losses that transformers' Adafactor gives on the tiny models of this folder.

Usage: adafactor.py [FOLDER]        needs: torch, transformers, safetensors

adafactor.json: by model, the loss before each of 12 steps on the model's own batch (lr 1e-3, no first
moment, no relative step, weight decay 0.01 on every parameter, gradients clipped to global norm 1.0).
"""
import json, pathlib, sys
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM
from transformers.optimization import Adafactor

torch.set_num_threads(1)
folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
curves = {}
for name in ["llama", "gpt2"]:
    model = AutoModelForCausalLM.from_pretrained(folder / name, dtype=torch.float32).train()
    batch = load_file(folder / name / "reference.safetensors")
    optimizer = Adafactor(model.parameters(), lr=1e-3, beta1=None, weight_decay=0.01,
                          scale_parameter=False, relative_step=False, warmup_init=False)
    curve = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = model(input_ids=batch["input_ids"], labels=batch["labels"]).loss
        curve.append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    curves[name] = curve
(folder / "adafactor.json").write_text(json.dumps(curves, indent=1) + "\n")
