"""`trial`: about the work of one layer of a decoder on random numbers, to be timed: its attention and its matrices.

Letters: Q query rows, S keys, N query heads, G key/value heads, H head width, D model, F mlp.
"""

from collections.abc import Callable

import torch

from gemma2_workbench.model.equation import attention_logits, mix_values
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.attention.inputs import Inputs
from gemma2_workbench.models.decoder.attention.seam import seat_of
from gemma2_workbench.models.decoder.attention.seat import Stages, attend
from gemma2_workbench.models.layers import Shape


def trial(
    at: torch.nn.Module | None, shape: Shape, mask: Mask, tokens: int, rows: int, like: torch.Tensor
) -> Callable[[], object]:
    """See `Source.trial`.

    Args:
        at: the attention module of the layer, with its seat; None where its softmax is not ours.
        shape, mask: of the model and the layer.
        tokens, rows: as of `Source.trial`.
        like: a tensor of the dtype and the device of the weights.
    """
    Q = min(rows, tokens)
    # Where queries see later keys, each block sees what the last one sees here.
    P = (tokens - Q) // 2 if mask.causal else tokens - Q
    width = shape.head_width or shape.width // shape.heads
    q_1NQH = like.new_empty(1, shape.heads, Q, width).normal_()
    k_1GSH, v_1GSH = like.new_empty(2, 1, shape.kv_heads, P + Q, width).normal_()
    stream_QD, up_DF = like.new_empty(Q, shape.width).normal_(), like.new_empty(shape.width, shape.mlp_width).normal_()
    square_DD = like.new_empty(shape.width, shape.width).normal_()

    given = Inputs(q_1NQH, k_1GSH, v_1GSH, mask, range(P, P + Q), range(P + Q))

    def run() -> None:
        hidden_QF = stream_QD @ up_DF
        torch.matmul(hidden_QF * (stream_QD @ up_DF), up_DF.T)
        for _ in range(4):  # queries, keys, values and output
            torch.matmul(stream_QD, square_DD)
        if at is None:
            mix_values(attention_logits(q_1NQH, k_1GSH, 1.0).softmax(-1), v_1GSH)
        else:
            attend(Stages(at), seat_of(at), given)

    return run
