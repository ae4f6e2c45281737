"""The attention equation, one pure function per step; `attention.py` puts them together.

Shapes: B batch, T tokens, Q query rows of a block, S keys, N query heads, G key/value heads, H head width.
Source of the formulas: Gemma 2 report (arXiv 2408.00118) and transformers' eager `modeling_gemma2.py`, whose order
of operations and dtypes are kept.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

BLOCK_ROWS = 128
# Cells of one head in a block: beyond it, a block of a long text takes more memory than all else in a pass.
_BLOCK_CELLS = BLOCK_ROWS * 4096
# Positions that the MLP handles at once: of a long text, its wide activations would be most of what a pass needs.
MLP_ROWS = 512
# oneDNN, which multiplies halves on a CPU, keeps memory of the size of the second factor for every shape that it has
# met: of a long text, whose blocks all see another number of keys, a gigabyte. Pieces of this size have few shapes.
_KEYS_OF_HALVES = 1024


def rotate(x_BNTH: Tensor, cos_BTH: Tensor, sin_BTH: Tensor) -> Tensor:
    """Rotary position embedding, half-split pairing: x cos + rot(x) sin with rot(x) = (-x_high, x_low); same shape."""
    low, high = x_BNTH.chunk(2, dim=-1)
    return (x_BNTH * cos_BTH[:, None]).add_(torch.cat((-high, low), dim=-1) * sin_BTH[:, None])


def attention_logits(q_BNQH: Tensor, k_BGSH: Tensor, scale: float, memory: Tensor | None = None) -> Tensor:
    """q.k * scale, [B, N, Q, S]; scale is query_pre_attn_scalar^-0.5, key head j // (N/G) serves query head j.

    Args:
        q_BNQH: rotated queries.
        k_BGSH: rotated keys.
        scale: see above.
        memory: at least as many float32 numbers as there are logits, to which they are written where no gradients are
            recorded; None is fresh memory.
    """
    B, N, Q, H = q_BNQH.shape
    G, S = k_BGSH.shape[1:3]
    grouped_BGrH = q_BNQH.reshape(B, G, N // G * Q, H)
    if memory is not None:
        out_BGrS = memory[: B * N * Q * S].view(B, G, N // G * Q, S)
        return torch.matmul(grouped_BGrH, k_BGSH.mT, out=out_BGrS).view(B, N, Q, S).mul_(scale)
    pieces = k_BGSH.split(_KEYS_OF_HALVES, dim=2) if _is_kept(k_BGSH) else (k_BGSH,)
    parts = [grouped_BGrH @ piece.transpose(-1, -2) for piece in pieces]
    return (parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)).view(B, N, Q, -1).mul_(scale)


def softcap(x: Tensor, cap: float | None, out: Tensor | None = None) -> Tensor:
    """Bend `x` to cap * tanh(x / cap), same shape; x itself where `cap` is None.

    Where no gradients are recorded, it is written to `out`, which may be `x`; None is fresh memory.
    """
    if cap is None:
        return x
    if torch.is_grad_enabled():
        return torch.tanh(x / cap) * cap
    # One new tensor instead of three: of the size of a block, fresh memory costs more than the arithmetic.
    return torch.div(x, cap, out=out).tanh_().mul_(cap)


def probabilities(scores_BNQS: Tensor, hidden: Sequence[tuple[slice, Tensor]], out: Tensor | None = None) -> Tensor:
    """Softmax over the visible keys, computed in float32, in the dtype of the scores, [B, N, Q, S].

    Args:
        scores_BNQS: the scores.
        hidden: the keys of which some are hidden, and from which queries, bool [B, Q, those keys].
        out: where it may be written if no gradients are recorded; the scores themselves, if nobody needs them any more;
            None is fresh memory.
    """
    # The lowest number that the softmax can hold: a row that sees nothing must not become NaN in float64 either.
    lowest = max(torch.finfo(scores_BNQS.dtype).min, torch.finfo(torch.float32).min)
    is_flat = scores_BNQS.dtype == torch.float32 and scores_BNQS.device.type == "cpu" and not torch.is_grad_enabled()
    is_over = out is scores_BNQS
    # Few scores are hidden: these are put back, where all would have to be copied.
    masked_BNQS = scores_BNQS if is_over or is_flat else scores_BNQS.clone()
    shown = [] if is_over or not is_flat else [masked_BNQS[..., keys].clone() for keys, _ in hidden]
    for keys, hidden_BQS in hidden:
        masked_BNQS[..., keys].masked_fill_(hidden_BQS[:, None], lowest)
    if not is_flat:
        return torch.softmax(masked_BNQS, dim=-1, dtype=torch.float32).to(scores_BNQS.dtype)
    # Row by row where the scores stand: of the size of a block, fresh memory costs more than the arithmetic.
    probs_BNQS = torch.softmax(masked_BNQS, dim=-1, out=out)
    for (keys, _), shown_BNQK in zip(hidden, shown, strict=False):
        scores_BNQS[..., keys] = shown_BNQK
    return probs_BNQS


def mix_values(probs_BNQS: Tensor, v_BGSH: Tensor) -> Tensor:
    """Sum of the values weighted by the probabilities, [B, N, Q, H]."""
    B, N, Q, S = probs_BNQS.shape
    G = v_BGSH.shape[1]
    if _is_kept(v_BGSH):
        # Nothing is added by a probability of 0, and sums in pieces would be rounded one by one.
        probs_BNQS = nn.functional.pad(probs_BNQS, (0, -S % _KEYS_OF_HALVES))
        v_BGSH = nn.functional.pad(v_BGSH, (0, 0, 0, -S % _KEYS_OF_HALVES))
        S = probs_BNQS.shape[-1]
    return (probs_BNQS.reshape(B, G, N // G * Q, S) @ v_BGSH).view(B, N, Q, -1)


def joined(parts_BNQH: Iterable[Tensor], rows: int) -> Tensor:
    """What the blocks of some rows make, one after the other, as one tensor [B, N, rows, H].

    Without gradients none of them is kept by itself: small tensors that stay, between large ones that come and go,
    leave holes in the memory, and a long text would take that of a hundred blocks.
    """
    if torch.is_grad_enabled():
        return torch.cat(list(parts_BNQH), dim=2)
    whole_BNTH, done = torch.empty(0), 0
    for part_BNQH in parts_BNQH:
        B, N, Q, H = part_BNQH.shape
        if rows == Q:
            return part_BNQH
        if not done:
            whole_BNTH = part_BNQH.new_empty(B, N, rows, H)
        whole_BNTH[:, :, done : done + Q] = part_BNQH
        done += Q
    return whole_BNTH


def _is_kept(keys_BGSH: Tensor) -> bool:
    """Whether oneDNN multiplies so many keys that it matters what it keeps of them."""
    halves = (torch.bfloat16, torch.float16)
    return keys_BGSH.shape[2] > _KEYS_OF_HALVES and keys_BGSH.dtype in halves and keys_BGSH.device.type == "cpu"


def rows_for(tokens: int) -> int:
    """Query rows of a block for a text of `tokens` tokens: `BLOCK_ROWS` is fastest, and fewer above 4,096 tokens."""
    return max(1, min(BLOCK_ROWS, _BLOCK_CELLS // tokens))


def blocks(rows: range, size: int) -> list[range]:
    """Consecutive ranges of at most `size` rows that cover `rows`."""
    return [range(start, min(start + size, rows.stop)) for start in range(rows.start, rows.stop, size)]
