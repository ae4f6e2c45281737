"""How long values are after an output projection, |W v| of each, in two ways.

Letters: T values, H their width, D outputs, N heads.
"""

import torch
from torch import Tensor


def lengths(v_NTH: Tensor, out_NDH: Tensor) -> Tensor:
    """From the outputs themselves, [N, T]."""
    return torch.linalg.vector_norm(v_NTH @ out_NDH.mT, dim=-1)


def gram_lengths(v_TH: Tensor, out_DH: Tensor) -> Tensor:
    """From |W v|^2 = v . (W^T W) v, [T]: H numbers a value in place of D. In float64: squares need more digits."""
    v_TH, out_DH = v_TH.double(), out_DH.double()
    squares_T = ((v_TH @ (out_DH.T @ out_DH)) * v_TH).sum(-1)
    return squares_T.clamp_(min=0).sqrt().float()
