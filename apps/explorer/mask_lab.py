"""`masks`: who may see whom in a situation, in each kind of layer, pass by pass; and its recipe for files."""

from dataclasses import replace
from typing import Literal

import torch
from pydantic import JsonValue
from torch import Tensor

from gemma2_workbench import Trace
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.masks.layers import LayerMask, layer_masks
from gemma2_workbench.masks.origin import Given, Origin
from gemma2_workbench.masks.reach import reach_down
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.masks.text import masks_text
from gemma2_workbench.masks.words import heading, rule_words
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.models.layers import KINDS
from gemma2_workbench.models.outline import Outline
from gemma2_workbench.records.mask_recipe import MaskRecipe

# More cells than these are no lesson any more; the command `mask` prints any length.
MOST_TOKENS, MOST_PADS, MOST_SPARE = 96, 16, 16
# Of no model: what a Gemma 2 has.
_USUAL = ("local", "global")


class Situation(Question):
    """A situation as the page says it; `run` gives words to the positions, and the layers of its model.

    `words`: the first tokens of the run in place of positions without names. Others: as of `Lesson`.
    """

    run: str | None = None
    words: bool = False
    tokens: int
    window: int
    causal: bool = True
    padding: int = 0
    side: Literal["left", "right"] = "left"
    cache: Literal["none", "dynamic", "static"] = "dynamic"
    decode: int = 0
    chunk: int = 0
    spare: int = 0
    section: int = 4
    packed: int = 0
    prefix: int = 0


class ShownMasks(Situation):
    """A situation, and one of its passes; None is all of them."""

    step: int | None = None


def masks(session: Session, asked: Situation, _tell: Tell) -> JsonValue:
    """The masks of each kind of layer that the model has, what their caches hold, and how far information reaches.

    {"length", "pads" [start, stop], "prefix" [start, stop], "heading", "passes" [{"label", "start", "stop"}], "kinds"
    [{"kind", "window", "chunk", "rule": in words, "sinks": whether a learned sink takes a share of each row, "reasons"
    [T][S], "keys" [[start, stop]] and "holds" [[position or null]] by pass}], "reach": {"local" where it has such
    layers, "model" of a run: {"layers", "window", "first" [T][T]}}, "text": as the command prints it}

    Raises:
        ValueError: a situation that cannot be.
    """
    trace = None if asked.run is None else session.store.find(asked.run)
    kinds = _USUAL if trace is None else _kinds(trace)
    setting = _setting(asked, kinds, trace)
    reach: dict[str, JsonValue] = {}
    if "local" in kinds:
        reach["local"] = _reach(replace(setting, layers=("local",) * _depth(trace), attention_chunk=None))
    if trace is not None:
        own = Outline.of_layers(trace.layers, vocabulary=0)
        model = _setting(asked, own.layers, trace, own.window or setting.length, own.attention_chunk)
        reach["model"] = _reach(model)
    return {
        "length": setting.length,
        "pads": [setting.pads.start, setting.pads.stop],
        "prefix": [setting.prefix_positions.start, setting.prefix_positions.stop],
        "cached": setting.cached,
        "heading": heading(setting),
        "passes": [{"label": one.label, "start": one.rows.start, "stop": one.rows.stop} for one in setting.passes],
        "kinds": [_kind_json(setting, layer, trace) for layer in range(len(kinds))],
        "reach": reach,
        "text": masks_text(setting, _names(asked, setting, trace)),
    }


def mask_recipe(session: Session, asked: ShownMasks) -> MaskRecipe:
    """The masks of each kind of layer in the passes that are wanted, with the model and the text they are of.

    Raises:
        ValueError: a situation or a pass that cannot be.
    """
    trace = None if asked.run is None else session.store.find(asked.run)
    setting = _setting(asked, _USUAL if trace is None else _layers(trace), trace)
    given = Given.of(trace.tokens, setting.tokens) if trace is not None and asked.words else None
    return MaskRecipe.of(setting, None if trace is None else Origin.of_run(trace), given, step=asked.step)


