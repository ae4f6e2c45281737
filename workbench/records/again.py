"""`Again`: the models and runs with which a file is made again: each model loaded once, traces where they are given."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from gemma2_workbench.generation.rebuilt import rebuilt
from gemma2_workbench.models.loading import Loaded, load
from gemma2_workbench.models.parity.statement import PARITY_TOKENS, compare
from gemma2_workbench.models.tokens import tokenize
from gemma2_workbench.records.nearby import place_of
from gemma2_workbench.records.run import Run, opened, run_text
from gemma2_workbench.records.schema import RunPart, Weights
from gemma2_workbench.records.swept import SweepPart, swept_again
from gemma2_workbench.records.values import change_of
from gemma2_workbench.sweeps.result import Sweep

_FIRST = " on the first "  # tokens of the text, in the statement of 0.1.0
MOST_MODELS = 8
MOST_TOKENS = 16_384  # twice what Gemma 2 reads


class Again:
    """What a record is made again with.

    Attributes:
        instead: name, folder or hub id of the model now; None is where the record says.
        download: whether a hub model that the record names may be fetched.
        traces: files to take instead of running texts, one for each run of the record, or none.
        folders: of the sweeps of a record, in its order, or none.
        notes: what there is to know, in sentences.
        made: the runs of the record that were made, with what it says of them.
    """

    def __init__(
        self,
        traces: Sequence[Path] = (),
        instead: str | None = None,
        download: bool = False,
        folders: Sequence[Path] = (),
    ) -> None:
        self.traces, self.instead, self.download, self.folders = traces, instead, download, folders
        self.notes: list[str] = []
        self.made: list[tuple[RunPart, Run]] = []
        self._loaded: dict[str, Loaded] = {}

    def runs(self, records: Sequence[RunPart], read: Sequence[str]) -> list[Run]:
        """The runs of a record.

        Args:
            records: what it says of each.
            read: names of the readings that are shown.

        Raises:
            OSError: a trace or a model cannot be read.
            ValueError: a trace is another one than the record names, or the texts are too long.
        """
        if self.traces:
            runs = [_taken(path, run) for path, run in zip(self.traces, records, strict=True)]
        else:
            check_tokens([(self.model(run.model), run.text) for run in records], MOST_TOKENS)
            runs = [_run_again(self.model(run.model), run, read) for run in records]
        self.made += zip(records, runs, strict=True)
        return runs

    def sweeps(self, records: Sequence[SweepPart]) -> list[Sweep]:
        """The sweeps of a record, from the folders that were given, or from those that it names.

        Raises:
            OSError: a folder is not here, or cannot be read.
            ValueError: a folder holds another sweep, or there are more or fewer of them.
        """
        if self.folders and len(self.folders) != len(records):
            raise ValueError(f"the record is of {len(records)} sweeps; give --sweep so many folders, or none")
        folders = self.folders or [None] * len(records)
        return [swept_again(record, folder) for record, folder in zip(records, folders, strict=True)]

    def model(self, model: Weights) -> Loaded:
        """The model that a record names, on the device that it names where this machine has it.

        Raises:
            OSError: it is not here.
            ValueError: the record names too many.
        """
        key = model.model_dump_json()
        if key not in self._loaded:
            if len(self._loaded) == MOST_MODELS:
                raise ValueError(f"the record names more than {MOST_MODELS} models")
            place = place_of(model.name, model.revision, self.instead, self.download)
            device = model.device if _has(model.device) else None
            quantized = model.weights.quantized
            loaded = load(
                place.source,
                dtype=model.dtype,
                device=device,
                revision=place.revision,
                quantize=None if quantized is None else quantized.again,
            )
            if place.named is not None:
                name, revision = place.named
                loaded = replace(loaded, name=name, source=name, revision=revision)
            self._loaded[key] = loaded
            self.notes += _unrepeatable(model)
        return self._loaded[key]


def _unrepeatable(model: Weights) -> Iterator[str]:
    """Why nobody can tell whether the weights of a record are those that are loaded."""
    quantized = model.weights.quantized
    if quantized is not None and quantized.again is None:
        yield f"the weights were quantised by a configuration ({quantized.method}) that a record does not hold"
    if model.weights.hashed == "memory":
        yield "the weights had been changed in memory, and no file holds what they were"
    elif model.weights_sha256 is None and model.revision is None:
        yield "the record names neither a checksum of the weights nor a revision to check them by"


def check_tokens(texts: Sequence[tuple[Loaded, str]], most: int) -> None:
    """Refuse texts that would keep the machine busy for long.

    Raises:
        ValueError: they have more than `most` tokens together.
    """
    count = sum(len(tokenize(loaded.tokenizer, text)) for loaded, text in texts)
    if count > most:
        raise ValueError(
            f"the texts of the record have {count:,} tokens, and at most {most:,} are run again; give --trace where "
            "the record is of a view"
        )


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


def _run_again(loaded: Loaded, record: RunPart, read: Sequence[str]) -> Run:
    """Run the text of a record through its model, with its changes."""
    changes = [change_of(change) for change in record.overrides]
    words = tuple(change.sentence for change in changes)
    run = run_text(
        loaded,
        rebuilt(loaded, record.text, record.ids, record.generation, words) if record.generation else record.text,
        changes,
        read=read,
        token=None if record.lens is None else record.lens.token,
        block_rows=record.block_rows,
        parity=record.parity.tokens > 0,
    )
    if record.parity.tokens == 0 or _FIRST not in record.parity.sentence:
        return run
    # What 0.1.0 compared; the statement of a record is made again as it was made.
    parity = compare(loaded, run.trace.tokens.ids[:PARITY_TOKENS], "")
    return replace(run, trace=replace(run.trace, parity=parity))
