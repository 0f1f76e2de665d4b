#!/usr/bin/env python3
"""The same 200 steps in PyTorch (transformers): from the weights and batches that the engine's example
`curve` wrote to DIR, with its learning rates, to DIR/curve.csv and the largest relative difference.

Usage: curve.py DIR [--threads N]
"""
import argparse, csv, json, pathlib
import torch
from transformers import LlamaForCausalLM

p = argparse.ArgumentParser()
p.add_argument("dir", type=pathlib.Path)
p.add_argument("--threads", type=int, default=2)
a = p.parse_args()
torch.set_num_threads(a.threads)

model = LlamaForCausalLM.from_pretrained(a.dir / "initial", dtype=torch.float32)
model.train()
matrices = [w for w in model.parameters() if w.ndim >= 2]
vectors = [w for w in model.parameters() if w.ndim < 2]
optimizer = torch.optim.AdamW(
    [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
    lr=0.0, betas=(0.9, 0.95), eps=1e-8)

ours = list(csv.DictReader(open(a.dir / "amoozgar.csv")))
steps = json.load(open(a.dir / "batches.json"))
assert len(ours) == len(steps)
worst = 0.0
with open(a.dir / "curve.csv", "w") as out:
    out.write("step,lr,amoozgar,pytorch\n")
    for row, batches in zip(ours, steps):
        n_targets = sum(len(targets) for batch in batches for targets in batch["targets"])
        optimizer.zero_grad()
        loss = 0.0
        for batch in batches:
            logits = model(input_ids=torch.tensor(batch["tokens"])).logits
            targets = torch.tensor(batch["targets"])
            part = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), targets.flatten(), reduction="sum") / n_targets
            part.backward()
            loss += part.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = float(row["lr"])
        optimizer.step()
        worst = max(worst, abs(float(row["loss"]) - loss) / loss)
        out.write(f"{row['step']},{float(row['lr']):.8g},{float(row['loss']):.6f},{loss:.6f}\n")
print(f"{len(ours)} steps, largest relative difference {worst:.2e}")