def _setting(
    asked: Situation,
    layers: tuple[str, ...],
    trace: Trace | None,
    window: int | None = None,
    attention_chunk: int | None = None,
) -> Setting:
    """The setting for layers of the given kinds; a text with fewer tokens than are asked for gives those it has."""
    for name, value, most in (("tokens", asked.tokens, MOST_TOKENS), ("padding", asked.padding, MOST_PADS)):
        if value > most:
            raise ValueError(f"{name} {value} is more than the lab draws; at most {most}")
    if asked.spare > MOST_SPARE:
        raise ValueError(f"{asked.spare} spare slots are more than the lab draws; at most {MOST_SPARE}")
    tokens = min(asked.tokens, len(trace.tokens)) if trace is not None and asked.words else asked.tokens
    common = {"padding": asked.padding, "side": asked.side, "window": asked.window if window is None else window}
    if "chunked" in layers:
        common["attention_chunk"] = asked.section if attention_chunk is None else attention_chunk
    if asked.packed:
        common["packed"] = min(asked.packed, tokens - 1)
    elif asked.prefix and asked.causal and not asked.chunk:
        common["prefix"] = min(asked.prefix, tokens - min(asked.decode, tokens - 1))
    if not asked.causal:
        return Setting(tokens, layers=layers, causal=False, **common)
    slots = tokens + asked.padding + asked.spare if asked.cache == "static" else None
    decode = min(asked.decode, tokens - 1)
    return Setting(
        tokens, layers=layers, cache=asked.cache, decode=decode, chunk=asked.chunk or None, slots=slots, **common
    )


def _kind_json(setting: Setting, layer: int, trace: Trace | None) -> JsonValue:
    calls, kind = layer_masks(setting, layer), setting.layers[layer]
    return {
        "kind": kind,
        "chunk": setting.attention_chunk if kind == "chunked" else None,
        "rule": rule_words(setting, layer),
        "sinks": trace is not None and any(info.kind == kind and info.sinks is not None for info in trace.layers),
        "window": setting.window_of(layer),
        "reasons": _whole(setting, layer, calls).tolist(),
        "keys": [[mask.keys.start, mask.keys.stop] for mask in calls],
        "holds": [list(mask.holds) for mask in calls],
    }


def _whole(setting: Setting, layer: int, calls: tuple[LayerMask, ...]) -> Tensor:
    """Each row's reasons in the pass that feeds it, int8 [T, S].

    Keys that a pass has no longer, because the cache has dropped them, have the reason that they have without a cache.
    """
    uncached = replace(setting, cache="none", slots=None)
    full_TT = layer_masks(uncached, layer)[-1].reasons
    keys = max(setting.length, *(mask.keys.stop for mask in calls))
    whole_TS = torch.full((setting.length, keys), int(Reason.FUTURE), dtype=full_TT.dtype)
    whole_TS[:, : setting.length] = full_TT
    for mask in calls:
        whole_TS[mask.call.rows.start : mask.call.rows.stop, mask.keys.start : mask.keys.stop] = mask.reasons
    return whole_TS


def _reach(setting: Setting) -> JsonValue:
    return {"layers": list(setting.layers), "window": setting.window, "first": reach_down(setting).first.tolist()}


def _layers(trace: Trace) -> tuple[str, ...]:
    return tuple(info.kind for info in trace.layers)


def _kinds(trace: Trace) -> tuple[str, ...]:
    """The kinds of layers of a run, each once."""
    return tuple(kind for kind in KINDS if kind in _layers(trace))


def _depth(trace: Trace | None) -> int:
    return 6 if trace is None else len(trace.layers)


def _names(asked: Situation, setting: Setting, trace: Trace | None) -> tuple[str, ...] | None:
    return trace.tokens.display[: setting.tokens] if trace is not None and asked.words else None


MASKS = Handler("masks", Situation, masks, quick=True)
