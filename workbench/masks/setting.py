"""A situation that masks are drawn for: how many tokens, which layers, padding, and the passes that feed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, TypedDict, Unpack

from gemma2_workbench.figures.layer_kinds import KINDS
from gemma2_workbench.limits import whole
from gemma2_workbench.views.view import LONGEST

if TYPE_CHECKING:
    from torch import Tensor

    from gemma2_workbench.model.masks import Mask
    from gemma2_workbench.models.outline import Outline

SIDES = ("left", "right")
CACHES = ("none", "dynamic", "static")
PAD = "<pad>"


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


class Passes(TypedDict, total=False):
    """The parts of a `Setting` that say how tokens are fed."""

    padding: int
    side: str
    decode: int
    chunk: int | None
    cache: str
    slots: int | None
    packed: int | None
    prefix: int | None


@dataclass(frozen=True)
class Setting:
    """A situation: how many tokens are fed to which layers, and how.

    Attributes:
        tokens: real tokens, the beginning-of-sequence token included.
        window: keys that a query of a local layer sees, itself included.
        layers: the kind of each layer, of `figures.layer_kinds.KINDS`.
        padding: pads, which belong to the prompt: before it (left) or after it (right).
        side: "left" or "right".
        decode: how many of the last tokens are fed one by one, after the prompt.
        chunk: the prompt is fed in parts of so many tokens; None feeds it at once.
        cache: "dynamic" is what the model makes by itself, "static" preallocates `slots`, "none" feeds
            everything anew in each pass.
        slots: size of a static cache; None is just enough.
        causal: whether later tokens are hidden. Where they are not (`is_causal=False`, a token classifier), a local
            layer sees `window` tokens to each side and nothing can be fed in parts: the model makes no cache.
        attention_chunk: tokens of a chunk of the chunked layers, of which a query sees its own; None without such
            layers. `chunk` is a part of the prompt, which is something else.
        packed: where a second text begins that is packed into the same row; None for one text.
        prefix: how many tokens at the beginning see one another, later ones too (PaliGemma and other prefix language
            models); None for none.

    Raises:
        ValueError: a situation that cannot be; the message says what is allowed.
    """

    tokens: int
    window: int
    layers: tuple[str, ...] = ("local", "global")
    padding: int = field(default=0, metadata={"help": "how many pads the prompt gets"})
    side: str = field(default="left", metadata={"help": "where the pads are; default left", "choices": SIDES})
    decode: int = field(default=0, metadata={"help": "how many of the last tokens are fed one by one"})
    chunk: int | None = field(default=None, metadata={"help": "feed the prompt in parts of so many tokens"})
    cache: str = field(default="dynamic", metadata={"help": "key/value cache; default dynamic", "choices": CACHES})
    slots: int | None = field(default=None, metadata={"help": "size of a static cache; default: just enough"})
    causal: bool = True
    attention_chunk: int | None = None
    packed: int | None = field(default=None, metadata={"help": "position where a second, packed text begins"})
    prefix: int | None = field(default=None, metadata={"help": "how many tokens at the beginning see one another"})

    def __post_init__(self) -> None:
        least = {"tokens": 1, "window": 1, "padding": 0, "decode": 0}
        least |= dict.fromkeys(("chunk", "slots", "attention_chunk", "packed", "prefix"), 1)
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None or name in ("tokens", "window", "padding", "decode"):
                whole(f"{name}=", value, low)
        for name, value, allowed in (("side", self.side, SIDES), ("cache", self.cache, CACHES)):
            if value not in allowed:
                raise ValueError(f"{name}={value!r} is not known; choose {', '.join(allowed)}")
        if not self.layers or set(self.layers) - set(KINDS):
            raise ValueError(f"layers={self.layers!r} must name at least one layer, each one of {', '.join(KINDS)}")
        if ("chunked" in self.layers) != (self.attention_chunk is not None):
            raise ValueError("chunked layers have attention_chunk=, the tokens of a chunk, and no others have it")
        self._check_packed()
        self._check_prefix()
        if self.decode >= self.tokens:
            raise ValueError(
                f"decode={self.decode} leaves no prompt; with {self.tokens} tokens at most {self.tokens - 1}"
            )
        if not self.causal and (self.decode or self.chunk or self.cache == "static"):
            raise ValueError(
                "this model sees later tokens (is_causal=False), so the text cannot be fed in parts: leave out decode, "
                "chunk and the static cache"
            )
        if self.length > LONGEST:
            raise ValueError(f"{self.length} tokens and pads are too many for a picture; at most {LONGEST}")
        if self.slots is not None and self.slots < self.length:
            raise ValueError(
                f"slots={self.slots} cannot hold {self.length} tokens and pads; give at least {self.length}"
            )

    def _check_packed(self) -> None:
        if self.packed is None:
            return
        if self.packed >= self.tokens:
            raise ValueError(f"packed={self.packed} must lie within the {self.tokens} tokens, after the first")
        if self.padding or self.decode or self.chunk:
            raise ValueError("packed texts are read whole and without pads: leave out padding, decode and chunk")
        if "linear" in self.layers:
            raise ValueError("packed texts are told apart by the mask, which layers without softmax do not have")

    def _check_prefix(self) -> None:
        if self.prefix is None:
            return
        if self.prefix > self.tokens - self.decode:
            raise ValueError(
                f"prefix={self.prefix} must lie within the prompt; with {self.tokens} tokens and decode={self.decode}, "
                f"at most {self.tokens - self.decode}"
            )
        if self.chunk or self.packed or not self.causal:
            raise ValueError(
                "a prefix is read at once, in one text of a model that is causal after it: leave out chunk, packed and "
                "is_causal=False"
            )

    @classmethod
    def of(
        cls,
        model: Outline,
        tokens: int,
        window: int | None = None,
        causal: bool | None = None,
        **passes: Unpack[Passes],
    ) -> Setting:
        """The situation for a model: its layers, and its own window, side and prefix unless others are given."""
        own = model.window or tokens
        sees = model.causal if causal is None else causal
        size = own if window is None else window
        if model.prefix is not None and sees and not (passes.get("chunk") or passes.get("packed")):
            passes.setdefault("prefix", min(model.prefix, tokens - passes.get("decode", 0)))
        return cls(tokens, size, model.layers, causal=sees, attention_chunk=model.attention_chunk, **passes)

    @property
    def length(self) -> int:
        """All positions: tokens and pads, T."""
        return self.tokens + self.padding

    @property
    def cached(self) -> bool:
        """Whether there is a cache: one that is asked for, in a model that can have one."""
        return self.causal and self.cache != "none"

    @property
    def prompt(self) -> int:
        """Positions of the prompt, its pads included."""
        return self.length - self.decode

    @property
    def pads(self) -> range:
        """Positions of the pads."""
        return range(self.padding) if self.side == "left" else range(self.prompt - self.padding, self.prompt)

    @property
    def prefix_positions(self) -> range:
        """Positions of the prefix; pads before a text are part of it, as in transformers."""
        before = len(self.pads) if self.side == "left" else 0
        return range(before + self.prefix) if self.prefix else range(0)

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The calls of the model, in order."""
        size = self.chunk or self.prompt
        starts = range(0, self.prompt, size)
        prompt = [range(start, min(start + size, self.prompt)) for start in starts]
        names = ["prefill", *["chunk"] * (len(prompt) - 1), *["decode"] * self.decode]
        parts = [*prompt, *(range(at, at + 1) for at in range(self.prompt, self.length))]
        if not self.cached:
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

    def mask_of(self, layer: int, stop: int) -> Mask | None:
        """The rule of a layer over the first `stop` positions; None for a layer that has no softmax.

        Raises:
            ValueError: there is no such layer.
        """
        from gemma2_workbench.model.masks import Mask

        window, kind = self.window_of(layer), self.layers[layer]
        if kind == "linear":
            return None
        chunk = self.attention_chunk if kind == "chunked" else None
        prefix = None if self.prefix is None else self.prefix_positions.stop
        return Mask(window, self.keep(stop), self._sequence(stop), causal=self.causal, chunk=chunk, prefix=prefix)

    def _sequence(self, stop: int) -> Tensor | None:
        """Which of the packed texts each position is of, int [1, stop]; None for one text."""
        import torch

        return None if self.packed is None else (torch.arange(stop) >= self.packed).long()[None]

    def keep(self, stop: int) -> Tensor | None:
        """The padding mask over the first `stop` positions, bool [1, stop], as the model takes it; None if all stay."""
        import torch

        keep_1T = torch.ones(1, stop, dtype=torch.bool)
        keep_1T[:, self.pads.start : self.pads.stop] = False
        return None if bool(keep_1T.all()) else keep_1T


# What the command line offers of a setting, each with its help and its choices.
PASS_OPTIONS = tuple(option for option in fields(Setting) if option.metadata)
