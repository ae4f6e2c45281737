"""Checkpoints: files missing, cut off, of another kind; weights that are no numbers, do not fit or are not there.

Right is a refusal, or the answer of stock transformers to the same folder. Nothing in a checkpoint is ever run.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from gemma2_workbench.traces.file import load_trace
from tests.robustness.fuzz.bases import TEXT, Bases, copied
from tests.robustness.fuzz.case import Answer, Case, bad
from tests.robustness.fuzz.commands import command
from tests.robustness.fuzz.spoilers import SPOILERS, WEIGHTS, other_name
from tests.robustness.fuzz.stock import json_out, not_finite, wrong_labels, wrong_trace
from tests.robustness.fuzz.values import shown

# Names that mean no checkpoint, though one lies beside them.
NAMES: tuple[Callable[[Path], str], ...] = (
    *(lambda folder: str(folder / WEIGHTS), lambda folder: str(folder / "config.json"), lambda folder: f"{folder}x"),
    *(lambda folder: f"{folder}/config.json/", lambda _: "./twinx", lambda _: "~/twin", lambda _: "twin/../twinx"),
    *(lambda _: "model.gguf", lambda _: "./model.gguf", lambda folder: f" {folder}", lambda folder: f"file://{folder}"),
)


def make(random: Random, bases: Bases, scratch: Path) -> Case:
    """A spoilt checkpoint, in a command that reads its weights."""
    base = random.choice((bases.model, bases.classifier))
    folder = copied(base, scratch / "twin")
    spoil = random.choice(SPOILERS)
    what, hopeless = spoil(random, folder)
    name: str | Path = random.choice(NAMES)(folder) if spoil is other_name else folder
    run = random.choice(_RUNS[base == bases.model])
    words, wrong = run(scratch, folder, bases)

    def judged(answer: Answer) -> str | None:
        if (scratch / "run").exists():
            return "code inside the checkpoint was run"
        return bad(answer) if hopeless else wrong(answer)

    words = [*words, "--model", name]
    return Case(f"{words[0]}: {what or shown(str(name))}", lambda: command(*words, at=scratch), judged)


def _traced(scratch: Path, folder: Path, _: Bases) -> tuple[list[str | Path], Any]:
    out = scratch / "t.safetensors"
    return ["trace", TEXT, "--out", out], lambda _: wrong_trace(load_trace(out), folder)


def _tabled(scratch: Path, folder: Path, _: Bases) -> tuple[list[str | Path], Any]:
    out = scratch / "t.csv"
    return ["table", "atlas", "--text", TEXT, "--out", out], lambda _: _refused_by_stock(scratch, folder)


def _refused_by_stock(scratch: Path, folder: Path) -> str | None:
    """For commands whose numbers other kinds compare: the same folder in `trace`."""
    out = scratch / "again.safetensors"
    answer = command("trace", TEXT, "--model", folder, "--out", out)
    return (
        "table accepts what trace refuses" if answer.refused else answer.failure or wrong_trace(load_trace(out), folder)
    )


def _classified(_: Path, folder: Path, __: Bases) -> tuple[list[str | Path], Any]:
    return [
        "classify",
        TEXT,
        "--format",
        "json",
    ], lambda answer: not_finite(json_out(answer)) or wrong_labels(json_out(answer), folder)


def _evaluated(_: Path, folder: Path, bases: Bases) -> tuple[list[str | Path], Any]:
    return ["evaluate", bases.conll, "--format", "json"], lambda _: _labels_of(folder)


def _explained(_: Path, folder: Path, __: Bases) -> tuple[list[str | Path], Any]:
    words: list[str | Path] = ["why", TEXT, "--word", "0", "--format", "json", "--method", "gradient_x_input"]
    return words, lambda answer: not_finite(json_out(answer)) or _labels_of(folder)


def _labels_of(folder: Path) -> str | None:
    """For commands that rest on the labels: those of `classify`, beside transformers'."""
    answer = command("classify", TEXT, "--model", folder, "--format", "json")
    return (
        "accepts what classify refuses" if answer.refused else answer.failure or wrong_labels(json_out(answer), folder)
    )


_RUNS: dict[bool, tuple[Any, ...]] = {True: (_traced, _traced, _tabled), False: (_classified, _evaluated, _explained)}
