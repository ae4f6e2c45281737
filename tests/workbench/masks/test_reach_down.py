"""Reach read downwards: what a query depends on below the last layers."""

import pytest
import torch

from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.reach import NEVER, reach, reach_down
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.model.reason import Reason

SETTINGS = (
    Setting(9, 3, ("local",) * 3),
    Setting(9, 3, ("global", "local", "local")),
    Setting(8, 3, ("local", "local", "global"), padding=2, decode=3),
    Setting(7, 2, ("local",) * 2, causal=False),
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_downwards_is_the_product_of_the_last_masks_and_ends_where_upwards_does(setting: Setting) -> None:
    known, T = reach_down(setting), setting.length
    whole = Setting(setting.tokens, setting.window, setting.layers, setting.padding, causal=setting.causal)
    needed = torch.eye(T, dtype=torch.bool)
    for passed, layer in enumerate(reversed(range(len(setting.layers))), 1):
        visible = layer_masks(whole, layer)[-1].reasons == Reason.VISIBLE
        needed = needed | ((needed.float() @ visible.float()) > 0)
        assert torch.equal((known.first != NEVER) & (known.first <= passed), needed)
    assert torch.equal(known.first != NEVER, reach(setting).first != NEVER)
