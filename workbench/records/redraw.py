"""Drawing a file again from its record, and saying whether it came out the same to the byte.

The whole record is made again too and compared with the old one, leaf by leaf.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from gemma2_workbench.classification.reasons.question import REASONS, Question, answered
from gemma2_workbench.maps import MAP_SUFFIXES
from gemma2_workbench.models.gemma2 import LoadedModel
from gemma2_workbench.models.loading import load
from gemma2_workbench.records.asked import as_asked, without_meaning
from gemma2_workbench.records.comparing import differences
from gemma2_workbench.records.drawing import Drawing
from gemma2_workbench.records.kinds import change_of
from gemma2_workbench.records.limits import (
    MOST_TOKENS,
    MOST_TOKENS_OF_A_REASON,
    check_cells,
    check_pixels,
    check_tokens,
)
from gemma2_workbench.records.nearby import place_of
from gemma2_workbench.records.product import Product, produced
from gemma2_workbench.records.reading import Known, sha256_of
from gemma2_workbench.records.reason import Reason
from gemma2_workbench.records.record import Shown
from gemma2_workbench.records.run import Run, opened, run_text
from gemma2_workbench.records.schema import Layers, RunPart, Weights
from gemma2_workbench.records.situation import Situation
from gemma2_workbench.records.situation_again import read_again

MOST_MODELS = 8
_UNEXPLAINED = (
    "neither model, text, numbers nor versions; so the file was changed after it was written, or fonts or libraries "
    "of this system draw it otherwise"
)


@dataclass(frozen=True)
class Redrawn:
    """The file made again.

    Attributes:
        product: its bytes and its record.
        same: whether its bytes are those that the record speaks of.
        differences: what the record says otherwise than the new one, or than its copy inside or beside the file.
        notes: what else there is to know.
    """

    product: Product
    same: bool
    differences: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the bytes are the same and all that the record says is true, but for the versions of packages."""
        return self.same and all(sentence.startswith("version of ") for sentence in self.differences)

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.same:
            otherwise = f"; yet the record says otherwise: {'; '.join(self.differences)}" if self.differences else ""
            return f"same bytes (sha256 {self.product.sha256}){otherwise}"
        return "other bytes. What differs: " + "; ".join(self.differences)


def drawn_again(
    known: Known, traces: Sequence[Path] = (), model: str | None = None, *, download: bool = False
) -> Redrawn:
    """Make the file of a record again: load its model, run its text, draw the same options. Masks need no run.

    Args:
        known: a record that was read.
        traces: trace files to take instead of running texts, one for each run of the record, in its order.
        model: name, folder or hub id where the weights are now; default: where the record says.
        download: fetch a hub model that the record names; without it nothing leaves this machine.

    Raises:
        OSError: a trace or the model cannot be read.
        ValueError: a trace is not the one that the record names, the record does not fit the model, or it asks for
            more than a redrawing does.
    """
    if traces and len(traces) != len(known.runs):
        if not known.runs:
            raise ValueError("the record is of no run that a trace holds; leave --trace out")
        raise ValueError(f"the record is of {len(known.runs)} runs; give --trace so many files, or none")
    models = _Models(model, download)
    shown, runs = _made_again(known, traces, models)
    try:
        if isinstance(shown, Drawing) and known.look.suffix not in MAP_SUFFIXES:
            check_cells(shown, runs)
        fresh = produced(shown, known.look, runs, known.file.name)
    except ValueError:
        _check_lengths(known, runs)
        raise
    check_pixels(fresh)
    record, notes = as_asked(shown, fresh.record, known, bool(traces))
    product = replace(fresh, record=record)
    same = product.sha256 == known.sha256
    found = differences(known.record, record)
    if not same and found and replace(product, record=known.record).sha256 == known.sha256:
        notes.append("with the old record inside, the bytes are the same: nothing that is drawn or written differs")
    unexplained = () if same or found else (_UNEXPLAINED,)
    copies = (*known.beside, *_replaced(known))
    return Redrawn(product, same, (*found, *unexplained, *copies), (*models.notes, *notes, *without_meaning(known)))


