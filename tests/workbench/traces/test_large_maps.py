"""Large parts of a map are derived in blocks, without what the mask hides, and equal what is derived in one go."""

import numpy as np
import pytest
import torch

from gemma2_workbench.apps.explorer.pooling import pool_extreme, pool_least
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.traces import derive, derived_squares
from gemma2_workbench.traces.derive import LayerTensors
from gemma2_workbench.traces.derived_squares import derive_squares
from gemma2_workbench.traces.stages import STAGES

T = 40
KINDS = [(None, True, None), (7, True, None), (7, False, None), (None, False, None), (None, True, 16), (9, True, 16)]


@pytest.mark.parametrize(("window", "causal", "chunk"), KINDS)
def test_blocks_equal_the_whole(monkeypatch: pytest.MonkeyPatch, window: int | None, causal: bool, chunk: int | None):
    info = LayerInfo(0, "any", window, 5.0, 0.5, causal, chunk)
    tensors = LayerTensors(*(torch.randn(2, T, 8) for _ in range(3)), torch.randn(2, T), torch.rand(2, T))
    for rows, keys in (
        (range(T), range(T)),
        (range(3, 31), range(5, T)),
        (range(5), range(20, T)),
        (range(30, T), range(9)),
    ):
        whole = [derive.derive(info, tensors, 1, stage, rows, keys) for stage in STAGES.values()]
        reasons = derive.reasons(info, rows, keys)
        with monkeypatch.context() as patch:
            patch.setattr(derive, "_LARGE", 0)
            patch.setattr(derive, "_BLOCK_ROWS", 6)
            for stage, expected in zip(STAGES.values(), whole, strict=True):
                torch.testing.assert_close(derive.derive(info, tensors, 1, stage, rows, keys), expected, equal_nan=True)
            assert torch.equal(derive.reasons(info, rows, keys), reasons)


@pytest.mark.parametrize(("window", "causal", "chunk"), KINDS)
@pytest.mark.parametrize("factor", [3, 8])
def test_squares_are_the_most_extreme_of_their_cells(
    monkeypatch: pytest.MonkeyPatch, window: int | None, causal: bool, chunk: int | None, factor: int
):
    monkeypatch.setattr(derived_squares, "_BLOCK_ROWS", 9)
    info = LayerInfo(0, "any", window, 5.0, 0.5, causal, chunk)
    tensors = LayerTensors(*(torch.randn(2, T, 8) for _ in range(3)), torch.randn(2, T), torch.rand(2, T))
    for rows, keys in ((range(T), range(T)), (range(3, 31), range(5, T)), (range(5), range(20, T))):
        starts = [np.arange(0, len(part), factor) for part in (rows, keys)]
        for stage in STAGES.values():
            cells = derive.derive(info, tensors, 1, stage, rows, keys).numpy()
            values, reasons = derive_squares(info, tensors, 1, stage, rows, keys, factor)
            np.testing.assert_allclose(values, pool_extreme(cells, *starts), rtol=1e-5)
            expected = pool_least(derive.reasons(info, rows, keys).numpy().astype(np.uint8), *starts)
            np.testing.assert_array_equal(reasons, expected)
