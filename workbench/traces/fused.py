"""The sums of a layer in one pass over each block by a compiled kernel, where there is one; torch makes them else.

Letters: Q query rows of a block, S keys, N heads, T tokens, k cells of a side of a picture.
"""

from functools import cache, cached_property
from importlib import import_module
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.compiled import compiles
from gemma2_workbench.model.hooks import Span
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.traces.blocks import Masses
from gemma2_workbench.traces.logit_sums import Saturation
from gemma2_workbench.traces.pooling import THUMBNAIL, largest_columns
from gemma2_workbench.traces.text import Places, Text

_KERNEL = "gemma2_workbench.traces.kernel"
# Tokens of a text from which the kernel saves more than it takes to load.
FEWEST = 384
# What the kernel writes of each query, in this order: sums of probability times score and times distance, probability
# on earlier keys of the token and on those that follow one, cells beyond half and 0.9 of the cap, sum of |raw - score|,
# probability on the first token, on the query itself, on the token before.
ROWS = 10
_SELF, _PREVIOUS = 8, 9
# Stands for no cap: no float32 is larger.
_UNCAPPED = float(np.finfo(np.float32).max)


class LayerSums:
    """All `Sums` of one layer of one text, gathered block by block; the blocks themselves are not kept.

    Args:
        text: the text.
        mask: of the layer.
        softcap: of the layer, None if off.
        heads: N.
    """

    def __init__(self, text: Text, mask: Mask, softcap: float | None, heads: int) -> None:
        T = len(text)
        self.text, self.heads, self.visible = text, heads, 0
        self.span = Span(range(T), range(T))
        self.places = Places(text, self.span, mask, kept=False)
        self._bounds = tuple(
            np.float32(_UNCAPPED if softcap is None else share * softcap).view(np.int32) for share in (0.5, 0.9)
        )
        self._largest_N3T = np.empty((heads, 3, T), dtype=np.int32)
        self._rows_NrT = torch.empty(heads, ROWS, T)
        self.received = torch.zeros(heads, T)
        self._by_row_NkT = torch.zeros(heads, min(T, THUMBNAIL), T)

    def add(self, stages_NQS: tuple[Tensor, Tensor, Tensor], places: Places) -> None:
        """Gather a block: its logits, scores, and probabilities, which must be the softmax of the visible scores.

        Padding may follow the rows and keys of `places`.
        """
        rows, keys = places.span.rows, places.span.keys
        first_Q, stop_Q = places.seen
        self.visible += places.visible
        # One core: a second one gains nothing, for torch's own threads wait on it.
        _kernel().reduce(
            *(stage.numpy() for stage in stages_NQS),
            self._largest_N3T,
            *(tensor.numpy() for tensor in (self._rows_NrT, self.received, self._by_row_NkT)),
            *(first_Q, stop_Q, (rows.start, keys.start), len(keys)),
            *(self.text.distances, self.text.earlier),
            self._bounds,
        )

    @property
    def log_sum(self) -> Tensor:
        """See `Sums`: with p = exp(s) / Z, the largest score and probability give log Z = max s - ln max p."""
        return self._log_sum

    @cached_property
    def _log_sum(self) -> Tensor:
        top_NT, top_prob_NT, _ = _largest_of(self._largest_N3T).unbind(1)
        return top_NT - top_prob_NT.log()

    @property
    def entropy(self) -> Tensor:
        """See `Sums`."""
        return (self.log_sum - self._rows_NrT[:, 0]).clamp_(min=0)

    @property
    def masses(self) -> Masses:
        """See `Sums`."""
        return Masses(*self._rows_NrT[:, 1:4].unbind(1))

    @property
    def saturation(self) -> Saturation:
        """See `Sums`."""
        return self._saturation

    @cached_property
    def _saturation(self) -> Saturation:
        half_N, most_N, bend_N = self._rows_NrT[:, 4:7].sum(-1, dtype=torch.double).unbind(1)
        return Saturation(_largest_of(self._largest_N3T[:, 2]).amax(-1), half_N, most_N, bend_N)

    @property
    def first_token(self) -> Tensor:
        """See `Sums`."""
        return self._rows_NrT[:, 7]

    def diagonal(self, back: int) -> Tensor:
        """See `Sums`; of 0 and 1 places back."""
        return self._rows_NrT[:, (_SELF, _PREVIOUS)[back]].clone()

    @property
    def thumbnail(self) -> Tensor:
        """See `Sums`."""
        return largest_columns(self._by_row_NkT, self.span, len(self.text), THUMBNAIL)


def suits(stages_NQS: tuple[Tensor, Tensor, Tensor], tokens: int) -> bool:
    """Whether a layer can be summed like this: float32 in one piece on a CPU, of a text that is long enough."""
    is_flat = all(stage.dtype == torch.float32 and stage.is_contiguous() for stage in stages_NQS)
    return is_flat and tokens >= FEWEST and stages_NQS[0].device.type == "cpu" and available()


def pays(ids_BT: Tensor) -> bool:
    """Whether any text of a batch may be summed like this."""
    return ids_BT.shape[1] >= FEWEST and ids_BT.device.type == "cpu" and available()


def _largest_of(ordered: np.ndarray) -> Tensor:
    """The float32 numbers whose bits, the lower 31 turned over in negative ones, are these int32: in the same order.

    A processor keeps the largest of many integers at once, of floating-point numbers it is not made to by numba.
    """
    return torch.from_numpy(ordered ^ ((ordered >> 31) & 0x7FFFFFFF)).view(torch.float32)


def _kernel() -> ModuleType:
    return import_module(_KERNEL)


@cache
def available() -> bool:
    """Whether the kernel can be used: not without numba; and one that cannot compile it is told of once."""
    text = Text(torch.zeros(2, dtype=torch.long))
    tried, stage = LayerSums(text, Mask(), None, 1), torch.ones(1, 2, 2)
    return compiles(_KERNEL, lambda: tried.add((stage, stage, stage), text.places(tried.span, Mask())))
