"""`drawn_first`: the map and thumbnails that the page draws first, sent along with a short run.

To ask for them in requests of their own costs the page two more rounds to the server, and two more frames.
"""

import base64
import re

from pydantic import BaseModel, ConfigDict, JsonValue

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.maps import OneHead
from gemma2_workbench.apps.explorer.sinks import has_sinks
from gemma2_workbench.apps.explorer.thumbnails import thumbnails

# Longer runs take so long that a round more is not felt, and their maps would keep what they say of themselves waiting.
MOST_TOKENS = 256
MOST_HEADS = 100
_HEAD = re.compile(r"L(\d{1,4})H(\d{1,4})", re.ASCII)


class Ahead(BaseModel):
    """A stage of a head ("L5H3", as far as the run has it); None is the head that the run opens with."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    stage: str
    head: str | None = None


def drawn_first(trace: Trace, asked: Ahead, opening: str | None) -> JsonValue:
    """{"map": {"stage", "layer", "head", "body"}, "thumbnails": {"shape", "body"}}, both as of `routes`, in base64.

    Args:
        trace: a run.
        asked: what is drawn.
        opening: the name of the head that the run opens with.

    Returns:
        None for a long run; either of the two is None where there is none.
    """
    if len(trace.tokens) > MOST_TOKENS:
        return None
    return {"map": _map(trace, asked, opening), "thumbnails": _thumbnails(trace)}


def _map(trace: Trace, asked: Ahead, opening: str | None) -> JsonValue:
    found = _HEAD.fullmatch(asked.head or opening or "L0H0")
    if found is None:
        return None
    layer, head = min(int(found[1]), len(trace.layers) - 1), min(int(found[2]), trace.heads - 1)
    # A column of sinks is sent by the route alone.
    if asked.stage not in trace.known_stages(layer) or has_sinks(trace, asked.stage, [layer]):
        return None
    every = range(len(trace.tokens))
    values, reasons = OneHead(trace, asked.stage, layer, head)(every, every)
    body = values.astype("<f4", copy=False).tobytes() + reasons.tobytes()
    return {"stage": asked.stage, "layer": layer, "head": head, "body": _text(body)}


def _thumbnails(trace: Trace) -> JsonValue:
    # Of more heads the page draws scores; where none were kept they take long.
    if len(trace.layers) * trace.heads > MOST_HEADS or "thumbnail" not in trace.folds:
        return None
    pictures = thumbnails(trace, "attn_probs")
    return None if pictures is None else {"shape": [*pictures.shape], "body": _text(pictures.tobytes())}


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode()
