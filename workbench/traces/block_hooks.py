"""`block_hooks`: the hooks that hand every block of every layer to the readers that want them.

A layer is computed in blocks, whose stages pass their hook points, or at once; then its blocks are derived afterwards.

Letters: B texts of a batch, T tokens of the longest, N query heads, Q query rows, S keys.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, Span
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.blocks import Block
from gemma2_workbench.traces.derived_blocks import derived_blocks
from gemma2_workbench.traces.pieces import Buffers
from gemma2_workbench.traces.text import Text


@runtime_checkable
class BlockReader(Protocol):
    """A reader that sees every block of the attention of every text, all stages at once."""

    def take(self, layer: int, text: int, block: Block) -> None:
        """Read one block of one text of the batch; padding is cut off."""
        ...


@runtime_checkable
class LogSumReader(BlockReader, Protocol):
    """A reader that needs nothing of the blocks but their log-sums."""

    def take_log_sums(self, layer: int, text: int, log_sum_NQ: Tensor) -> None:
        """Read the log-sums of a layer that is computed at once, in place of its blocks."""
        ...


def block_hooks(
    loaded: Source, ids_BT: Tensor, lengths: Sequence[int], readers: Sequence[BlockReader]
) -> dict[str, Hook]:
    """Hooks that hand every block of every layer to each of `readers`, padding cut off.

    Args:
        loaded: the model as it is run.
        ids_BT: the batch, padded on the right.
        lengths: tokens of each text.
        readers: who takes the blocks.
    """
    buffers = Buffers()
    texts = [Text(ids_BT[text, :length], buffers) for text, length in enumerate(lengths)]
    hooks: dict[str, Hook] = {}
    for info in loaded.layers:
        if not info.softmax:
            continue
        names = {name: loaded.point(info.index, name) for name in ("q_rot", "k_rot", "attn_logits", "attn_scores")}
        log_sum = loaded.log_sum_point(info.index)
        kept: dict[str, Tensor] = {}
        if log_sum is None:
            hooks |= {names[name]: _keep(name, kept) for name in ("attn_logits", "attn_scores")}
            hooks[loaded.point(info.index, "attn_probs")] = _hand_over(info, kept, texts, readers)
        else:
            hooks |= {names[name]: _keep(name, kept) for name in ("q_rot", "k_rot")}
            hooks[log_sum] = _derive_and_hand_over(info, kept, texts, readers)
    return hooks


def _keep(name: str, kept: dict[str, Tensor]) -> Hook:
    def hook(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
        kept[name] = out.detach()

    return hook


def _hand_over(info: LayerInfo, kept: dict[str, Tensor], texts: Sequence[Text], readers: Sequence[BlockReader]) -> Hook:
    def hook(module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
        # Another hook may have replaced the probabilities.
        is_softmax = info.staged and out.dtype == torch.float32 and len(module._forward_hooks) == 1
        whole = (kept.pop("attn_logits"), kept.pop("attn_scores"), out.detach())
        for number, text in enumerate(texts):
            block = _block(info, args[1], [stage[number] for stage in whole], text, is_softmax)
            if block is not None:
                for reader in readers:
                    reader.take(info.index, number, block)

    return hook


def _derive_and_hand_over(
    info: LayerInfo, kept: dict[str, Tensor], texts: Sequence[Text], readers: Sequence[BlockReader]
) -> Hook:
    of_rows = [reader for reader in readers if isinstance(reader, LogSumReader)]
    of_cells = [reader for reader in readers if not isinstance(reader, LogSumReader)]

    def hook(_module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
        q_BNQH, k_BGSH = kept.pop("q_rot"), kept.pop("k_rot")
        for number, text in enumerate(texts):
            span = _unpadded(args[1], text)
            if span is None:
                continue
            log_sum_NQ = out[number, :, : len(span.rows)]
            for reader in of_rows:
                reader.take_log_sums(info.index, number, log_sum_NQ)
            q_NQH, k_GSH = q_BNQH[number, :, : len(span.rows)], k_BGSH[number, :, : len(span.keys)]
            for block in derived_blocks(info, q_NQH, k_GSH, log_sum_NQ, span, text) if of_cells else ():
                for reader in of_cells:
                    reader.take(info.index, number, block)

    return hook


def _unpadded(span: Span, text: Text) -> Span | None:
    """The rows and keys before the padding behind the text; None where there are none."""
    rows, keys = (range(part.start, min(part.stop, len(text))) for part in (span.rows, span.keys))
    return Span(rows, keys) if rows and keys else None


def _block(info: LayerInfo, whole: Span, stages_NQS: Sequence[Tensor], text: Text, is_softmax: bool) -> Block | None:
    """The block without the padding behind the text; None where it is all padding."""
    span = _unpadded(whole, text)
    if span is None:
        return None
    logits, scores, probs = (stage[:, : len(span.rows), : len(span.keys)].float() for stage in stages_NQS)
    sinks_N = None if info.sinks is None else torch.tensor(info.sinks, device=logits.device)
    return Block(logits, scores, probs, info.softcap, text.places(span, info.mask), sinks_N, is_softmax=is_softmax)
