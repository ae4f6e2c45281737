"""The sums of a layer in one pass over each block by a compiled kernel, where there is one; torch makes them else.

Letters: Q query rows of a block, S keys, N heads, T tokens, k cells of a side of a picture.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from importlib import import_module
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.compiled import compiles
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.source import Source
from gemma2_workbench.threads import Run, words_of
from gemma2_workbench.traces.blocks import Masses
from gemma2_workbench.traces.logit_sums import Saturation
from gemma2_workbench.traces.pooling import THUMBNAIL, largest_columns
from gemma2_workbench.traces.text import Places, Text

_KERNEL = "gemma2_workbench.kernels"
# Tokens of a text from which the kernel saves more than it takes to load.
FEWEST = 384
# What the kernel writes of each query, in this order: entropy, sum of probability times distance, probability on
# earlier keys of the token and on those that follow one, on the first token, on the query itself, on the token before.
ROWS = 7
_FIRST, _BACK = 4, 5
# Cells of a block below which a second thread takes longer to be called than it saves.
_GRAIN = 1 << 14
# Stands for no cap: no float32 is larger.
_UNCAPPED = float(np.finfo(np.float32).max)


class LayerSums:
    """All `Sums` of one layer of one text, gathered stage by stage and block by block; nothing of a block is kept.

    The stages are float32, on a CPU, and the probabilities the softmax of the visible scores. Padding may follow the
    rows and keys of a block.

    Args:
        text: the text.
        softcap: of the layer, None if off.
        heads: N.
    """

    def __init__(self, text: Text, softcap: float | None, heads: int) -> None:
        T = len(text)
        self.text, self.heads, self.visible = text, heads, 0
        self.places = text.whole
        self.span = self.places.span
        self._softcap = softcap
        self._bounds = bounds_of(softcap)
        self._sizes_N4 = np.zeros((heads, 4))
        self._largest_N = np.zeros(heads, dtype=np.int32)
        self._tops_2NT = np.empty((2, heads, T), dtype=np.int32)
        self._rows_NrT = np.empty((heads, ROWS, T), dtype=np.float32)
        self._received_NT = np.zeros((heads, T), dtype=np.float32)
        self._by_row_NkT = np.zeros((heads, min(T, THUMBNAIL), T), dtype=np.float32)

    def add_logits(self, raw_NQS: Tensor, places: Places) -> None:
        """Gather the raw logits of a block."""
        self.visible += places.visible
        self._spread(_kernel().add_logits, raw_NQS, places, (*self._bounds, *self._logit_words))

    def add_scores(self, scores_NQS: Tensor, places: Places) -> None:
        """Gather the scores of a block, whose logits were gathered."""
        self._spread(_kernel().add_scores, scores_NQS, places, (places.span.rows.start, *self._score_words))

    def add_probs(self, probs_NQS: Tensor, places: Places) -> None:
        """Gather the probabilities of a block, whose scores were gathered."""
        rows, keys = places.span.rows, places.span.keys
        given = (rows.start, keys.start, len(keys), *self._prob_words)
        self._spread(_kernel().add_probs_of_text, probs_NQS, places, given)

    def _spread(self, add: Run, stage_NQS: Tensor, places: Places, given: Sequence[int]) -> None:
        """Let the threads of torch take the heads."""
        stage = stage_NQS.contiguous().numpy()
        threads = 1 if stage.size < _GRAIN else self.heads
        # A sweep has the rows of several texts.
        arrays = (stage, *places.seen, np.array([len(places.span.rows)]))
        add(self.heads, threads, (*given, *words_of(*arrays)))

    # The words of what never moves.
    @cached_property
    def _logit_words(self) -> tuple[int, ...]:
        return words_of(self._sizes_N4, self._largest_N)

    @cached_property
    def _score_words(self) -> tuple[int, ...]:
        return words_of(self._sizes_N4, self._tops_2NT[0])

    @cached_property
    def _prob_words(self) -> tuple[int, ...]:
        return words_of(
            *(self.text.distances, self.text.earlier),
            *(self._tops_2NT[1], self._rows_NrT, self._received_NT, self._by_row_NkT),
        )

    @property
    def log_sum(self) -> Tensor:
        """See `Sums`: with p = exp(s) / Z, the largest score and probability give log Z = max s - ln max p."""
        return self._log_sum

    @cached_property
    def _log_sum(self) -> Tensor:
        top_NT, top_prob_NT = _largest_of(self._tops_2NT)
        return top_NT - top_prob_NT.log()

    @property
    def entropy(self) -> Tensor:
        """See `Sums`."""
        return self._row(0)

    @property
    def masses(self) -> Masses:
        """See `Sums`."""
        return Masses(self._row(1), self._row(2), self._row(3))

    @property
    def saturation(self) -> Saturation:
        """See `Sums`: |raw - score| is |raw| - |score|, for a cap bends towards 0."""
        return self._saturation

    @cached_property
    def _saturation(self) -> Saturation:
        half_N, most_N, raw_N, score_N = torch.from_numpy(self._sizes_N4).unbind(1)
        bend_N = torch.zeros_like(raw_N) if self._softcap is None else (raw_N - score_N).clamp_(min=0)
        return Saturation(_largest_of(self._largest_N), half_N, most_N, bend_N)

    @property
    def received(self) -> Tensor:
        """See `Sums`."""
        return torch.from_numpy(self._received_NT)

    @property
    def first_token(self) -> Tensor:
        """See `Sums`."""
        return self._row(_FIRST)

    def diagonal(self, back: int) -> Tensor:
        """See `Sums`; of 0 and 1 places back."""
        return self._row(_BACK + back).clone()

    @property
    def thumbnail(self) -> Tensor:
        """See `Sums`."""
        return largest_columns(torch.from_numpy(self._by_row_NkT), self.span, len(self.text), THUMBNAIL)

    def _row(self, number: int) -> Tensor:
        return torch.from_numpy(self._rows_NrT[:, number])


def fits(loaded: Source, tokens: int) -> bool:
    """Whether layers can be summed like this where there is numba: float32 on a CPU, of a text that is long enough."""
    return tokens >= FEWEST and (loaded.dtype, loaded.device) == ("float32", "cpu")


def suits(loaded: Source, tokens: int) -> bool:
    """Whether layers can be summed like this."""
    return fits(loaded, tokens) and available()


@cache
def bounds_of(softcap: float | None) -> tuple[int, int]:
    """The bits of 0.5 and 0.9 of a cap, beyond which |raw logits| are counted."""
    half, most = (np.float32(_UNCAPPED if softcap is None else share * softcap) for share in (0.5, 0.9))
    return int(half.view(np.int32)), int(most.view(np.int32))


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
    tried, stage = LayerSums(text, None, 1), torch.ones(1, 2, 2)

    def trial() -> None:
        for add in (tried.add_logits, tried.add_scores, tried.add_probs):
            add(stage, text.places(tried.span, Mask()))

    return compiles(_KERNEL, trial)
