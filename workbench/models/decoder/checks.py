"""`differences`: how far a model is from its own eager forward: plain, padded on the left, decoding with the cache.

Attention is computed at once where nobody sees its stages, and in blocks where somebody does: both ways are compared.

Letters: B batch, T tokens.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import attached
from gemma2_workbench.models.decoder.passes import eager_outputs, seam_outputs
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.decoder.study.study import first_tensor
from gemma2_workbench.models.outputs import Outputs

PADS, STEPS = 5, 3


@dataclass(frozen=True)
class Differences:
    """Largest absolute differences; NaN where the model cannot do it at all, eager attention included.

    Attributes:
        logits, maps: of one text.
        padded: of logits and maps, for two texts of which one is padded on the left.
        cached: the same, for tokens read one by one after the others.
    """

    logits: float
    maps: float
    padded: float
    cached: float

    @property
    def largest(self) -> float:
        """The largest that there is."""
        return max(number for number in (self.logits, self.maps, self.padded, self.cached) if number == number)


def differences(ours: Decoder, ids_1T: Tensor) -> Differences:
    """Compare a decoder with its own eager attention on a text that is longer than its windows."""
    twin = ours.reference()
    one, its = ours.outputs(ids_1T), ours.reference_outputs(ids_1T)
    if len(one.maps) != len(its.maps):
        raise ValueError(f"eager attention gives {len(its.maps)} maps, and there are {len(one.maps)} layers with one")
    return Differences(
        logits=_apart(one.last, its.last),
        maps=max(_apart(a, b) for a, b in zip(one.maps, its.maps, strict=True)),
        padded=_padded(ours, twin, ids_1T),
        cached=_cached(ours, twin, ids_1T),
    )


def _padded(ours: Decoder, twin: nn.Module, ids_1T: Tensor) -> float:
    ids_BT = torch.cat([ids_1T, ids_1T.roll(3, dims=1)])
    keep_BT = torch.ones_like(ids_BT)
    keep_BT[1, :PADS] = 0
    try:
        its = eager_outputs(twin, ours.anatomy.attentions, ids_BT, attention_mask=keep_BT, use_cache=False)
    except (RuntimeError, ValueError, TypeError):
        return float("nan")
    one = ours.comparable(seam_outputs(ours.model, _probs(ours), ids_BT, attention_mask=keep_BT, use_cache=False))
    maps = [_apart(a[:, :, PADS:], b[:, :, PADS:]) for a, b in zip(one.maps, its.maps, strict=True)]
    with torch.no_grad():
        unseen = first_tensor(ours.model(input_ids=ids_BT, attention_mask=keep_BT, use_cache=False))
    # Scores of whole texts have no positions to leave out.
    first = PADS if one.last.ndim > 2 else 0
    both = [last for last in (one.last, unseen) if last is not None]
    return max(*(_apart(last[:, first:], its.last[:, first:]) for last in both), *maps)


def _cached(ours: Decoder, twin: nn.Module, ids_1T: Tensor) -> float:
    names = ours.anatomy.attentions
    try:
        its = [eager_outputs(twin, names, one, **given) for one, given in _steps(twin, ids_1T)]
    except (RuntimeError, ValueError, TypeError, AttributeError, KeyError):
        return float("nan")
    unseen = _logits(ours, ids_1T)
    with _last_blocks(ours) as blocks:
        seen = _logits(ours, ids_1T)
    found = [_apart(a, b.last) for logits in (unseen, seen) for a, b in zip(logits, its, strict=True)]
    for name, wide in zip(names, its[-1].maps, strict=True):
        # A block holds the keys that can be seen, the last of those that are kept.
        (block,) = ours.comparable(Outputs(blocks[name], [blocks[name]])).maps
        found.append(_apart(block, wide[..., -block.shape[-1] :]))
    return max(found)


def _logits(ours: Decoder, ids_1T: Tensor) -> list[Tensor]:
    with torch.no_grad():
        return [ours.model(input_ids=one, **given).logits for one, given in _steps(ours.model, ids_1T)]


def _steps(model: Any, ids_1T: Tensor) -> Iterator[tuple[Tensor, dict[str, Any]]]:
    """The last tokens one by one, and the arguments with which they go on from what was read before."""
    with torch.no_grad():
        cache = model(input_ids=ids_1T[:, :-STEPS], use_cache=True).past_key_values
    for at in range(ids_1T.shape[1] - STEPS, ids_1T.shape[1]):
        yield ids_1T[:, at : at + 1], {"past_key_values": cache, "use_cache": True}


@contextmanager
def _last_blocks(ours: Decoder) -> Iterator[dict[str, Tensor]]:
    """The last block of each attention module that runs inside."""
    blocks: dict[str, Tensor] = {}
    names = dict(zip(_probs(ours), ours.anatomy.attentions, strict=True))

    def write(name: str) -> Any:
        return lambda _module, _args, out: blocks.update({name: out}) or None

    with attached(ours.model, {probs: write(name) for probs, name in names.items()}):
        yield blocks


def _probs(ours: Decoder) -> list[str]:
    return [ours.point(layer, "attn_probs") for layer in ours.anatomy.softmax_layers]


def _apart(a: Tensor, b: Tensor) -> float:
    return float((a.float() - b.float()).abs().max()) if a.shape == b.shape else float("inf")
