"""How long the pieces of a capture take on this machine now: one block of rows of one layer, the reference, the lens.

Nothing here is a constant of some machine: each piece is run by the very code that the capture runs, on tensors of the
sizes that the capture has, and timed.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from statistics import median

import torch
from torch import Tensor

from gemma2_workbench.model.equation import BLOCK_ROWS
from gemma2_workbench.model.hooks import attached
from gemma2_workbench.models.language_model import require_language_model
from gemma2_workbench.models.parity.long_texts import each_kind
from gemma2_workbench.models.parity.statement import PARITY_TOKENS
from gemma2_workbench.models.source import POINTS, Source
from gemma2_workbench.traces.block_hooks import block_hooks
from gemma2_workbench.traces.reader import Batch
from gemma2_workbench.traces.readers.attention import AttentionReader
from gemma2_workbench.traces.readers.contributions import ContributionsReader
from gemma2_workbench.traces.readers.folds import FoldsReader
from gemma2_workbench.traces.readers.lens import BLOCK_LOGITS, LensReader

# Each piece is run this often, after a run that does not count: it fetches memory and chooses kernels.
RUNS = 3
# When the runs of one piece have taken so long together, they are enough.
ENOUGH_SECONDS = 0.1
# Where a layer ends whose blocks are read.
_END = "head_out"


def pass_seconds(loaded: Source, tokens: int, block_rows: int = BLOCK_ROWS, watched: bool = False) -> float:
    """Seconds of one pass, without its head, over `tokens` tokens.

    Args:
        loaded: the model.
        tokens: T.
        block_rows: query rows handled at once.
        watched: with the hooks of a capture.
    """
    kinds = [(layer.kind, layer.window) for layer in loaded.layers]
    per_kind = {kind: _layer_seconds(loaded, kinds.index(kind), tokens, block_rows, watched) for kind in set(kinds)}
    return sum(per_kind[kind] for kind in kinds)


def parity_seconds(loaded: Source, compared: int, beyond: int = 0) -> float:
    """Seconds of a comparison with the reference: building its model, a pass of both with all logits and all maps.

    Args:
        loaded: the model.
        compared, beyond: see `parity.probe_lengths`.
    """
    loaded.reference()  # the first one imports transformers' classes
    building, unembedding = _timed(loaded.reference), loaded.unembedding
    logits = 0.0
    if unembedding is not None and unembedding.known:
        # A few states tell what all of them take: where the vocabulary is large, each takes long.
        tried = min(compared, max(1, BLOCK_LOGITS // unembedding.vocabulary))
        stream = _random(loaded, tried)
        logits = compared / tried * _timed(lambda: unembedding.logits(stream))
    seconds = building + 2 * (pass_seconds(loaded, compared) + logits)
    if beyond:
        layers = 1 + max(layer.index for layer in each_kind(loaded.layers))
        # The reference computes whole maps, the hidden half of them too.
        seconds += building + 3 * layers / loaded.shape.layers * pass_seconds(loaded, beyond)
    return seconds


def lens_seconds(loaded: Source, tokens: int) -> float:
    """Seconds of what the lens and the contributions add to a capture, without the pass that names the last token.

    Raises:
        ValueError: the model has no language-model head.
    """
    layers = loaded.shape.layers
    unembedding = unembedding_seconds(loaded, tokens * (layers + 1))
    rows = min(tokens, PARITY_TOKENS)
    watching = attached(loaded.model, *ContributionsReader(loaded, [0] * rows).hooks())
    adding = _block_seconds(loaded, 0, rows, rows, watching) - _block_seconds(loaded, 0, rows, rows)
    return unembedding + tokens / rows * layers * max(adding, 0.0)


def unembedding_seconds(loaded: Source, states: int) -> float:
    """Seconds that a lens takes for some states of the residual stream, of which there are rows x positions.

    Raises:
        ValueError: the model has no language-model head.
    """
    tried = min(states, max(1, BLOCK_LOGITS // require_language_model(loaded).vocabulary))
    reader = LensReader(loaded, [0] * tried, rows=(0,))
    stream = _random(loaded, tried)
    with loaded.lock:
        return states / tried * _timed(lambda: reader.unembed(0, stream))


def _layer_seconds(loaded: Source, layer: int, tokens: int, block_rows: int, watched: bool) -> float:
    """Seconds of a layer: its blocks, and in a capture what is done once when they are all there."""
    blocks = tokens / min(block_rows, tokens)
    if not watched:
        return blocks * _block_seconds(loaded, layer, tokens, block_rows)
    block, last = (
        _block_seconds(loaded, layer, tokens, block_rows, _recording(loaded, layer, tokens, points))
        for points in (tuple(point for point in POINTS if point != _END), POINTS)
    )
    return blocks * block + max(0.0, last - block)


def _block_seconds(
    loaded: Source,
    layer: int,
    tokens: int,
    block_rows: int = BLOCK_ROWS,
    *others: AbstractContextManager[object],
) -> float:
    """Seconds that a layer takes for the block in the middle, which sees as many keys as blocks do on average."""
    run = loaded.trial(layer, tokens, block_rows)
    with ExitStack() as stack:
        for other in others:
            stack.enter_context(other)
        return _timed(run)


def _recording(loaded: Source, layer: int, tokens: int, points: Sequence[str]) -> AbstractContextManager[None]:
    """The hooks of a capture on some points of one layer; one without softmax has none."""
    if not loaded.layers[layer].softmax:
        return attached(loaded.model)
    batch = Batch.of([[0] * tokens], loaded)
    attention, folds = AttentionReader(loaded, batch), FoldsReader(loaded, batch)
    mappings = [*block_hooks(loaded, batch.ids, batch.lengths, [attention, folds]), *attention.hooks()]
    watched = {loaded.point(layer, what) for what in points if what in loaded.points}
    own = [{name: hook for name, hook in mapping.items() if name in watched} for mapping in mappings]
    return attached(loaded.model, *own)


def _timed(piece: Callable[[], object]) -> float:
    """The seconds of a piece that is in use already; the middle of a few runs."""
    taken: list[float] = []
    with torch.no_grad():
        for _ in range(1 + RUNS):
            started = time.perf_counter()
            piece()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            taken.append(time.perf_counter() - started)
            if len(taken) > 1 and sum(taken) > ENOUGH_SECONDS:
                break
    return median(taken[1:])


def _random(loaded: Source, positions: int) -> Tensor:
    """A residual stream [T, D]."""
    return torch.randn(positions, loaded.shape.width, device=loaded.device, dtype=getattr(torch, loaded.dtype))