def _made_again(known: Known, traces: Sequence[Path], models: "_Models") -> tuple[Shown, list[Run]]:
    """What is drawn, and the runs it is drawn of."""
    drawing = known.drawing
    if isinstance(drawing, Situation):
        situation, notes = read_again(drawing, models.instead, models.download)
        models.notes += notes
        return situation, []
    if isinstance(drawing, Question):
        return _answered_again(known.checked.model, drawing, models), []
    if traces:
        runs = [_taken(path, run) for path, run in zip(traces, known.runs, strict=True)]
    else:
        check_tokens([(models.of(run.model), run.text) for run in known.runs], MOST_TOKENS)
        runs = [_run_again(models.of(run.model), run) for run in known.runs]
    return drawing, runs


def _check_lengths(known: Known, runs: Sequence[Run]) -> None:
    """Refuse runs of other lengths than then, which the options of the record need not fit."""
    for run, record in zip(runs, known.runs, strict=False):
        then, now = len(record.ids), len(run.trace.tokens)
        if then != now:
            raise ValueError(
                f"{known.file.name} cannot be drawn again: its text has {now} tokens now and had {then} then; the text "
                "in the record was changed, or the model has another tokenizer"
            )


def _answered_again(weights: Weights | Layers | None, question: Question, models: "_Models") -> Reason:
    if not isinstance(weights, Weights):
        raise ValueError("the record of a reason names no weights")
    loaded = models.of(weights)
    check_tokens([(loaded, question.text)], MOST_TOKENS_OF_A_REASON if question.show in REASONS else MOST_TOKENS)
    return Reason(answered(loaded, question))


class _Models:
    """The models of a record, each loaded once."""

    def __init__(self, instead: str | None, download: bool) -> None:
        self.instead, self.download = instead, download
        self._loaded: dict[tuple[Any, ...], LoadedModel] = {}
        self.notes: list[str] = []

    def of(self, model: Weights) -> LoadedModel:
        """The model that a record names, on the device that it names where this machine has it."""
        key = tuple(model.model_dump().values())
        if key not in self._loaded:
            if len(self._loaded) == MOST_MODELS:
                raise ValueError(f"the record names more than {MOST_MODELS} models")
            place = place_of(model.name, model.revision, self.instead, self.download)
            device = model.device if _has(model.device) else None
            loaded = load(place.source, dtype=model.dtype, device=device, revision=place.revision)
            if place.named is not None:
                name, revision = place.named
                loaded = replace(loaded, name=name, source=name, revision=revision)
            self._loaded[key] = loaded
            if model.weights_sha256 is None and model.revision is None:
                self.notes.append("the record names neither a checksum of the weights nor a revision to check them by")
        return self._loaded[key]


def _has(device: str) -> bool:
    """Whether this machine has a device."""
    known = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    kind, _, number = device.partition(":")
    return known.get(kind, False) and (not number or number.isdecimal())


def _taken(path: Path, record: RunPart) -> Run:
    """The run in a trace file, if it is the one of the record."""
    run = opened(path)
    wanted = None if record.trace is None else record.trace.sha256
    if wanted is not None and run.file is not None and run.file[1] != wanted:
        raise ValueError(f"{path} is not the trace of the record: its sha256 is {run.file[1]}, not {wanted}")
    return replace(run, token=None if record.lens is None else record.lens.token)


def _run_again(loaded: LoadedModel, record: RunPart) -> Run:
    """Run the text of a record through its model, with its changes."""
    return run_text(
        loaded,
        record.text,
        [change_of(change) for change in record.overrides],
        with_lens=record.lens is not None,
        token=None if record.lens is None else record.lens.token,
        block_rows=record.block_rows,
        parity=record.parity.tokens > 0,
    )


def _replaced(known: Known) -> Iterator[str]:
    if known.file.is_file() and sha256_of(known.file) != known.sha256:
        yield f"{known.file.name} is not the file that the record speaks of: it was changed or replaced"
