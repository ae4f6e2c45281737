"""Drawing a file again from its record, and saying whether it came out the same to the byte.

The whole record is made again too and compared with the old one, leaf by leaf. What only the old one can tell is taken
over from it and named in a note where it is out of the ordinary: the name that a model goes by where `--model` says
where it is now, the trace file that was not given again, the name that the command gives the file, the block size of a
run, and choices without a meaning (columns of one panel or of a table, the side of no pads).
"""

import json
import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from model import BLOCK_ROWS
from workbench.classification.reasons.question import REASONS, Question, answered
from workbench.figures.spec import Panel, Panels
from workbench.figures.text import one_line
from workbench.loading import LoadedModel, load
from workbench.maps import MAP_SUFFIXES
from workbench.provenance.comparing import differences
from workbench.provenance.drawing import Drawing
from workbench.provenance.nearby import place_of
from workbench.provenance.product import Product, produced
from workbench.provenance.reading import Known, sha256_of
from workbench.provenance.reason import Reason
from workbench.provenance.record import Shown, command_for
from workbench.provenance.run import Run, opened, run_text
from workbench.provenance.schema import RunPart, Weights, change_of
from workbench.provenance.situation import Situation
from workbench.provenance.situation_again import read_again
from workbench.tokens import tokenize
from workbench.views import view_named

