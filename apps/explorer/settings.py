"""What the browser is told once: stages, reasons and colours, so that each exists in one place."""

import base64

from pydantic import JsonValue

from gemma2_workbench.apps.explorer.maps import LEFT_OUT
from gemma2_workbench.apps.explorer.mask_lessons import lessons_json
from gemma2_workbench.apps.explorer.stage_scales import HELP, named, unit_scale
from gemma2_workbench.figures import colours
from gemma2_workbench.figures.layer_kinds import KINDS, layer_kinds
from gemma2_workbench.figures.page_colours import page_lut
from gemma2_workbench.figures.spec import NO_VALUE
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.traces.pair import HIDDEN_AFTER, HIDDEN_BEFORE
from gemma2_workbench.traces.stages import STAGES

# Why the page says a query does not see a key.
_SENTENCES = {
    Reason.VISIBLE: "there is no value here",
    Reason.FUTURE: "it comes later in the text",
    Reason.OUTSIDE_WINDOW: "it lies further away than the window reaches",
    Reason.PADDING: "it is padding",
    Reason.OTHER_SEQUENCE: "it belongs to another sequence",
    Reason.OUTSIDE_CHUNK: "it lies in another chunk of the text",
    Reason.NO_SOFTMAX: "this layer has no softmax, and so no attention map",
    HIDDEN_BEFORE: "it is seen only after the change",
    HIDDEN_AFTER: "it is seen only before the change",
    LEFT_OUT: "<bos> is left out of the map",
}
_LABELS = {HIDDEN_BEFORE: "seen after only", HIDDEN_AFTER: "seen before only", LEFT_OUT: "<bos> left out"}
# Left empty on the page: there is nothing to tell of what is still to come, nor of what the reader left out.
_EMPTY = (Reason.FUTURE, LEFT_OUT)


def browser_settings() -> dict[str, JsonValue]:
    """The constant part of the page's settings, as JSON; `reasons` are in the order of their codes."""
    return {
        "stages": [_stage(name) for name in STAGES],
        "start": "attn_probs",
        "reasons": [_reason(code) for code in sorted(_SENTENCES)],
        "colours": {"light": _colours(dark=False), "dark": _colours(dark=True)},
        "lessons": lessons_json(),
    }


def _stage(name: str) -> JsonValue:
    """Label, formula and colour scale of one stage."""
    stage, scale = STAGES[name], unit_scale(name)
    return {
        "name": name,
        "label": named(name),
        "help": HELP[name],
        "formula": stage.formula,
        "quantity": scale.label,
        "masked": stage.masked,
        "scale": scale.kind,
        "power": scale.power,
        "high": stage.high,
    }


def _reason(code: int) -> JsonValue:
    """Label, sentence and hatching; code 0 stands for a visible cell that has no value."""
    told: dict[str, JsonValue] = {"sentence": _SENTENCES[code]}
    looks = {} if code in _EMPTY else {dark: colours.hidden(code or NO_VALUE, dark) for dark in (False, True)}
    told["label"] = _LABELS.get(code) or colours.hidden(code or NO_VALUE).name
    for theme, dark in (("light", False), ("dark", True)):
        look = looks.get(dark)
        told[theme] = look and {"pattern": look.pattern, "paper": _rgb(look.fill), "ink": _rgb(look.line)}
    return told


def _colours(dark: bool) -> JsonValue:
    """Colour tables as base64 of 256 RGB triples, and the colour of each kind of layer."""
    tables: dict[str, JsonValue] = {
        kind: base64.b64encode(page_lut(kind, dark).tobytes()).decode() for kind in ("sequential", "diverging")
    }
    tables["kinds"] = {kind: look.colour(dark) for kind, look in layer_kinds(KINDS).items()}
    return tables


def _rgb(colour: str) -> list[JsonValue]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
