"""Drawing a file again from its record, and saying whether it came out the same to the byte."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from workbench.classification.reasons.question import Question, answered
from workbench.loading import LoadedModel, load
from workbench.provenance.comparing import differences
from workbench.provenance.product import Product, produced
from workbench.provenance.reading import Known
from workbench.provenance.reason import Reason
from workbench.provenance.run import Run, changes_in, opened, run_text
from workbench.provenance.situation import Situation
from workbench.provenance.situation_again import read_again

_UNEXPLAINED = (
    "neither model, text, numbers nor versions; so the file was changed after it was written, or fonts or libraries "
    "of this system draw it otherwise"
)
_RAN_AGAIN = "the text was run again, because no --trace was given"


@dataclass(frozen=True)
class Redrawn:
    """The file made again.

    Attributes:
        product: its bytes and its record.
        same: whether its bytes are those that the record speaks of.
        differences: what differs, as far as the record tells.
        notes: what else there is to know.
    """

    product: Product
    same: bool
    differences: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.same:
            otherwise = f"; yet the record says otherwise: {'; '.join(self.differences)}" if self.differences else ""
            return f"same bytes (sha256 {self.product.sha256}){otherwise}"
        return "other bytes. What differs: " + "; ".join(self.differences or (_UNEXPLAINED,))


def drawn_again(known: Known, traces: Sequence[Path] = (), model: str | None = None) -> Redrawn:
    """Make the file of a record again: load its model, run its text, draw the same options. Masks need no run.

    Args:
        known: a record that was read.
        traces: trace files to take instead of running texts, one for each run of the record, in its order.
        model: name, folder or hub id where the weights are now; default: where the record says.

    Raises:
        OSError: a trace or the model cannot be read.
        ValueError: a trace is not the one that the record names, or the record does not fit the model.
    """
    drawing = known.drawing
    if isinstance(drawing, Situation):
        return _masks_again(known, drawing, traces, model)
    if isinstance(drawing, Question):
        return _reason_again(known, drawing, traces, model)
    if traces and len(traces) != len(known.runs):
        raise ValueError(f"the record is of {len(known.runs)} runs; give --trace so many files, or none")
    models = _Models(model)
    if traces:
        runs = [_taken(path, run) for path, run in zip(traces, known.runs, strict=True)]
    else:
        runs = [_run_again(run, models) for run in known.runs]
    try:
        fresh = produced(drawing, known.look, runs, known.file.name)
    except ValueError:
        _check_lengths(known, runs)
        raise
    product = replace(fresh, record=_as_it_was(fresh.record, known.record))
    notes = [_RAN_AGAIN] if not traces and any(run["trace"] for run in known.runs) else []
    return _compared(known, product, [*models.notes, *notes])


def _check_lengths(known: Known, runs: Sequence[Run]) -> None:
    """Refuse runs of other lengths than then, which the options of the record need not fit."""
    for run, record in zip(runs, known.runs, strict=True):
        then, now = len(record["ids"]), len(run.trace.tokens)
        if then != now:
            raise ValueError(
                f"{known.file.name} cannot be drawn again: its text has {now} tokens now and had {then} then; the text "
                "in the record was changed, or the model has another tokenizer"
            )


def _masks_again(known: Known, then: Situation, traces: Sequence[Path], model: str | None) -> Redrawn:
    """The same for masks, which are of no run: only a configuration and a tokenizer are read again."""
    if traces:
        raise ValueError("the record is of masks, which need no run; leave --trace out")
    situation, notes = read_again(then, model)
    fresh = produced(situation, known.look, (), known.file.name)
    return _compared(known, replace(fresh, record=fresh.record | {"command": known.record["command"]}), notes)


def _reason_again(known: Known, question: Question, traces: Sequence[Path], model: str | None) -> Redrawn:
    """The same for a reason, which needs the weights: the model is asked again."""
    if traces:
        raise ValueError("the record is of a reason, which a trace does not hold; leave --trace out")
    models = _Models(model)
    answer = answered(models.of(known.record["model"]), question)
    fresh = produced(Reason(answer), known.look, (), known.file.name)
    as_it_was = {"model": _named_as(fresh.record, known.record), "command": known.record["command"]}
    return _compared(known, replace(fresh, record=fresh.record | as_it_was), models.notes)


def _compared(known: Known, product: Product, notes: Sequence[str]) -> Redrawn:
    found = differences(known.record, product.record)
    same = product.sha256 == known.sha256
    return Redrawn(product, same, found, (*notes, *_notes(known, product, same, found)))


class _Models:
    """The models of a record, each loaded once."""

    def __init__(self, instead: str | None) -> None:
        self._instead = instead
        self._loaded: dict[tuple[Any, ...], LoadedModel] = {}
        self.notes: list[str] = []

    def of(self, model: Mapping[str, Any]) -> LoadedModel:
        """The model that a record names, on the device that it names where this machine has it."""
        key = tuple(model.values())
        if key not in self._loaded:
            name = self._instead or model["name"]
            device = model["device"] if _has(model["device"]) else None
            revision = None if self._instead else model["revision"]
            self._loaded[key] = load(name, dtype=model["dtype"], device=device, revision=revision)
            if model["weights_sha256"] is None and model["revision"] is None:
                self.notes.append("the record names neither a checksum of the weights nor a revision to check them by")
        return self._loaded[key]


def _has(device: str) -> bool:
    """Whether this machine has a device."""
    known = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return known.get(device.partition(":")[0], False)


def _taken(path: Path, record: Mapping[str, Any]) -> Run:
    """The run in a trace file, if it is the one of the record."""
    run = opened(path)
    wanted = (record["trace"] or {}).get("sha256")
    if wanted is not None and run.file is not None and run.file[1] != wanted:
        raise ValueError(f"{path} is not the trace of the record: its sha256 is {run.file[1]}, not {wanted}")
    return replace(run, token=(record["lens"] or {}).get("token"))


def _run_again(record: Mapping[str, Any], models: _Models) -> Run:
    """Run the text of a record through its model, with its changes."""
    return run_text(
        models.of(record["model"]),
        record["text"],
        changes_in(record),
        with_lens=record["lens"] is not None,
        token=(record["lens"] or {}).get("token"),
        block_rows=record["block_rows"],
        parity=record["parity"]["tokens"] > 0,
    )


def _as_it_was(fresh: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The new record with what the old one says about how the file was asked for, which no run can tell."""
    pairs = zip([fresh, *fresh["further_runs"]], [old, *old["further_runs"]], strict=True)
    first, *further = (_run_as_it_was(*pair) for pair in pairs)
    return {**first, "further_runs": further, "command": old["command"]}


def _run_as_it_was(fresh: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The same for one run."""
    return {**fresh, "model": _named_as(fresh, old), "trace": old["trace"]}


def _named_as(fresh: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The model of the new record; the same weights may have gone by another name in the old one."""
    model, identity = fresh["model"], ("weights_sha256", "revision")
    if all(model[name] == old["model"][name] for name in identity) and any(model[name] for name in identity):
        return model | {name: old["model"][name] for name in ("name", "source")}
    return model


def _notes(known: Known, product: Product, same: bool, found: Sequence[str]) -> Iterator[str]:
    """What there is to know beside the verdict."""
    if known.file.is_file() and hashlib.sha256(known.file.read_bytes()).hexdigest() != known.sha256:
        yield f"{known.file.name} is not the file that the record speaks of: it was changed or replaced"
    if not same and found and replace(product, record=known.record).sha256 == known.sha256:
        yield "with the old record inside, the bytes are the same: nothing that is drawn or written differs"
