"""Adapters as PEFT 0.21 writes them, over the tiny models beside this file, and the logits with them.

    python peft_adapters.py
"""

import json
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
CASES = {
    "patterns": ("llama", dict(
        r=4, lora_alpha=6, use_rslora=True, target_modules=r".*\.(q_proj|o_proj|down_proj)",
        rank_pattern={"q_proj": 2, "layers.1.mlp.down_proj": 3}, alpha_pattern={r".*\.o_proj": 5},
        exclude_modules=["layers.0.self_attn.o_proj"],
    )),
    "saved": ("llama", dict(
        r=2, lora_alpha=4, target_modules=["v_proj", "gate_proj"], layers_to_transform=[1], layers_pattern="layers",
        modules_to_save=["lm_head", "embed_tokens"],
    )),
    "transposed": ("gpt2", dict(
        r=3, lora_alpha=3, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True, bias="lora_only",
    )),
}

for name, (base, settings) in CASES.items():
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_pretrained(HERE / base, dtype=torch.float32)
    model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))
    with torch.no_grad():
        for weight in (w for _, w in model.named_parameters() if w.requires_grad):
            weight.add_(torch.randn_like(weight) * 0.1)
    model.eval()
    folder = HERE / "peft" / name
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = f"../../{base}"
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
    tokens = torch.tensor([[(n * 7 + 3) % 90 for n in range(20)]])
    with torch.no_grad():
        logits = model(tokens).logits[0]
    save_file({"logits": logits.contiguous()}, folder / "reference.safetensors")
