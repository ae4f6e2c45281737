"""Configurations: every key of config.json and tokenizer_config.json with wrong values, and files that hold no object.

Right is a refusal, or the answer of stock transformers to the same folder: its ids, its maps, its probabilities. What
transformers refuses is refused here too, but for what `Gemma2Config` documents beyond it.
"""

import json
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from gemma2_workbench.traces.file import load_trace
from tests.robustness.fuzz.bases import TEXT, Bases, copied, json_of, put
from tests.robustness.fuzz.case import Answer, Case, bad
from tests.robustness.fuzz.commands import command
from tests.robustness.fuzz.stock import json_out, not_finite, wrong_labels, wrong_trace
from tests.robustness.fuzz.values import WHOLE, WRONG, as_json, leaves, removed, replaced, shown

FURTHER = ("is_causal", "problem_type", "num_labels", "quantization_config", "auto_map", "sliding_window_pattern")
TOKENIZER = (
    "model_max_length",
    "padding_side",
    "clean_up_tokenization_spaces",
    "chat_template",
    "extra_special_tokens",
)
# Where our configuration takes more than transformers' (its docstring says so).
BEYOND = (("query_pre_attn_scalar",), ("num_key_value_heads",), ("hidden_activation",), ("is_causal",))


def make(random: Random, bases: Bases, scratch: Path) -> Case:
    """A checkpoint with another configuration, in a command that reads it."""
    base, run = random.choice(
        ((bases.model, _trace), (bases.model, _trace), (bases.classifier, _classify), (bases.model, _mask))
    )
    folder = copied(base, scratch / "twin")
    name = random.choice(("config.json", "config.json", "config.json", "tokenizer_config.json"))
    way = random.randrange(10)
    if way == 0:
        data = random.choice(WHOLE)
        put(folder / name, data)
        # An empty object in place of the tokenizer's settings is a tokenizer with its defaults.
        known = name == "config.json" or data not in (b"{}",)
        return run(f"{name} is {shown(data)}", folder, scratch, bad if known else None)
    config = json_of(folder / name)
    further = FURTHER if name == "config.json" else TOKENIZER
    paths = [*leaves(config), *((key,) for key in further)]
    path = random.choice(paths)
    if way == 1 and path[0] not in further:
        put(folder / name, as_json(removed(config, path)))
        return run(f"{name} without {path}", folder, scratch, None)
    value = random.choice(WRONG)
    put(folder / name, as_json(replaced(config, path, value)))
    return run(f"{name} {'.'.join(map(str, path))}={shown(value)}", folder, scratch, None, path)


def _trace(what: str, folder: Path, scratch: Path, wrong: Any, path: Any = ()) -> Case:
    out = scratch / "t.safetensors"
    attempt = partial(command, "trace", TEXT, "--model", folder, "--out", out, at=scratch)
    return Case(f"trace: {what}", attempt, wrong or (lambda _: _allowed(path, wrong_trace(load_trace(out), folder))))


def _classify(what: str, folder: Path, scratch: Path, wrong: Any, path: Any = ()) -> Case:
    attempt = partial(command, "classify", TEXT, "--model", folder, "--format", "json", at=scratch)

    def right(answer: Answer) -> str | None:
        found = json_out(answer)
        return not_finite(found) or _allowed(path, wrong_labels(found, folder))

    return Case(f"classify: {what}", attempt, wrong or right)


def _mask(what: str, folder: Path, scratch: Path, wrong: Any, path: Any = ()) -> Case:
    attempt = partial(command, "mask", TEXT, "--model", folder, "--json", at=scratch)
    return Case(f"mask: {what}", attempt, wrong or (lambda answer: _wrong_mask(answer, folder, path)))


def _wrong_mask(answer: Answer, folder: Path, path: Any) -> str | None:
    """Masks of a window that is not the configuration's."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except ValueError:
        return "accepted a config.json that is no JSON"
    said, window = json_out(answer)["window"], config.get("sliding_window", 4096)
    return None if said == window or path[:1] == ("sliding_window",) else f"window {said}, config.json says {window}"


def _allowed(path: Any, found: str | None) -> str | None:
    """What was found, unless our configuration takes more than transformers' there."""
    beyond = tuple(path) in BEYOND and found is not None and "transformers refuses" in found
    return None if beyond else found
