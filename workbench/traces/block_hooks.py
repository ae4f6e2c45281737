"""`block_hooks`: the hooks that hand every block of every layer to the readers that want them.

A layer is computed in blocks, whose stages pass their hook points, or at once; then its blocks are derived afterwards.

Letters: B texts of a batch, T tokens of the longest, N query heads, Q query rows, S keys.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeGuard, runtime_checkable

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, HookPoint, Span, catalogue, reads_at_once, reads_within_block
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces import fused
from gemma2_workbench.traces.blocks import Block, Sums
from gemma2_workbench.traces.derived_blocks import derived_blocks
from gemma2_workbench.traces.fused import LayerSums
from gemma2_workbench.traces.pieces import Buffers
from gemma2_workbench.traces.stack import Stack
from gemma2_workbench.traces.text import Places, Text

# Buffers for the stages that follow these.
_NEXT = {"attn_logits": 30, "attn_scores": 31}


@runtime_checkable
class BlockReader(Protocol):
    """A reader of the attention of every text: of every block with all stages, or of the sums of more rows at once.

    Attributes:
        needs_cells: whether it must be given every `Block`; else `Sums` of a whole layer may come in their place.
    """

    needs_cells: bool

    def take(self, layers: Sequence[int], text: int, sums: Block) -> None:
        """Read some rows of one text of the batch; padding is cut off, and the stages are gone with the block.

        Args:
            layers: most often one; of a short text several, whose heads follow each other in `sums`.
            text: its number.
            sums: what is read.
        """
        ...


class SumsReader(BlockReader, Protocol):
    """A reader that does not need the cells."""

    def take(self, layers: Sequence[int], text: int, sums: Sums) -> None:
        """See `BlockReader`."""
        ...


@runtime_checkable
class LogSumReader(BlockReader, Protocol):
    """A reader that needs nothing of the blocks but their log-sums."""

    def take_log_sums(self, layer: int, text: int, log_sum_NQ: Tensor) -> None:
        """Read the log-sums of a layer that is computed at once, in place of its blocks."""
        ...


def block_hooks(
    loaded: Source, ids_BT: Tensor, lengths: Sequence[int], readers: Sequence[BlockReader]
) -> list[dict[str, Hook]]:
    """Hooks that hand every block of every layer to each of `readers`, padding cut off.

    Args:
        loaded: the model as it is run, its own hooks attached.
        ids_BT: the batch, padded on the right.
        lengths: tokens of each text.
        readers: who takes the blocks.
    """
    buffers = Buffers()
    texts = [Text(ids_BT[text, :length], buffers) for text, length in enumerate(lengths)]
    of_sums = [reader for reader in readers if _needs_no_cells(reader)]
    of_cells = [reader for reader in readers if reader.needs_cells]
    of_rows = [reader for reader in readers if isinstance(reader, LogSumReader)]
    others = [reader for reader in readers if not isinstance(reader, LogSumReader)]
    layers = {info.index: info for info in loaded.layers if info.softmax}
    log_sums = {layer: point for layer in layers if (point := loaded.log_sum_point(layer)) is not None}
    softmaxes = _softmaxes(loaded) if of_sums and fused.suits(loaded, ids_BT.shape[1]) else frozenset()
    in_blocks = layers.keys() - log_sums.keys() - softmaxes
    stacked = partial(_stacks, texts, loaded.shape.heads)
    derived = stacked(others, len(log_sums), passing=True)
    whole = stacked(readers, len(in_blocks))
    besides = stacked(of_cells, len(softmaxes))
    summed: dict[str, Hook] = {}
    hooks: dict[str, Hook] = {}
    for layer, info in layers.items():
        if layer in log_sums:
            hooks |= _derived(loaded, info, log_sums[layer], texts, of_rows, derived)
        elif layer in in_blocks:
            hooks |= _in_blocks(loaded, info, texts, whole, buffers)
        else:
            summed |= _in_sums(loaded, info, texts, of_sums)
            hooks |= _in_blocks(loaded, info, texts, besides, buffers) if of_cells else {}
    return [summed, hooks]


def _stacks(
    texts: Sequence[Text], heads: int, readers: Sequence[BlockReader], layers: int, *, passing: bool = False
) -> list[Stack]:
    return [Stack(readers, number, len(text), layers, heads, passing=passing) for number, text in enumerate(texts)]


def _softmaxes(loaded: Source) -> frozenset[int]:
    """The layers whose stages follow from each other by the equation alone: no sink has a share, no hook replaces one.

    The sums count on it: a cap bends towards 0, and probabilities are the softmax of the scores.
    """
    known = catalogue(loaded.model)

    def is_untouched(name: str) -> bool:
        point = known.get(name)
        return isinstance(point, HookPoint) and not point.watched

    def is_softmax(info: LayerInfo) -> bool:
        stages = (loaded.point(info.index, name) for name in ("attn_logits", "attn_scores", "attn_probs"))
        return info.staged and info.sinks is None and all(map(is_untouched, stages))

    return frozenset(info.index for info in loaded.layers if info.softmax and is_softmax(info))


def _in_sums(loaded: Source, info: LayerInfo, texts: Sequence[Text], readers: Sequence[SumsReader]) -> dict[str, Hook]:
    """Hooks that read each stage when it is made and keep none, so that the model overwrites it as in a plain pass."""
    gathered: dict[int, LayerSums] = {}

    def reading(add: Callable[[LayerSums, Tensor, Places], None]) -> Hook:
        def hook(_module: nn.Module, args: tuple[Tensor, Span], out: Tensor) -> None:
            for number, text in enumerate(texts):
                span = _unpadded(args[1], text)
                if span is None:
                    continue
                if number not in gathered:
                    gathered[number] = LayerSums(text, info.softcap, out.shape[1])
                add(gathered[number], out[number].detach().float(), text.places(span, info.mask))

        return reads_at_once(hook)

    def hand_over(_module: nn.Module, _args: object, _out: Tensor) -> None:
        for number in list(gathered):
            sums = gathered.pop(number)
            for reader in readers:
                reader.take([info.index], number, sums)

    return {
        loaded.point(info.index, "attn_logits"): reading(LayerSums.add_logits),
        loaded.point(info.index, "attn_scores"): reading(LayerSums.add_scores),
        loaded.point(info.index, "attn_probs"): reading(LayerSums.add_probs),
        loaded.point(info.index, "head_out"): hand_over,
    }


def _in_blocks(
    loaded: Source, info: LayerInfo, texts: Sequence[Text], stacks: Sequence[Stack], buffers: Buffers
) -> dict[str, Hook]:
    """Hooks that keep the stages of a block until its probabilities are there, and hand it over."""
    kept: dict[str, Tensor] = {}

    def hand_over(_module: nn.Module, args: tuple[Tensor, Span], out: Tensor) -> None:
        whole = (kept.pop("attn_logits"), kept.pop("attn_scores"), out.detach())
        for number, (text, stack) in enumerate(zip(texts, stacks, strict=True)):
            span = _unpadded(args[1], text)
            if span is not None:
                stack.take(info.index, _block(info, span, [stage[number] for stage in whole], text))

    keeping = {name: _keep(name, kept) for name in _NEXT}
    probs = loaded.point(info.index, "attn_probs")
    if any(stack.is_short for stack in stacks):
        # What is kept until the last layer is the model's own memory, which it then leaves as it is.
        return {loaded.point(info.index, name): hook for name, hook in keeping.items()} | {probs: hand_over}
    lending = {
        loaded.point(info.index, name): reads_within_block(hook, partial(_like, buffers, _NEXT[name]))
        for name, hook in keeping.items()
    }
    return lending | {probs: reads_at_once(hand_over)}


def _keep(name: str, kept: dict[str, Tensor]) -> Hook:
    def hook(_module: nn.Module, _args: object, out: Tensor) -> None:
        kept[name] = out.detach()

    return hook


def _like(buffers: Buffers, number: int, stage: Tensor) -> Tensor:
    return buffers.take(number, stage.shape, stage.device, stage.dtype)


def _needs_no_cells(reader: BlockReader) -> TypeGuard[SumsReader]:
    return not reader.needs_cells


def _derived(
    loaded: Source,
    info: LayerInfo,
    log_sum: str,
    texts: Sequence[Text],
    readers: Sequence[LogSumReader],
    stacks: Sequence[Stack],
) -> dict[str, Hook]:
    """Hooks that derive the blocks of a layer that is computed at once, from its queries, keys and log-sums."""
    kept: dict[str, Tensor] = {}

    def hook(_module: nn.Module, args: tuple[Tensor, Span], out: Tensor) -> None:
        q_BNQH, k_BGSH = kept.pop("q_rot"), kept.pop("k_rot")
        for number, (text, stack) in enumerate(zip(texts, stacks, strict=True)):
            span = _unpadded(args[1], text)
            if span is None:
                continue
            log_sum_NQ = out[number, :, : len(span.rows)]
            for reader in readers:
                reader.take_log_sums(info.index, number, log_sum_NQ)
            q_NQH, k_GSH = q_BNQH[number, :, : len(span.rows)], k_BGSH[number, :, : len(span.keys)]
            for block in derived_blocks(info, q_NQH, k_GSH, log_sum_NQ, span, text) if stack.is_read else ():
                stack.take(info.index, block)

    return {loaded.point(info.index, name): _keep(name, kept) for name in ("q_rot", "k_rot")} | {log_sum: hook}


def _unpadded(span: Span, text: Text) -> Span | None:
    """The rows and keys before the padding behind the text; None where there are none."""
    rows, keys = (range(part.start, min(part.stop, len(text))) for part in (span.rows, span.keys))
    return Span(rows, keys) if rows and keys else None


def _block(info: LayerInfo, span: Span, stages_NQS: Sequence[Tensor], text: Text) -> Block:
    """The block without the padding behind the text."""
    logits, scores, probs = (stage[:, : len(span.rows), : len(span.keys)].float() for stage in stages_NQS)
    sinks_N = None if info.sinks is None else torch.tensor(info.sinks, device=logits.device)
    return Block(logits, scores, probs, info.softcap, text.places(span, info.mask), sinks_N)
