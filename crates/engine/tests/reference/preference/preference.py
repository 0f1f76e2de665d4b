"""Records what trl computes of one batch of pairs: DPO (`trl.DPOTrainer`) and ORPO
(`trl.experimental.orpo.ORPOTrainer`) over the model in ../llama, with trl 1.16, transformers 5 and torch 2.

Run from this folder: `python preference.py`. It writes preference.json: the pairs' tokens, where their answers
begin, the reference's log-probabilities (those of the same model with its weights moved a little), and of both
trainers the loss, what they log, and the sums of every weight's gradient with its norm.
"""

import json
import math
import tempfile
from pathlib import Path

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer
from trl.experimental.orpo import ORPOConfig, ORPOTrainer

BETA = {"dpo": 0.3, "orpo": 0.2}
LLAMA = Path(__file__).parent.parent / "llama"
VOCAB = AutoModelForCausalLM.from_pretrained(LLAMA).config.vocab_size


def tokenizer():
    words = {f"t{n}": n for n in range(VOCAB)}
    inner = Tokenizer(models.WordLevel(words, unk_token="t0"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="t1", eos_token="t2", pad_token="t3", unk_token="t0"
    )


def model(seed=None):
    found = AutoModelForCausalLM.from_pretrained(LLAMA, dtype=torch.float32)
    if seed is not None:
        torch.manual_seed(seed)
        with torch.no_grad():
            for weight in found.parameters():
                weight.add_(0.02 * torch.randn_like(weight))
    return found


def pairs():
    draw = torch.Generator().manual_seed(1405)
    text = lambda n: " ".join(f"t{k}" for k in torch.randint(10, VOCAB, (n,), generator=draw).tolist())
    lengths = [(5, 4, 7), (3, 9, 2), (8, 3, 3)]
    return Dataset.from_list(
        [{"prompt": text(p), "chosen": " " + text(c), "rejected": " " + text(r)} for p, c, r in lengths]
    )


def arguments(kind, name, folder):
    return kind(
        output_dir=folder, per_device_train_batch_size=3, beta=BETA[name], max_length=64, use_cpu=True,
        report_to=[], bf16=False, gradient_checkpointing=False, disable_tqdm=True, remove_unused_columns=False,
    )


def measured(trainer, inputs, compute):
    net = trainer.model
    net.zero_grad()
    net.train()
    loss, logged = compute(net, inputs)
    loss.backward()
    gradients = {
        name: {"norm": weight.grad.norm().item(), "sum": weight.grad.double().sum().item(),
               "first": weight.grad.flatten()[:4].tolist()}
        for name, weight in net.named_parameters() if weight.grad is not None
    }
    return {"loss": loss.item(), "logged": logged, "gradients": gradients}


def main():
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        dpo = DPOTrainer(
            model(), ref_model=model(7), args=arguments(DPOConfig, "dpo", folder),
            train_dataset=pairs(), processing_class=tokenizer(),
        )
        examples = [dpo.train_dataset[n] for n in range(3)]
        inputs = dpo.data_collator(examples)

        def compute_dpo(net, inputs):
            loss = dpo.compute_loss(net, inputs)
            logged = {key: sum(values) / len(values) for key, values in dpo._metrics["train"].items()
                      if values and key.startswith(("rewards", "logps"))}
            return loss, logged

        out["pairs"] = [
            {"chosen": e["prompt_ids"] + e["chosen_ids"], "rejected": e["prompt_ids"] + e["rejected_ids"],
             "n_prompt": len(e["prompt_ids"])} for e in examples
        ]
        with torch.no_grad():
            def logp(tokens, n_prompt):
                logits = dpo.ref_model(torch.tensor([tokens])).logits[0, :-1].double().log_softmax(-1)
                picked = logits[torch.arange(len(tokens) - 1), torch.tensor(tokens[1:])]
                return picked[n_prompt - 1:].sum().item()
            out["reference"] = [[logp(p["chosen"], p["n_prompt"]), logp(p["rejected"], p["n_prompt"])]
                                for p in out["pairs"]]
        out["dpo"] = {"beta": BETA["dpo"], **measured(dpo, inputs, compute_dpo)}

        orpo = ORPOTrainer(
            model(), args=arguments(ORPOConfig, "orpo", folder),
            train_dataset=pairs(), processing_class=tokenizer(),
        )
        examples = [orpo.train_dataset[n] for n in range(3)]
        batch = orpo.data_collator(examples)
        answers = lambda labels: next(n for n, label in enumerate(labels) if label != -100)
        out["orpo_pairs"] = [
            {"chosen": e["chosen_input_ids"], "rejected": e["rejected_input_ids"],
             "n_prompt": answers(e["chosen_labels"])} for e in examples
        ]
        compute = lambda net, batch: orpo.get_batch_loss_metrics(net, batch)
        out["orpo"] = {"beta": BETA["orpo"], **measured(orpo, batch, compute)}
    Path("preference.json").write_text(json.dumps(out, indent=1))
    print(out["dpo"]["loss"], out["dpo"]["logged"], out["orpo"]["loss"], out["orpo"]["logged"])
    assert math.isfinite(out["dpo"]["loss"])


main()
