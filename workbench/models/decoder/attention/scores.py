"""`OwnScores`: what goes into the softmax of a model that calls none of ours, and the form that it has.

    score_ij = scale * q_i.k_j + bias_j

Shapes: B batch, T new tokens, S keys, N query heads, G key/value heads, H head width.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gemma2_workbench.model.equation import attention_logits
from gemma2_workbench.models.decoder.attention.seen_mask import SeenMask
from gemma2_workbench.models.decoder.refused import RefusedError

# No score is so low that is not hidden: models add their dtype's lowest number, or at least -10,000.
_HIDDEN = -5e3
_CLOSE, _ROUGH = 1e-4, 3e-2  # of float32 and of 16 bits, next to the largest score
_UNKNOWN = "its scores are more than a multiple of q.k and a number for each key, as with relative positions"


@dataclass(frozen=True, eq=False)
class OwnScores:
    """One softmax of a model, with what made its scores and what its probabilities mix.

    Attributes:
        query, key, value: [B, N, T, H], [B, G, S, H], [B, G, S, H of the values].
        scores: [B, N, T, S], without gradients: what they are is looked at, and nothing is computed with them.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    scores: Tensor

    @classmethod
    def of(cls, left: Tensor, right: Tensor, scores: Tensor, value: Tensor, batch: int) -> "OwnScores":
        """From the factors of the first product, the scores and the second factor of the other; heads may be rows.

        Raises:
            RefusedError: shapes that are not those of attention.
        """
        query, keys, value, scores = (_by_head(part, batch) for part in (left, right, value, scores))
        key = keys.transpose(-1, -2)
        if query.shape[1] % key.shape[1] or scores.shape[1:] != (*query.shape[1:3], key.shape[2]):
            shapes = ", ".join(str(list(part.shape)) for part in (query, key, scores))
            raise RefusedError(f"its queries, keys and scores have the shapes {shapes}, which do not go together")
        return cls(query, key, value, scores.detach())

    @cached_property
    def mask(self) -> SeenMask:
        """Who sees whom.

        Raises:
            RefusedError: heads differ in it.
        """
        visible_BNTS = self.scores > _HIDDEN
        if not bool((visible_BNTS == visible_BNTS[:, :1]).all()):
            raise RefusedError("its heads have masks of their own")
        return SeenMask(visible_BNTS[:, 0])

    def form(self) -> tuple[float, bool]:
        """The scale, and whether there is a bias.

        Raises:
            RefusedError: the scores have another form.
        """
        ours, theirs = self._raw(slice(None)), self.scores.double()
        seen_BNTS = self.mask.visible[:, None].expand_as(theirs)
        # Beside the last row that sees a key, a number for each key is gone.
        last_B11S = self._last[:, None, None]
        along, apart = ((part - part.take_along_dim(last_B11S, 2))[seen_BNTS] for part in (ours, theirs))
        size = float(along @ along)
        if not size:
            raise RefusedError(_UNKNOWN)
        scale = _plain(float(along @ apart) / size, self.query.shape[-1])
        if float((apart - scale * along).abs().max()) > self._slack():
            raise RefusedError(_UNKNOWN)
        return scale, float(self._bias(scale).abs().max()) > self._slack()

    def factors(self, scale: float, biased: bool) -> tuple[Tensor, Tensor]:
        """Queries and keys whose product times the scale is the scores; looked at in some rows.

        Raises:
            RefusedError: it is not.
        """
        rows = sorted({0, self.query.shape[2] // 2, self.query.shape[2] - 1})
        bias_BNS = self._bias(scale) if biased else torch.zeros_like(self.scores[:, :, -1])
        expected = self._raw(rows) * scale + bias_BNS[:, :, None]
        apart = (expected - self.scores[:, :, rows]).masked_fill(~self.mask.visible[:, None, rows], 0)
        if float(apart.abs().max()) > self._slack():
            raise RefusedError(f"{_UNKNOWN}; it was not so when it was studied")
        if not biased:
            return self.query, self.key
        B, N, T, _ = self.query.shape
        of_key_BNS1 = (bias_BNS / scale).to(self.key.dtype)[..., None]
        return torch.cat([self.query, self.query.new_ones(B, N, T, 1)], -1), torch.cat([self._keys, of_key_BNS1], -1)

    @property
    def _keys(self) -> Tensor:
        """The keys of each query head, [B, N, S, H]."""
        return self.key.repeat_interleave(self.query.shape[1] // self.key.shape[1], 1)

    @cached_property
    def _last(self) -> Tensor:
        """The last row that sees each key, the very last where none does, int64 [B, S]."""
        return self.query.shape[2] - 1 - self.mask.visible.flip(1).int().argmax(1)

    @torch.no_grad()
    def _bias(self, scale: float) -> Tensor:
        """What the last row that sees a key has beside q.k, [B, N, S]; 0 where none does."""
        query_BNSH = self.query.take_along_dim(self._last[:, None, :, None], 2).double()
        theirs_BNS = self.scores.take_along_dim(self._last[:, None, None], 2)[:, :, 0].double()
        bias_BNS = theirs_BNS - scale * (query_BNSH * self._keys).sum(-1)
        return bias_BNS.masked_fill(~self.mask.visible.any(1)[:, None], 0)

    @torch.no_grad()
    def _raw(self, rows: slice | list[int]) -> Tensor:
        """q.k of some rows, [B, N, rows, S]."""
        return attention_logits(self.query[:, :, rows].double(), self.key.double(), 1.0)

    def _slack(self) -> float:
        """How far rounding may move a score."""
        largest = float(self.scores.masked_fill(~self.mask.visible[:, None], 0).abs().max())
        return (_CLOSE if self.scores.dtype == torch.float32 else _ROUGH) * (1 + largest)


def _by_head(part: Tensor, batch: int) -> Tensor:
    """A tensor whose first dimension may be that of texts and heads, with four dimensions."""
    if part.ndim == 3 and part.shape[0] % batch == 0:
        return part.unflatten(0, (batch, -1))
    if part.ndim != 4 or part.shape[0] != batch:
        raise RefusedError(f"its attention has the shape {list(part.shape)} for {batch} texts, which is not known")
    return part


def _plain(scale: float, width: int) -> float:
    """The number that was measured, or the plain one that it stands for."""
    usual = (width**-0.5, 1.0)
    return next((one for one in usual if abs(scale - one) <= 1e-4 * one), scale)
