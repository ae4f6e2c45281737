"""How long the pieces of a capture take on this machine now: one block of rows of one layer, the reference, the lens.

Nothing here is a constant of some machine: each piece is run by the very code that the capture runs, on tensors of the
sizes that the capture has, and timed.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from statistics import median
from typing import cast

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache

from gemma2_workbench.model import BLOCK_ROWS, attached
from gemma2_workbench.model.gemma2 import Gemma2DecoderLayer, rotary_angles
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.language_model import require_language_model
from gemma2_workbench.models.loading import LoadedModel
from gemma2_workbench.models.parity import PARITY_TOKENS, reference
from gemma2_workbench.traces.blocks import block_hooks
from gemma2_workbench.traces.reader import Batch
from gemma2_workbench.traces.readers.attention import AttentionReader
from gemma2_workbench.traces.readers.contributions import ContributionsReader
from gemma2_workbench.traces.readers.folds import FoldsReader
from gemma2_workbench.traces.readers.lens import LensReader

# Each piece is run this often, after a run that does not count: it fetches memory and chooses kernels.
RUNS = 3
# When the runs of one piece have taken so long together, they are enough.
ENOUGH_SECONDS = 0.1


def pass_seconds(loaded: LoadedModel, tokens: int, block_rows: int = BLOCK_ROWS, watched: bool = False) -> float:
    """Seconds of one pass of the trunk over `tokens` tokens.

    Args:
        loaded: the model.
        tokens: T.
        block_rows: query rows handled at once.
        watched: with the hooks of a capture.
    """
    kinds = [layer.self_attn.window for layer in _layers(loaded)]
    blocks = tokens / min(block_rows, tokens)
    per_kind = {kind: _block_seconds(loaded, kinds.index(kind), tokens, block_rows, watched) for kind in set(kinds)}
    return blocks * sum(per_kind[kind] for kind in kinds)


def parity_seconds(loaded: LoadedModel, tokens: int) -> float:
    """Seconds of the comparison with transformers: building its model, a pass of both with all logits and all maps."""
    compared = min(tokens, PARITY_TOKENS)
    reference(loaded)  # the first one imports transformers' classes
    building = _timed(lambda: reference(loaded))
    head = getattr(loaded.model, "lm_head", None)
    logits = 0.0 if head is None else _timed(lambda: head(_random(loaded, compared, head.in_features)))
    return building + 2 * (pass_seconds(loaded, compared) + logits)


def lens_seconds(loaded: LoadedModel, tokens: int) -> float:
    """Seconds of what the lens and the contributions add to a capture, without the pass that names the last token.

    Raises:
        ValueError: the model has no language-model head.
    """
    require_language_model(loaded)
    rows = min(tokens, PARITY_TOKENS)
    reader = LensReader(loaded, [0] * rows)
    first = _layers(loaded)[0]
    stream = _random(loaded, rows, loaded.config.hidden_size)[None]
    with attached(loaded.trunk, *reader.hooks()):
        unembedding = _timed(lambda: first.resid_pre(stream))
    parts = ContributionsReader(loaded, [0] * rows)
    layers = len(loaded.trunk.layers)
    watching = [attached(loaded.trunk, hooks) for hooks in parts.hooks()]
    adding = _block_seconds(loaded, 0, rows, rows, False, *watching) - _block_seconds(loaded, 0, rows, rows)
    return tokens / rows * ((layers + 1) * unembedding + layers * max(adding, 0.0))


def _block_seconds(
    loaded: LoadedModel,
    layer: int,
    tokens: int,
    block_rows: int = BLOCK_ROWS,
    watched: bool = False,
    *others: AbstractContextManager[object],
) -> float:
    """Seconds that a layer takes for the block in the middle, which sees as many keys as blocks do on average."""
    module = _layers(loaded)[layer]
    Q = min(block_rows, tokens)
    # Where queries see later keys, each block sees what the last one sees here.
    P = (tokens - Q) // 2 if not loaded.config.sees_later else tokens - Q
    device, dtype = loaded.model.device, loaded.model.dtype
    attention = module.self_attn
    past = torch.randn(2, 1, _kv_heads(loaded), P, attention.head_dim, device=device, dtype=dtype)
    resid = _random(loaded, Q, loaded.config.hidden_size)[None]
    rotary = rotary_angles(torch.arange(P, P + Q, device=device)[None], attention.head_dim, 10_000.0, dtype)
    mask = Mask(attention.window, causal=not loaded.config.sees_later)

    def run() -> None:
        cache = DynamicCache(config=loaded.config)
        if P:
            cache.update(past[0], past[1], layer)
        module(resid, rotary, mask, past_key_values=cache)

    with ExitStack() as stack:
        for other in others:
            stack.enter_context(other)
        if watched:
            stack.enter_context(_recording(loaded, layer, tokens))
        return _timed(run)


def _recording(loaded: LoadedModel, layer: int, tokens: int) -> AbstractContextManager[None]:
    """The hooks of a capture on one layer."""
    batch = Batch.of([[0] * tokens], loaded)
    attention, folds = AttentionReader(loaded, batch), FoldsReader(batch)
    hooks = dict(block_hooks(loaded, batch.ids, batch.lengths, [attention.take, folds.take]))
    for mapping in attention.hooks():
        hooks |= mapping
    return attached(loaded.trunk, {name: hook for name, hook in hooks.items() if name.startswith(f"layers.{layer}.")})


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


def _layers(loaded: LoadedModel) -> Sequence[Gemma2DecoderLayer]:
    return cast(Sequence[Gemma2DecoderLayer], loaded.trunk.layers)


def _kv_heads(loaded: LoadedModel) -> int:
    return loaded.config.num_key_value_heads or loaded.config.num_attention_heads


def _random(loaded: LoadedModel, *shape: int) -> Tensor:
    return torch.randn(*shape, device=loaded.model.device, dtype=loaded.model.dtype)
