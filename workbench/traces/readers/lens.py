"""The logit lens: which token the model would predict at each position if it stopped after some layer.

The residual stream before layer 0 and after every layer goes once through the model's own final norm and its own
unembedding, then through the final softcap (nostalgebraist, "interpreting GPT: the logit lens", 2020).
Shapes: T tokens, D model, V vocab, L layers, R = L + 1 rows, K top tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gemma2_workbench.brief import brief
from gemma2_workbench.model.equation import blocks
from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.models.language_model import pieces_of, require_language_model
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.readers.residual import residual_hooks

TOP = 10
# Logits of one block of positions: 8 million numbers are 32 MB, and a handful of temporaries have the same size.
BLOCK_LOGITS = 1 << 23


@dataclass(frozen=True, eq=False)
class Lens:
    """What every row of the residual stream predicts at every position.

    Row 0 are the embeddings, row n the stream after layer n - 1; row L is the model's own prediction.

    Attributes:
        top_ids: the K most probable tokens, int32 [R, T, K], best first.
        top_logits: their logits before the final softcap, float32 [R, T, K].
        top_capped: the same after it.
        log_sum: log of the sum of exp(capped logit) over the vocabulary, float32 [R, T].
        entropy: of the distribution over the vocabulary, nats, float32 [R, T].
        chosen_ids: the token that is followed at each position, int32 [T].
        chosen_logits, chosen_capped: its logit before and after the final softcap, float32 [R, T].
        chosen_ranks: its place among all tokens, int32 [R, T]; 1 is the most probable.
        pieces: (id, display string) of every token that occurs in the ids.
    """

    top_ids: Tensor
    top_logits: Tensor
    top_capped: Tensor
    log_sum: Tensor
    entropy: Tensor
    chosen_ids: Tensor
    chosen_logits: Tensor
    chosen_capped: Tensor
    chosen_ranks: Tensor
    pieces: tuple[tuple[int, str], ...]

    def __repr__(self) -> str:
        rows, T, K = self.top_ids.shape
        last = self.names.get(int(self.top_ids[-1, -1, 0]), "")
        return brief(self, f"of {rows} rows x {T} positions", f"{K} top tokens each", f"next token {last!r}")

    @cached_property
    def names(self) -> dict[int, str]:
        """Display strings by token id."""
        return dict(self.pieces)

    @property
    def top_probs(self) -> Tensor:
        """Probabilities of the top tokens, float32 [R, T, K]."""
        return torch.exp(self.top_capped - self.log_sum[..., None])

    @property
    def chosen_probs(self) -> Tensor:
        """Probabilities of the chosen token, float32 [R, T]."""
        return torch.exp(self.chosen_capped - self.log_sum)


class LensReader:
    """Unembeds every row of the residual stream of one text.

    Args:
        loaded: a language model, as it is run.
        chosen: the token to follow at each of the T positions.
        rows: how many are read; None is every row of the residual stream.
    """

    def __init__(self, loaded: Source, chosen: Sequence[int], rows: int | None = None) -> None:
        rows, T = loaded.shape.layers + 1 if rows is None else rows, len(chosen)
        self._loaded, self._unembedding = loaded, require_language_model(loaded)
        vocabulary = self._unembedding.vocabulary
        self._block = max(1, BLOCK_LOGITS // vocabulary)
        self._chosen = torch.tensor(chosen, device=loaded.device)
        K = min(TOP, vocabulary)
        self._ids = torch.empty(rows, T, K, dtype=torch.int32)
        self._top = torch.empty(2, rows, T, K, dtype=torch.float32)
        self._picked = torch.empty(2, rows, T, dtype=torch.float32)
        self._ranks = torch.empty(rows, T, dtype=torch.int32)
        self._sums = torch.empty(2, rows, T, dtype=torch.float32)

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        return (residual_hooks(self._loaded, self.unembed),)

    def finite(self) -> Sequence[Tensor]:
        """See `CheckedReader`."""
        return self._top, self._sums

    def reading(self) -> Lens:
        """The finished lens, on the CPU."""
        ids = sorted({*self._ids.unique().tolist(), *self._chosen.tolist()})
        return Lens(
            top_ids=self._ids,
            top_logits=self._top[0],
            top_capped=self._top[1],
            log_sum=self._sums[0],
            entropy=self._sums[1],
            chosen_ids=self._chosen.int().cpu(),
            chosen_logits=self._picked[0],
            chosen_capped=self._picked[1],
            chosen_ranks=self._ranks,
            pieces=pieces_of(self._loaded, ids),
        )

    def unembed(self, row: int, resid_TD: Tensor) -> None:
        """Read one row, whose T states need not be of one layer: those of a stream that was kept are read like this."""
        for block in blocks(range(len(resid_TD)), self._block):
            self._read_block(row, slice(block.start, block.stop), resid_TD[block.start : block.stop])

    def _read_block(self, row: int, part: slice, resid_bD: Tensor) -> None:
        """Fill one row of the results for some positions; norm, unembedding and cap in the dtype of the model."""
        logits_bV, capped_bV = (logits.float() for logits in self._unembedding.logits(resid_bD))
        top = logits_bV.topk(self._ids.shape[-1])
        self._ids[row, part] = top.indices.int().cpu()
        self._top[0, row, part] = top.values.cpu()
        self._top[1, row, part] = capped_bV.gather(-1, top.indices).cpu()
        chosen_b1 = self._chosen[part, None]
        picked_b1 = logits_bV.gather(-1, chosen_b1)
        self._picked[0, row, part] = picked_b1[:, 0].cpu()
        self._picked[1, row, part] = capped_bV.gather(-1, chosen_b1)[:, 0].cpu()
        self._ranks[row, part] = (logits_bV > picked_b1).sum(-1).int().cpu() + 1
        log_sum_b = capped_bV.logsumexp(-1)
        mean_b = (torch.exp(capped_bV - log_sum_b[:, None]) * capped_bV).sum(-1)
        self._sums[0, row, part] = log_sum_b.cpu()
        self._sums[1, row, part] = (log_sum_b - mean_b).clamp(min=0).cpu()
