"""What the browser is told once: stages, reasons and colours, so that each exists in one place."""

import base64
from dataclasses import asdict
from typing import Any

from gemma2_workbench.apps.explorer.stage_scales import LOOKS, Look
from gemma2_workbench.figures import colours
from gemma2_workbench.figures.layer_kinds import layer_kinds
from gemma2_workbench.figures.spec import NO_VALUE
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.traces.stages import STAGES

# Why the page says a query does not see a key.
_SENTENCES = {
    Reason.VISIBLE: "there is no value here",
    Reason.FUTURE: "it comes later in the text",
    Reason.OUTSIDE_WINDOW: "it lies further away than the window reaches",
    Reason.PADDING: "it is padding",
    Reason.OTHER_SEQUENCE: "it belongs to another sequence",
}


def browser_settings() -> dict[str, Any]:
    """The constant part of the component's properties, as JSON."""
    return {
        "stages": [_stage(look) for look in LOOKS.values()],
        "start": "attn_probs",
        "empty": "Run a text to see its attention here.",
        "reasons": [_reason(reason) for reason in Reason],
        "colours": {"light": _colours(dark=False), "dark": _colours(dark=True)},
    }


def _stage(look: Look) -> dict[str, Any]:
    """Label, formula and look of one stage."""
    stage = STAGES[look.name]
    scale = "diverging" if look.diverging else "sequential"
    label = stage.label[0].upper() + stage.label[1:]
    return asdict(look) | {
        "label": label,
        "formula": stage.formula,
        "quantity": stage.label,
        "masked": stage.masked,
        "scale": scale,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    """Label, sentence and hatching; code 0 stands for a visible cell that has no value."""
    code = int(reason) or NO_VALUE
    looks = {False: colours.hidden(code, False), True: colours.hidden(code, True)}
    return {
        "label": looks[False].name,
        "sentence": _SENTENCES[reason],
        **{
            theme: {"pattern": look.pattern, "paper": _rgb(look.fill), "ink": _rgb(look.line)}
            for theme, look in (("light", looks[False]), ("dark", looks[True]))
        },
    }


def _colours(dark: bool) -> dict[str, Any]:
    """Colour tables as base64 of 256 RGB triples, and the colour of each kind of layer."""
    tables = {
        kind: base64.b64encode(colours.lut(kind, dark).tobytes()).decode() for kind in ("sequential", "diverging")
    }
    kinds = {kind: look.colour(dark) for kind, look in layer_kinds().items()}
    return tables | {"kinds": kinds}


def _rgb(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
