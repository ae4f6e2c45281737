"""`map_of`: the map that an address asks for, put together from `maps`."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from starlette.requests import Request

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer import maps
from gemma2_workbench.apps.explorer.aligned import aligned_map
from gemma2_workbench.apps.explorer.pooling import Cells
from gemma2_workbench.apps.explorer.requested import choice, head_named, held, index, stage_named
from gemma2_workbench.apps.explorer.sinks import has_sinks, of_sinks
from gemma2_workbench.apps.explorer.stage_scales import AMOUNTS
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.apps.serving.refusal import Refusal
from gemma2_workbench.traces.over_heads import OVER
from gemma2_workbench.views.head_view import BOS
from gemma2_workbench.views.units import UNITS, starts_of

ROLLOUT = "rollout"


@dataclass(frozen=True)
class AskedMap:
    """A map that somebody wants to see.

    Attributes:
        cells: its values and reasons.
        size: queries, and keys: tokens or words.
        sinks: what learned sinks take of each query, a map of one key; None where there is no sink.
    """

    cells: Cells
    size: int
    sinks: Cells | None = None


def map_of(store: RunStore, request: Request) -> AskedMap:
    """The map that the address asks for; see `routes` for its parameters.

    Raises:
        Refusal: a part of the address is wrong, or a run is no longer held.
    """
    trace = held(store, request.path_params["run"])
    stage = stage_named(request.path_params["stage"])
    layer = index(request.path_params["layer"], "layer", len(trace.layers))
    head = index(request.path_params["head"], "head", trace.heads)
    if "aligned" in request.query_params:
        after = held(store, request.query_params["aligned"])
        return AskedMap(*aligned_map(request, trace, after, stage, layer, head))
    view = partial(_viewed, request, stage=stage)
    asked = request.query_params
    size = len(_starts(request, trace))
    cells, sinks = view(trace, _heads(request, trace, stage, layer, head)), _sinks(request, trace, stage, layer, head)
    if "minus" in asked:
        other = head_named(asked["minus"], trace)
        taken = view(trace, maps.OneHead(trace, stage, *other))
        return AskedMap(maps.minus(cells, taken), size, _difference(sinks, _sinks(request, trace, stage, *other)))
    if "against" in asked:
        after = held(store, asked["against"])
        if after.tokens.ids != trace.tokens.ids or (len(after.layers), after.heads) != (len(trace.layers), trace.heads):
            raise Refusal(400, "the two runs are not of the same text and the same shape of model")
        changed = view(after, _heads(request, after, stage, layer, head))
        new_sinks = _sinks(request, after, stage, layer, head)
        return AskedMap(maps.minus(changed, cells), size, _difference(new_sinks, sinks))
    return AskedMap(cells, size, sinks)


def _heads(request: Request, trace: Trace, stage: str, layer: int, head: int) -> Cells:
    """The one head, or several at once."""
    over = _over(request)
    if not over:
        return maps.OneHead(trace, stage, layer, head)
    if over == ROLLOUT:
        if stage != "attn_probs":
            raise Refusal(400, f"a rollout is of probabilities, not of {stage}")
        return maps.of_rollout(trace, layer)
    return maps.of_heads(trace, stage, _several(request, trace, layer), over)


def _sinks(request: Request, trace: Trace, stage: str, layer: int, head: int) -> Cells | None:
    """The column of learned sinks beside the map of `_heads`; None where there is none.

    Renormalised rows have none: what is left of them without <bos> and sink sums to 1.
    """
    over = _over(request)
    heads = _several(request, trace, layer) if over in OVER else [(layer, head)]
    if over == ROLLOUT or choice(request, "bos", BOS) == "renormalised":
        return None
    if not has_sinks(trace, stage, [layer for layer, _ in heads]):
        return None
    shares = of_sinks(trace, heads, over or "mean")
    if choice(request, "unit", UNITS) == "words":
        return maps.between_units(shares, _starts(request, trace), len(trace.tokens), sums=True)
    return shares


def _difference(after: Cells | None, before: Cells | None) -> Cells | None:
    """One column of sinks less the other; None where either map has none."""
    return maps.minus(after, before) if after and before else None


def _over(request: Request) -> str:
    return choice(request, "over", ("", *OVER, ROLLOUT))


def _several(request: Request, trace: Trace, layer: int) -> list[tuple[int, int]]:
    """The heads that are seen at once: those that are named, else all of the layer."""
    names = request.query_params.get("heads")
    return [head_named(name, trace) for name in names.split(".")] if names else [(layer, n) for n in range(trace.heads)]


def _viewed(request: Request, trace: Trace, cells: Cells, stage: str) -> Cells:
    """The map with <bos> and between the units that were asked for."""
    bos = choice(request, "bos", BOS)
    if bos != "shown":
        cells = maps.without_first(cells, bos == "renormalised" and stage in AMOUNTS, len(trace.tokens))
    if choice(request, "unit", UNITS) == "words":
        starts = _starts(request, trace)
        cells = maps.between_units(cells, starts, len(trace.tokens), sums=stage == "attn_probs")
    return cells


def _starts(request: Request, trace: Trace) -> np.ndarray:
    return starts_of(trace.tokens.words, choice(request, "unit", UNITS))
