"""The masks of Gemma 2 for any situation: lengths, window, padding, and every pass through a key/value cache.

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

from model import Gemma2Config, Mask, Reason
from workbench.tidy import tidy
from workbench.views.mask import COLUMNS
from workbench.views.view import LONGEST

KINDS = {"sliding_attention": "local", "full_attention": "global"}
SIDES = ("left", "right")
CACHES = ("none", "dynamic", "static")
PAD, EMPTY = "<pad>", "(empty)"


@dataclass(frozen=True)
class Pass:
    """One call of the model: its name (prefill, chunk or decode) and the positions of the tokens it is given."""

    name: str
    rows: range

    @property
    def label(self) -> str:
        """The pass in a word or two, for example `decode 12`."""
        first, last = self.rows.start, self.rows.stop - 1
        return f"{self.name} {first}" if first == last else f"{self.name} {first}–{last}"


@dataclass(frozen=True)
class Setting:
    """A situation: how many tokens are fed to which layers, and how.

    Attributes:
        tokens: real tokens, the beginning-of-sequence token included.
        window: keys that a query of a local layer sees, itself included.
        layers: "local" or "global" for each layer.
        padding: pads, which belong to the prompt: before it (left) or after it (right).
        side: "left" or "right".
        decode: how many of the last tokens are fed one by one, after the prompt.
        chunk: the prompt is fed in parts of so many tokens; None feeds it at once.
        cache: "dynamic" is what the model makes by itself, "static" preallocates `slots`, "none" feeds
            everything anew in each pass.
        slots: size of a static cache; None is just enough.

    Raises:
        ValueError: a situation that cannot be; the message says what is allowed.
    """

    tokens: int
    window: int
    layers: tuple[str, ...] = ("local", "global")
    padding: int = 0
    side: str = "left"
    decode: int = 0
    chunk: int | None = None
    cache: str = "dynamic"
    slots: int | None = None

    def __post_init__(self) -> None:
        least = {"tokens": 1, "window": 1, "padding": 0, "decode": 0, "chunk": 1}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and value < low:
                raise ValueError(f"{name}={value} must be at least {low}")
        for name, value, allowed in (("side", self.side, SIDES), ("cache", self.cache, CACHES)):
            if value not in allowed:
                raise ValueError(f"{name}={value!r} is not known; choose {', '.join(allowed)}")
        if not self.layers or set(self.layers) - {"local", "global"}:
            raise ValueError(f"layers={self.layers!r} must name at least one layer, each 'local' or 'global'")
        if self.decode >= self.tokens:
            raise ValueError(f"decode={self.decode} leaves no prompt; with {self.tokens} tokens at most {self.tokens - 1}")
        if self.length > LONGEST:
            raise ValueError(f"{self.length} tokens and pads are too many for a picture; at most {LONGEST}")
        if self.slots is not None and self.slots < self.length:
            raise ValueError(f"slots={self.slots} cannot hold {self.length} tokens and pads; give at least {self.length}")

    @classmethod
    def of(cls, config: Gemma2Config, tokens: int, window: int | None = None, **situation: Any) -> "Setting":
        """The situation for a model: its layers, and its own window unless another is given."""
        layers = tuple(KINDS[kind] for kind in config.layer_types or ())
        own = config.sliding_window or tokens
        return cls(tokens, own if window is None else window, layers, **situation)

    @property
    def length(self) -> int:
        """All positions: tokens and pads, T."""
        return self.tokens + self.padding

    @property
    def prompt(self) -> int:
        """Positions of the prompt, its pads included."""
        return self.length - self.decode

    @property
    def pads(self) -> range:
        """Positions of the pads."""
        return range(self.padding) if self.side == "left" else range(self.prompt - self.padding, self.prompt)

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The calls of the model, in order."""
        size = self.chunk or self.prompt
        starts = range(0, self.prompt, size)
        prompt = [range(start, min(start + size, self.prompt)) for start in starts]
        names = ["prefill", *["chunk"] * (len(prompt) - 1), *["decode"] * self.decode]
        parts = [*prompt, *(range(at, at + 1) for at in range(self.prompt, self.length))]
        if self.cache == "none":
            parts = [range(part.stop) for part in parts]
        return tuple(Pass(name, rows) for name, rows in zip(names, parts, strict=True))

    def labels(self, names: Sequence[str] | None = None) -> tuple[str, ...]:
        """What to call each position: `names` of the tokens (default: none) with the pads put between them.

        Raises:
            ValueError: not one name per token.
        """
        given = [""] * self.tokens if names is None else list(names)
        if len(given) != self.tokens:
            raise ValueError(f"there are {len(given)} names for {self.tokens} tokens")
        at = self.pads.start
        return (*given[:at], *[PAD] * self.padding, *given[at:])

    def window_of(self, layer: int) -> int | None:
        """The window of a layer, None in a global one.

        Raises:
            ValueError: there is no such layer.
        """
        if not 0 <= layer < len(self.layers):
            raise ValueError(f"layer {layer} does not exist; allowed: 0..{len(self.layers) - 1}")
        return self.window if self.layers[layer] == "local" else None

    def keep(self, stop: int) -> Tensor | None:
        """The padding mask over the first `stop` positions, bool [1, stop], as the model takes it; None without pads."""
        keep_1T = torch.ones(1, stop, dtype=torch.bool)
        keep_1T[:, self.pads.start : self.pads.stop] = False
        return None if bool(keep_1T.all()) else keep_1T


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

    @property
    def window(self) -> int | None:
        """The window of the layer, None in a global one."""
        return self.setting.window_of(self.layer)

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
            kind=self.setting.layers[self.layer],
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
    window = setting.window_of(layer)
    cache = _cache(setting)
    masks = []
    for call in setting.passes:
        keys, holds = _feed(cache, layer, call.rows)
        reasons = Mask(window, setting.keep(call.rows.stop)).reasons(call.rows, keys)[0]
        masks.append(LayerMask(setting, layer, call, keys, reasons, holds))
    return tuple(masks)


def _cache(setting: Setting) -> Cache | None:
    """The cache as the model makes or takes it."""
    if setting.cache == "none":
        return None
    names = {kind: name for name, kind in KINDS.items()}
    config = Gemma2Config(
        num_hidden_layers=len(setting.layers),
        layer_types=[names[kind] for kind in setting.layers],
        sliding_window=setting.window,
    )
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