# What is run again for a record, which may be a stranger's: twice what Gemma 2 reads, and less where every word is
# read again for every other one.
MOST_TOKENS, MOST_TOKENS_OF_A_REASON = 16_384, 2_048
MOST_MODELS, MOST_CELLS, MOST_PIXELS = 8, 2**25, 200_000_000
_UNEXPLAINED = (
    "nothing that the record speaks of; so the file was changed after it was written, or fonts or libraries of this "
    "system draw it otherwise"
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
        return "other bytes. What differs: " + "; ".join(self.differences or (_UNEXPLAINED,))


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
        fresh = produced(shown, known.look, runs, known.file.name)
    except ValueError:
        _check_lengths(known, runs)
        raise
    _check_pixels(fresh)
    record, notes = _as_asked(shown, fresh.record, known, bool(traces))
    product = replace(fresh, record=record)
    same = product.sha256 == known.sha256
    found = (*differences(known.record, record), *known.beside, *_replaced(known))
    if not same and found and replace(product, record=known.record).sha256 == known.sha256:
        notes.append("with the old record inside, the bytes are the same: nothing that is drawn or written differs")
    return Redrawn(product, same, found, (*models.notes, *notes, *_without_meaning(known)))


def _made_again(known: Known, traces: Sequence[Path], models: "_Models") -> tuple[Shown, list[Run]]:
    """What is drawn, and the runs it is drawn of."""
    drawing = known.drawing
    if isinstance(drawing, Situation):
        situation, notes = read_again(drawing, models.instead, models.download)
        models.notes += notes
        return situation, []
    if isinstance(drawing, Question):
        loaded = models.of(known.checked.model)
        most = MOST_TOKENS_OF_A_REASON if drawing.show in REASONS else MOST_TOKENS
        _check_tokens([(loaded, drawing.text)], most)
        return Reason(answered(loaded, drawing)), []
    if traces:
        runs = [_taken(path, run) for path, run in zip(traces, known.runs, strict=True)]
    else:
        _check_tokens([(models.of(run.model), run.text) for run in known.runs], MOST_TOKENS)
        runs = [_run_again(models.of(run.model), run) for run in known.runs]
    if known.look.suffix not in MAP_SUFFIXES:
        _check_cells(drawing, runs)
    return drawing, runs


def _check_tokens(texts: Sequence[tuple[LoadedModel, str]], most: int) -> None:
    count = sum(len(tokenize(loaded.tokenizer, text)) for loaded, text in texts)
    if count > most:
        raise ValueError(
            f"the texts of the record have {count:,} tokens, and at most {most:,} are run again; give --trace where "
            "the record is of a view"
        )


def _check_cells(drawing: Drawing, runs: Sequence[Run]) -> None:
    """Refuse tables that are larger than any table of one view by far."""
    ranges = [option for option in view_named(drawing.view).options if option.kind == "range"]
    cells = 0
    for part in drawing.parts:
        trace = runs[part.run].trace
        sides = [len(option.checked(part.options[option.name], trace)) for option in ranges]
        cells += math.prod(sides or [len(trace.tokens), len(trace.layers)])
    if cells > MOST_CELLS:
        raise ValueError(f"the tables of the record have {cells:,} cells, and at most {MOST_CELLS:,} are drawn again")


def _check_pixels(product: Product) -> None:
    """Refuse a picture that no memory holds."""
    look, content = product.look, product.content
    if look.suffix not in (".png", ".pdf", ".svg") or not isinstance(content, Panel | Panels):
        return
    from workbench.figures import paper

    wide = paper.inches(look.width, look.venue)
    tall = paper.height(content, look.width, venue=look.venue, title=look.title)
    if (pixels := int(wide * tall * look.dpi**2)) > MOST_PIXELS:
        raise ValueError(
            f"the figure of the record is {wide:.1f} by {tall:.1f} inches and has {pixels:,} pixels at {look.dpi} dpi; "
            f"at most {MOST_PIXELS:,} are drawn again"
        )


def _check_lengths(known: Known, runs: Sequence[Run]) -> None:
    """Refuse runs of other lengths than then, which the options of the record need not fit."""
    for run, record in zip(runs, known.runs, strict=False):
        then, now = len(record.ids), len(run.trace.tokens)
        if then != now:
            raise ValueError(
                f"{known.file.name} cannot be drawn again: its text has {now} tokens now and had {then} then; the text "
                "in the record was changed, or the model has another tokenizer"
            )


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


def _as_asked(
    shown: Shown, fresh: Mapping[str, Any], known: Known, with_traces: bool
) -> tuple[dict[str, Any], list[str]]:
    """The new record with what only the old one can tell, and notes about that."""
    # As JSON holds it: tuples are lists.
    record, old, notes = json.loads(json.dumps(fresh)), known.record, []
    pairs = zip([record, *record.get("further_runs", [])], [old, *old.get("further_runs", [])], strict=True)
    for mine, its in pairs:
        notes += _name_as(mine, its)
        if its.get("trace") != mine.get("trace"):
            notes += _trace_as(mine, its, with_traces)
    name = _named_in(old["command"]) or known.file.name
    if name != known.file.name:
        notes.append(f"the command calls the file {name!r}")
    record["command"] = command_for(shown, record, name)
    return record, list(dict.fromkeys(notes))


def _name_as(mine: dict[str, Any], its: Mapping[str, Any]) -> Iterator[str]:
    """The same weights may have gone by another name in the old record."""
    model, identity = mine["model"], ("weights_sha256", "revision")
    if model is None or its["model"] is None or model["name"] == its["model"]["name"]:
        return
    if any(model.get(name) for name in identity) and all(model[name] == its["model"][name] for name in identity):
        yield f"{one_line(model['name'], 80)} has the weights of what the record calls {its['model']['name']!r}"
        model |= {name: its["model"][name] for name in ("name", "source")}


def _trace_as(mine: dict[str, Any], its: Mapping[str, Any], with_traces: bool) -> Iterator[str]:
    """A trace that was not given, or is called otherwise now, goes by what the old record says."""
    trace, mine["trace"] = its["trace"], its["trace"]
    if trace is not None and with_traces:
        yield f"the record calls the trace {trace['name']!r}"
    elif trace is not None:
        yield (
            "the text was run again, because no --trace was given; the trace of the record, "
            f"{trace['name']!r} (sha256 {trace['sha256']}), was not compared"
        )


def _named_in(command: str) -> str | None:
    """The name that a command gives its file, if it is a bare name."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    name = next((after for word, after in zip(words, words[1:], strict=False) if word == "--out"), "")
    return name if name and name == Path(name).name and name.isprintable() else None


def _without_meaning(known: Known) -> Iterator[str]:
    """What the record says and neither the file nor its command shows."""
    drawing = known.drawing
    for run in known.runs:
        if run.block_rows != BLOCK_ROWS:
            yield f"run in blocks of {run.block_rows} query rows, as the record says; its command takes {BLOCK_ROWS}"
    if isinstance(drawing, Drawing | Situation):
        free = known.look.what == "table" or len(drawing.parts) == 1
        usual = drawing.usual_columns
        if free and drawing.columns != usual:
            yield f"{drawing.columns} columns mean nothing for such a file; usual are {usual}"
    if isinstance(drawing, Situation) and not drawing.setting.padding and drawing.setting.side != "left":
        yield f"pads on the {drawing.setting.side} mean nothing, because there are none"


def _replaced(known: Known) -> Iterator[str]:
    if known.file.is_file() and sha256_of(known.file) != known.sha256:
        yield f"{known.file.name} is not the file that the record speaks of: it was changed or replaced"
