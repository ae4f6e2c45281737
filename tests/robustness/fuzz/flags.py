"""Flags: every option of every command, from the parser itself, with values that it cannot take.

Right is a refusal for the values of `BAD`, for words that no option takes, for missing and for unknown options. Other
odd values (`ODD`) may be accepted; what is written or printed then holds finite numbers only.
"""

import argparse
import json
import math
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd

from gemma2_workbench.apps.cli import parser
from gemma2_workbench.traces.file import load_trace
from tests.robustness.fuzz.bases import TEXT, Bases
from tests.robustness.fuzz.case import Answer, Case, bad
from tests.robustness.fuzz.commands import command
from tests.robustness.fuzz.flag_values import BAD, ELSEWHERE, NEVER, NO_OUT, NO_PORT, ODD, PLAIN, WHOLE
from tests.robustness.fuzz.stock import not_finite
from tests.robustness.fuzz.values import shown


@cache
def options() -> dict[str, dict[str, argparse.Action]]:
    """The options of every command, by command and name."""
    (commands,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return {
        name: {action.dest: action for action in command._actions if action.dest not in NEVER}
        for name, command in commands.choices.items()
    }


def make(random: Random, bases: Bases, scratch: Path) -> Case:
    """A command that would run, with something wrong in it."""
    name = random.choice([name for name in options() if name not in ("app", "bench")] * 6 + ["app", "bench"])
    good = [str(word) for word in _good(random, name, bases, scratch)]
    ways = [*[_bad_value] * 7, *[_odd_value] * 5, _unknown, _missing, _no_value, _outs, _outs]
    if name in ("app", "bench"):
        ways = [_unknown, _no_value, _port]
    return random.choice(ways)(random, name, good, scratch)


def _good(random: Random, name: str, bases: Bases, scratch: Path) -> list[str | Path]:
    """A command that runs."""
    (scratch / "gold.conll").write_bytes(bases.conll.read_bytes())
    view = random.choice(("attention", "atlas", "text", "cell", "lens", "head_view", "softcap"))
    return {
        "trace": ["trace", TEXT, "--model", bases.model, "--out", "o.safetensors"],
        "figure": ["figure", view, "--text", TEXT, "--model", bases.model, "--out", "o.svg"],
        "table": ["table", view, "--text", TEXT, "--model", bases.model, "--out", "o.csv"],
        "compare": ["compare", TEXT, "--model", bases.model, "--ablate", "0.1"],
        "heads": ["heads", "--sequences", "2", "--length", "4", "--model", bases.model],
        "lens": ["lens", TEXT, "--rows", "0,1", "--positions", "1", "--model", bases.model],
        "patch": ["patch", TEXT, f"{TEXT} Bob", "--token", "#5", "--against", "#6", "--model", bases.model],
        "redraw": ["redraw", bases.files["a.svg"]],
        "mask": ["mask", TEXT, "--model", bases.model],
        "classify": ["classify", TEXT, "--model", bases.classifier, "--format", "json"],
        "why": ["why", TEXT, "--word", "0", "--model", bases.classifier, "--format", "json"],
        "evaluate": ["evaluate", "gold.conll", "--model", bases.classifier, "--format", "json"],
        "finetune": ["finetune", "gold.conll", "--model", bases.model, "--out", "tuned"],
        "headvis": ["headvis", "--text", TEXT, "--model", bases.model, "--out", "heads"],
        "models": ["models"],
        "generate": ["generate", TEXT, "--model", bases.model, "--max-new-tokens", "3"],
        "chat": ["chat", "--model", bases.model, "--max-new-tokens", "3"],
        "convert": ["convert", "nothere.ckpt", "converted", "--size", "2b"],
        "sweep": ["sweep", "gold.conll", "--out", "swept", "--model", bases.model],
        "sweep merge": ["sweep merge", "nothere"],
        "sweep slurm": ["sweep slurm", "gold.conll", "--out", "swept"],
        "sweep compare": ["sweep compare", "nothere", "nothere"],
        "sweep figure": ["sweep figure", "ranked", "nothere", "--out", "a.pdf"],
        "sweep table": ["sweep table", "ranked", "nothere", "--out", "a.csv"],
        "app": ["app", "--model", "./nothere", "--trace", "nothere"],
        "bench": ["bench", "--model", "./nothere", "--port", "x"],
    }[name]


def _port(random: Random, name: str, _: list[str], scratch: Path) -> Case:
    """A port that cannot be: whatever the program does, it never begins to serve."""
    return _case([name, "--model=./nothere", f"--port={random.choice(NO_PORT)}"], scratch, bad)


def _case(words: list[str], scratch: Path, wrong: Any) -> Case:
    return Case(" ".join(shown(word, 40) for word in words), lambda: command(*words, at=scratch), wrong)


def _bad_value(random: Random, name: str, good: list[str], scratch: Path) -> Case:
    known = options()[name]
    dests = [dest for dest in known if dest in BAD and (name, dest) not in ELSEWHERE]
    if not dests:
        return _unknown(random, name, good, scratch)
    dest = random.choice(dests)
    words = [*_without(good, known[dest]), *_setting(known[dest], random.choice(BAD[dest]))]
    return _case([*words, *_needed(name, dest, random)], scratch, bad)


def _needed(name: str, dest: str, random: Random) -> list[str]:
    """Further flags without which an option means nothing; refused all the same where they do not help."""
    if name == "why" and dest in ("layer", "head"):
        return ["--show", "attention"]
    return ["--out", "o.svg"] if name == "mask" and dest in ("dpi", "venue", "step") else []


def _odd_value(random: Random, name: str, good: list[str], scratch: Path) -> Case:
    """One or two options with any words; whatever is accepted has to hold finite numbers."""
    known = {dest: action for dest, action in options()[name].items() if action.option_strings and dest != "out"}
    # Training takes long, and a model is not found in ways that `BAD` tries.
    chosen = [dest for dest in random.sample(list(known), min(len(known), random.randint(1, 2))) if dest != "model"]
    if name in ("finetune", "models") or not chosen:
        return _unknown(random, name, good, scratch)
    words = good
    for dest in chosen:
        choices = list(map(str, known[dest].choices or ())) or (WHOLE if known[dest].type is int else PLAIN)
        value = random.choice(choices if random.random() < 0.75 else ODD)
        words = [*_without(words, known[dest]), *_setting(known[dest], value)]
    return _case(words, scratch, lambda answer: _wrong_numbers(answer, scratch))


def _setting(action: argparse.Action, value: str) -> list[str]:
    """An option set to a value, also to one that looks like a flag."""
    if not action.option_strings:
        return [value]
    flag = action.option_strings[-1]
    return [flag] if action.nargs == 0 else [f"{flag}={value}"]


def _without(words: list[str], action: argparse.Action) -> list[str]:
    """The words without an option and its value."""
    for flag in action.option_strings:
        if flag in words:
            at = words.index(flag)
            return [*words[:at], *words[at + 2 :]]
    return words


def _unknown(random: Random, name: str, good: list[str], scratch: Path) -> Case:
    word = random.choice(("--bogus", "-q", "--model-name=x", "--text=", "---", "--é", "--\x00", "--out", "--format="))
    if word in ("--text=", "--format=", "--out"):
        word = f"--un{word[2:]}"
    return _case([*good, word], scratch, bad)


def _missing(random: Random, name: str, good: list[str], scratch: Path) -> Case:
    """Without one of the words; what is left out may be an option with a default."""
    needed = {"trace": 4, "figure": 6, "table": 6, "finetune": 4, "headvis": 5, "redraw": 1, "evaluate": 1}
    if name not in needed:
        return _unknown(random, name, good, scratch)
    return _case(good[: needed[name]] if name != "trace" else ["trace", TEXT], scratch, bad)


def _no_value(random: Random, name: str, good: list[str], scratch: Path) -> Case:
    takers = [action for action in options()[name].values() if action.option_strings and action.nargs != 0]
    return _case([*good, random.choice(takers).option_strings[-1]] if takers else [*good, "x"], scratch, bad)


def _outs(random: Random, name: str, good: list[str], scratch: Path) -> Case:
    """Somewhere that nothing can be written to; only names inside the scratch folder."""
    out = options()[name].get("out")
    if out is None or name in ("headvis", "finetune", "classify", "trace", "redraw", "sweep slurm"):
        return _unknown(random, name, good, scratch)
    if name == "why":
        good = good[:-2]
    return _case([*_without(good, out), f"--out={random.choice(NO_OUT)}"], scratch, bad)


def _wrong_numbers(answer: Answer, scratch: Path) -> str | None:
    """The first number that is not finite in what was printed or written."""
    if answer.out.lstrip().startswith("{") and (found := not_finite(json.loads(answer.out))):
        return found
    for path in sorted(scratch.rglob("o.*")):
        if path.name == "o.csv":
            frame = pd.read_csv(path).select_dtypes("number").to_numpy(float)
            if np.isinf(frame).any() or (frame.size and np.isnan(frame).all()):
                return "numbers in the table that are not finite"
        elif path.suffix == ".safetensors":
            trace = load_trace(path)
            if not all(bool(layer.q.isfinite().all() and layer.log_sum.isfinite().all()) for layer in trace.tensors):
                return "numbers in the trace that are not finite"
            if any(math.isnan(number) for number in vars(trace.parity).values() if isinstance(number, float)):
                return "a parity that is not a number"
    return None
