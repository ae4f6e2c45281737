"""The sums of a block in one pass by a compiled kernel, where there is one; torch makes them step by step otherwise.

Letters: Q query rows of a block, S keys, N heads, k cells of the rows of a picture.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.traces.logit_sums import Saturation
from gemma2_workbench.traces.pooling import THUMBNAIL, Cells
from gemma2_workbench.traces.text import Places

# Tokens of a text from which the kernel saves more than it takes to load.
FEWEST = 384
_KERNEL = "gemma2_workbench.traces.kernel"
# The token of a key before the first one.
_NONE = np.full(1, -1, dtype=np.float32)
# Stands for no cap: no float32 is larger.
_UNCAPPED = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Sums:
    """What is known of a block after one pass over it.

    Attributes:
        log_sum: log of the softmax denominator over the visible keys, [N, Q].
        score, distance: sums of probability times score and times |query - key|, [N, Q].
        duplicate, followers: probability on earlier keys of the query's token, and on those that follow one, [N, Q].
        saturation: how far the raw logits reach towards the cap.
        received: sum of each column, [N, S].
        by_row: largest probability of each column in each cell of rows of the thumbnail, [N, k, S].
    """

    log_sum: Tensor
    score: Tensor
    distance: Tensor
    duplicate: Tensor
    followers: Tensor
    saturation: Saturation
    received: Tensor
    by_row: Tensor


def suits(stages_NQS: tuple[Tensor, Tensor, Tensor], tokens: int) -> bool:
    """Whether a block can be summed like this: float32 in one piece on a CPU, of a text that is long enough."""
    is_flat = all(
        stage.dtype == torch.float32 and stage.device.type == "cpu" and stage.is_contiguous() for stage in stages_NQS
    )
    return is_flat and tokens >= FEWEST and _is_there()


def sums(logits_NQS: Tensor, scores_NQS: Tensor, probs_NQS: Tensor, cap: float | None, places: Places) -> Sums:
    """See `Sums`; the probabilities must be the softmax of the visible scores.

    With p = exp(s) / Z, the largest score and the largest probability give log Z = max s - ln max p.
    """
    N, Q, S = probs_NQS.shape
    rows, keys, kinds = places.span.rows, places.span.keys, places.text.kinds.numpy()
    before_Q = np.arange(rows.start, rows.stop) - keys.start
    cells = Cells.of(rows, len(places.text), min(len(places.text), THUMBNAIL))
    first_Q, stop_Q = places.seen
    largest_N3Q = np.empty((N, 3, Q), dtype=np.int32)
    rows_N7Q = np.empty((N, 7, Q), dtype=np.float32)
    received_NS, by_row_NkS = torch.zeros(N, S), torch.zeros(N, len(cells.parts), S)
    # One core: a second one gains nothing, for torch's own threads wait on it.
    import_module(_KERNEL).reduce(
        *(stage.numpy() for stage in (logits_NQS, scores_NQS, probs_NQS)),
        *(largest_N3Q, rows_N7Q, received_NS.numpy(), by_row_NkS.numpy()),
        first_Q,
        stop_Q,
        before_Q.clip(0, S),
        np.repeat(np.arange(len(cells.parts)), list(map(len, cells.parts))),
        np.abs(np.arange(keys.start - rows.stop + 1, keys.stop - rows.start, dtype=np.float32)),
        np.concatenate([kinds[keys.start - 1 : keys.start] if keys.start else _NONE, kinds[keys.start : keys.stop]]),
        kinds[rows.start : rows.stop],
        tuple(np.float32(_UNCAPPED if cap is None else share * cap) for share in (0.5, 0.9)),
    )
    top_NQ, top_prob_NQ, largest_NQ = largest_of(largest_N3Q).unbind(1)
    score_NQ, distance_NQ, duplicate_NQ, followers_NQ, *totals = torch.from_numpy(rows_N7Q).unbind(1)
    half_N, most_N, bend_N = (total_NQ.sum(-1, dtype=torch.double) for total_NQ in totals)
    return Sums(
        log_sum=top_NQ - top_prob_NQ.log(),
        score=score_NQ,
        distance=distance_NQ,
        duplicate=duplicate_NQ,
        followers=followers_NQ,
        saturation=Saturation(largest_NQ.amax(-1), half_N, most_N, bend_N),
        received=received_NS,
        by_row=by_row_NkS,
    )


def largest_of(ordered: np.ndarray) -> Tensor:
    """The float32 numbers whose bits, the lower 31 turned over in negative ones, are these int32: in the same order.

    A processor keeps the largest of many integers at once, of floating-point numbers it is not made to by numba.
    """
    return torch.from_numpy(ordered ^ ((ordered >> 31) & 0x7FFFFFFF)).view(torch.float32)


@cache
def _is_there() -> bool:
    """Whether the kernel can be used: not without numba, or with one that is not made for this numpy."""
    try:
        import_module(_KERNEL)
    except ImportError:
        return False
    return True
