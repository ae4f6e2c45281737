"""The masks of a model for any situation: lengths, window, padding, and every pass through a key/value cache.

Nothing here is a second rule. Who sees whom is `model.Mask`; which keys a layer holds is asked of transformers' own
cache classes, which are fed the positions 0, 1, 2 ... in place of keys and then read.
Letters: T tokens (pads included), Q queries of a pass, S keys that the layer holds in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicCache, StaticCache

from gemma2_workbench.brief import by_fields
from gemma2_workbench.masks.setting import Pass, Setting
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.models.outline import cache_config
from gemma2_workbench.tidy import tidy
from gemma2_workbench.views.mask import COLUMNS

EMPTY = "(empty)"  # a slot of a static cache that is not written yet


@dataclass(frozen=True, eq=False)
class LayerMask:
    """The mask of one layer in one pass.

    Attributes:
        setting: the situation.
        layer: index of the layer.
        call: the pass.
        keys: absolute positions of the S keys that the layer holds, new ones included. In a static cache they run
            on over the slots that are not written yet.
        reasons: why each cell is hidden, int8 [Q, S] of `model.Reason`.
        holds: position in each slot of the layer's cache after the pass, None where a slot is empty.
    """

    setting: Setting
    layer: int
    call: Pass
    keys: range
    reasons: Tensor
    holds: tuple[int | None, ...]

    def __repr__(self) -> str:
        return by_fields(self)

    @property
    def window(self) -> int | None:
        """The window of the layer, None in one that has none."""
        return self.setting.window_of(self.layer)

    @property
    def kind(self) -> str:
        """What kind of layer it is."""
        return self.setting.layers[self.layer]

    @cached_property
    def visible(self) -> Tensor:
        """How many keys each query sees, int64 [Q]. A query with none (a pad) has no meaningful attention."""
        return (self.reasons == Reason.VISIBLE).sum(-1)

    def table(self, names: Sequence[str] | None = None) -> pd.DataFrame:
        """One row per query and key, in the columns of the mask view; `names` are those of the tokens."""
        labels = np.asarray([*self.setting.labels(names), *[EMPTY] * len(self.keys)], dtype=object)
        frame = tidy({"reason": self.reasons.numpy()}, {"query": self.call.rows, "key": self.keys})
        words = np.asarray([reason.name.lower() for reason in Reason], dtype=object)
        frame = frame.assign(
            layer=self.layer,
            kind=self.kind,
            window=self.window or self.setting.length,
            query_token=labels[frame["query"]],
            key_token=labels[frame["key"]],
            visible=frame["reason"] == Reason.VISIBLE,
            reason=words[frame["reason"]],
        )
        return frame.reindex(columns=list(COLUMNS))


def layer_masks(setting: Setting, layer: int) -> tuple[LayerMask, ...]:
    """The mask of one layer in every pass, in order.

    Raises:
        ValueError: there is no such layer.
    """
    cache = _cache(setting)
    masks = []
    for call in setting.passes:
        rule = setting.mask_of(layer, call.rows.stop)
        if rule is None:
            keys = range(call.rows.stop)
            nothing_QS = torch.full((len(call.rows), len(keys)), int(Reason.NO_SOFTMAX), dtype=torch.int8)
            masks.append(LayerMask(setting, layer, call, keys, nothing_QS, ()))
            continue
        keys, holds = _feed(cache, layer, call.rows)
        masks.append(LayerMask(setting, layer, call, keys, rule.reasons(call.rows, keys)[0], holds))
    return tuple(masks)


def _cache(setting: Setting) -> Cache | None:
    """The cache as the model makes or takes it."""
    if not setting.cached:
        return None
    config = cache_config(setting.layers, setting.window, setting.attention_chunk)
    if setting.cache == "dynamic":
        return DynamicCache(config=config)
    return StaticCache(config=config, max_cache_len=setting.slots or setting.length)


def _feed(cache: Cache | None, layer: int, rows: range) -> tuple[range, tuple[int | None, ...]]:
    """Put the positions `rows` into the layer's cache; return the keys its attention gets and what it holds then."""
    if cache is None:
        return rows, ()
    # One more than the position, because an empty slot holds 0.
    written_11T1 = torch.arange(rows.start + 1, rows.stop + 1, dtype=torch.float64)[None, None, :, None]
    length, offset = (int(n) for n in cache.get_mask_sizes(len(rows), layer))
    cache.update(written_11T1, written_11T1, layer)
    slots: Any = cache.layers[layer]
    return range(offset, offset + length), tuple(int(at) - 1 if at else None for at in slots.keys[0, 0, :, 0].tolist())
