"""`Block`: one block of query rows of one layer with every stage, as the folds see it during the pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, Span
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source


@dataclass(frozen=True)
class Block:
    """One block of query rows of one layer, all heads, with every stage.

    Attributes:
        span: the absolute rows and keys.
        logits, scores, probs: [N, Q, S] float32.
        visible: [Q, S] bool.
        softcap: the layer's cap, None if off.
        ids: token ids of the whole text [T].
    """

    span: Span
    logits: Tensor
    scores: Tensor
    probs: Tensor
    visible: Tensor
    softcap: float | None
    ids: Tensor

    @property
    def rows(self) -> Tensor:
        """Positions of the queries, [Q]."""
        return torch.arange(self.span.rows.start, self.span.rows.stop, device=self.ids.device)

    @property
    def keys(self) -> Tensor:
        """Positions of the keys, [S]."""
        return torch.arange(self.span.keys.start, self.span.keys.stop, device=self.ids.device)

    @property
    def offsets(self) -> Tensor:
        """How far back each key lies, query minus key, [Q, S]."""
        return self.rows[:, None] - self.keys

    @cached_property
    def sizes(self) -> Tensor:
        """|raw logit| of the visible cells, 0 elsewhere, [N, Q, S]."""
        return self.logits.abs().masked_fill(~self.visible, 0)

    @cached_property
    def largest(self) -> Tensor:
        """Largest |raw logit| among the visible cells, [N]."""
        return self.sizes.amax((1, 2))

    @cached_property
    def log_sum(self) -> Tensor:
        """Log of the softmax denominator over the visible keys, [N, Q]."""
        return self.scores.masked_fill(~self.visible, -torch.inf).logsumexp(-1)


Take = Callable[[int, int, Block], None]


def block_hooks(loaded: Source, ids_BT: Tensor, lengths: Sequence[int], takers: Sequence[Take]) -> dict[str, Hook]:
    """Hooks that hand every block of every layer to each of `takers`, as (layer, text, block), padding cut off.

    Args:
        loaded: the model as it is run.
        ids_BT: the batch, padded on the right.
        lengths: tokens of each text.
        takers: who takes the blocks.
    """
    stages: dict[str, Tensor] = {}

    def keep(name: str) -> Hook:
        def hook(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
            stages[name] = out

        return hook

    def hand_over(info: LayerInfo) -> Hook:
        def hook(_module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
            whole = (stages.pop("attn_logits"), stages.pop("attn_scores"), out)
            for text, length in enumerate(lengths):
                block = _block(info, args[1], [stage[text] for stage in whole], ids_BT[text, :length])
                if block is not None:
                    for take in takers:
                        take(info.index, text, block)

        return hook

    hooks: dict[str, Hook] = {}
    for info in loaded.layers:
        hooks |= {loaded.point(info.index, name): keep(name) for name in ("attn_logits", "attn_scores")}
        hooks[loaded.point(info.index, "attn_probs")] = hand_over(info)
    return hooks


def _block(info: LayerInfo, span: Span, stages_NQS: Sequence[Tensor], ids_T: Tensor) -> Block | None:
    """The block without the padding behind the text; None where it is all padding."""
    rows, keys = (range(part.start, min(part.stop, len(ids_T))) for part in (span.rows, span.keys))
    if not rows or not keys:
        return None
    logits, scores, probs = (stage[:, : len(rows), : len(keys)].float() for stage in stages_NQS)
    visible_QS = ~info.mask.hidden(rows, keys, logits.device)[0]
    return Block(Span(rows, keys), logits, scores, probs, visible_QS, info.softcap, ids_T)
