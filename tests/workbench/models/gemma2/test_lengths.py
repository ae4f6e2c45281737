"""Two ways to the same lengths."""

import torch

from gemma2_workbench.models.gemma2.lengths import gram_lengths, lengths


def test_lengths_from_a_gram_matrix_are_those_of_the_outputs() -> None:
    generator = torch.Generator().manual_seed(0)
    v_TH, out_DH = (torch.randn(size, generator=generator) for size in ((40, 8), (24, 8)))
    out_DH[:, 0] *= 1e4  # a value beside a direction that is much longer
    v_TH[:20, 0] = 0
    torch.testing.assert_close(gram_lengths(v_TH, out_DH), lengths(v_TH[None], out_DH[None])[0], rtol=1e-5, atol=0)
