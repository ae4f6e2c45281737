"""`patch_grid`: activation patching at every layer and position, or at every layer and head (arXiv 2309.16042).

The corrupted text is run again and again, each time with one part of the clean run in place of its own; how far that
brings back the clean run's prediction is what this part carries.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor

from gemma2_workbench.models.language_model import pieces_of, require_language_model
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import Tokens
from gemma2_workbench.patching.asked import Asked, ids_of
from gemma2_workbench.patching.grid import PatchGrid
from gemma2_workbench.patching.readers import DonorReader, PatchedReader
from gemma2_workbench.traces.capture import predict
from gemma2_workbench.traces.reader import Batch, Progress, read
from gemma2_workbench.traces.trace import ModelInfo

# Tokens of the patched runs that go through a layer together.
_BATCH_TOKENS = 1024


def patch_grid(
    loaded: Source,
    clean: str,
    corrupted: str,
    what: str = "resid_pre",
    by: str | None = None,
    *,
    token: str | int | None = None,
    against: str | int | None = None,
    layers: Sequence[int] | None = None,
    positions: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> PatchGrid:
    """Patch the corrupted run from the clean one, cell by cell, and measure the logit difference of two tokens.

    Args:
        loaded: a language model, as it is.
        clean: the text whose activations are taken. Texts of one length belong together position by position, others
            by the tokens that they share (`patching.alignment`).
        corrupted: the text that is run.
        what: "resid_pre", the residual stream before a layer; "head_out", the output of heads before the output
            projection; "attn_probs", their probabilities, of texts of one length.
        by: "position" or "head": what the columns of the grid are; default: position for the residual stream, which
            has no heads, and head for the others.
        token, against: the logit of the one minus that of the other, at the last position; as text or as id. Default:
            what each run predicts, the clean one and the corrupted one.
        layers: which layers are patched, default all.
        positions: of the corrupted text, default all that have a counterpart; in a grid by head together.
        heads: which heads, default all; in a grid by position together.
        progress: called with (patched runs done, patched runs), at every layer; what it raises ends the run.

    Raises:
        ValueError: no language model, no such token, layer, position, head or part, or texts that do not fit.
        NotFiniteError: the model computes NaN or infinity.
    """
    require_language_model(loaded)
    asked = Asked.of(loaded, (clean, corrupted), what, by, layers=layers, positions=positions, heads=heads)
    return _grid(loaded, asked, (token, against), progress)


def _grid(
    loaded: Source, asked: Asked, tokens: tuple[str | int | None, str | int | None], progress: Progress | None
) -> PatchGrid:
    """The grid of what was asked for, with the differences of both texts as they are."""
    model, donor, ours = ModelInfo.of(loaded), asked.donor, asked.ours
    predictions = [predict(loaded, text.ids).capped for text in (donor, ours)]
    ids = ids_of(loaded, tokens, predictions)
    clean, corrupted = (float(logits[ids[0]] - logits[ids[1]]) for logits in predictions)
    columns = len(ours) if asked.by == "position" else loaded.shape.heads
    values = np.full((loaded.shape.layers, columns), np.nan)
    for layer, column, difference in _measured(loaded, asked, ids, progress):
        values[layer, column] = difference
    first, second = (name for _, name in pieces_of(loaded, ids))
    return PatchGrid(
        model=model,
        layers=loaded.layers,
        kv_heads=loaded.shape.kv_heads,
        clean=donor,
        corrupted=ours,
        what=asked.what,
        by=asked.by,
        heads=asked.heads,
        pairs=asked.pairs,
        ids=ids,
        names=(first, second),
        clean_difference=clean,
        corrupted_difference=corrupted,
        values=values,
    )


def _measured(
    loaded: Source, asked: Asked, ids: tuple[int, int], progress: Progress | None
) -> Iterator[tuple[int, int, float]]:
    """Layer, column and logit difference of every patched run."""
    what, ours, cells = asked.what, asked.ours, asked.cells
    size, done, of = max(1, _BATCH_TOKENS // len(ours)), 0, len(cells) * len(asked.layers)
    for layer, kept in _donors(loaded, asked.donor, what, asked.layers):
        for start in range(0, len(cells), size):
            part = cells[start : start + size]
            reader = PatchedReader(loaded, what, layer, part, kept, ids, len(ours))
            read(loaded, Batch.of([ours.ids], loaded), [reader], _still(progress, done, of))
            done += len(part)
            if progress is not None:
                progress(done, of)
            for cell, difference in zip(part, reader.reading().tolist(), strict=True):
                yield layer, cell.column, difference


def _donors(loaded: Source, donor: Tokens, what: str, layers: Sequence[int]) -> Iterator[tuple[int, Tensor]]:
    """What the clean run has in each layer: from one pass, or, of whole maps, from one pass for each."""
    for group in [[layer] for layer in layers] if what == "attn_probs" else [list(layers)]:
        reader = DonorReader(loaded, what, group, len(donor))
        read(loaded, Batch.of([donor.ids], loaded), [reader])
        yield from reader.reading().items()


def _still(progress: Progress | None, done: int, of: int) -> Progress | None:
    """Progress inside a batch, so that a run can be ended at every layer."""
    return None if progress is None else lambda *_: progress(done, of)
