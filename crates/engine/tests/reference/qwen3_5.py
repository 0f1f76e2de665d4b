#!/usr/bin/env python3
"""Writes what transformers and PEFT compute for the tiny `qwen3_5` beside this file, in double precision.

Usage: qwen3_5.py        needs: torch, transformers, peft, safetensors

Decays close to 0 leave gradients of 1e-8 to the maps that they depend on, of which single precision has three
digits, and AdamW makes whole steps of those: PyTorch's own curves on two machines part by a thousandth at the twelfth
step. So both folders hold numbers of double precision, and curves of eleven steps.

qwen3_5/       logits and grad.<name> of its own batch, which stays; loss; 16 greedy tokens after the batch's first 4;
               the loss before each step of AdamW (learning rate 1e-3, decay 0.01, gradients clipped to a norm of 1)
qwen3_5-lora/  the adapter as PEFT saves it (r 4, alpha 8, every map of the blocks, B filled with noise so that every
               gradient is nonzero), and the same of it
"""
import json, pathlib, sys, types
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers.models.qwen3_5 import modeling_qwen3_5 as single

root = pathlib.Path(__file__).parent
torch.set_num_threads(1)
# transformers computes parts in single precision whatever the weights are.
text = pathlib.Path(single.__file__).read_text()
text = text.replace("torch.float32", "torch.float64").replace(".float()", ".double()")
text = text.replace("dtype=torch.float)", "dtype=torch.float64)")
double = types.ModuleType("transformers.models.qwen3_5.modeling_double")
double.__package__, double.__file__ = "transformers.models.qwen3_5", single.__file__
sys.modules[double.__name__] = double
exec(compile(text, single.__file__, "exec"), double.__dict__)

batch = load_file(root / "qwen3_5" / "reference.safetensors")
ids, labels = batch["input_ids"], batch["labels"]

def load():
    model = double.Qwen3_5ForCausalLM.from_pretrained(root / "qwen3_5", dtype=torch.float32)
    return model.double().train()

def run(model):
    logits = model(input_ids=ids, use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
    return logits, loss

def record(model, out, tensors):
    logits, loss = run(model)
    loss.backward()
    tensors |= {"logits": logits.detach().float().contiguous()}
    tensors |= {"grad." + n.replace(".default", ""): p.grad.float().contiguous()
                for n, p in model.named_parameters() if p.grad is not None}
    save_file(tensors, out / "reference.safetensors")
    reference = {"loss": loss.item()}
    tokens = ids[:1, :4]
    with torch.no_grad():
        for _ in range(16):
            last = model(input_ids=tokens, use_cache=False).logits[:, -1]
            tokens = torch.cat([tokens, last.argmax(-1, keepdim=True)], 1)
    reference["greedy"] = tokens[0].tolist()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.01)
    curve = []
    for _ in range(11):
        optimizer.zero_grad()
        loss = run(model)[1]
        curve.append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
    reference["curve"] = curve
    (out / "reference.json").write_text(json.dumps(reference, indent=1) + "\n")
    print(out.name, curve[0], curve[-1])

record(load(), root / "qwen3_5", {"input_ids": ids, "labels": labels})

out = root / "qwen3_5-lora"
out.mkdir(exist_ok=True)
torch.manual_seed(7)
model = get_peft_model(load(), LoraConfig(
    r=4, lora_alpha=8, lora_dropout=0.0, task_type="CAUSAL_LM",
    target_modules=["in_proj_qkv", "in_proj_z", "in_proj_a", "in_proj_b", "out_proj", "q_proj", "k_proj", "v_proj",
                    "o_proj", "gate_proj", "up_proj", "down_proj"]))
for name, p in model.named_parameters():
    if "lora_" in name:
        if "lora_B" in name:
            torch.nn.init.normal_(p, std=0.05)
        # What is saved in single precision is what is computed with.
        p.data = p.data.float().double()
model.save_pretrained(out)
(out / "README.md").unlink(missing_ok=True)
saved = load_file(out / "adapter_model.safetensors")
save_file({name: weight.float() for name, weight in saved.items()}, out / "adapter_model.safetensors")
settings = json.loads((out / "adapter_config.json").read_text())
settings["base_model_name_or_path"] = "../qwen3_5"
settings["target_modules"].sort()
(out / "adapter_config.json").write_text(json.dumps(settings, indent=1) + "\n")
record(model, out, {})
