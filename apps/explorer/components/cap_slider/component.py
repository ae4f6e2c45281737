"""The cap slider: an index into a list of caps, because "off" is no number; it speaks when it is let go."""

from pathlib import Path
from typing import Any

import gradio as gr

from gemma2_workbench.apps.page.draw.sources import source, style

HERE = Path(__file__).parent


def cap_slider(name: str, **options: Any) -> gr.HTML:
    """The component; its value is what `slider_value` returns.

    Its event `release` says what the reader chose: `slider.release(fn)` with `event: gr.EventData`, whose `cap` is one
    of the words of `cap_word`. Keys move it too; a run of key presses counts as one.

    Args:
        name: what is set, for the label.
        options: further arguments of `gr.HTML`.
    """
    return gr.HTML(
        {},
        html_template=source(HERE, "view.html"),
        css_template=style(HERE),
        js_on_load=source(HERE, "view.js"),
        apply_default_css=False,
        name=name,
        **options,
    )


def slider_value(own: float | None, chosen: float | None) -> dict[str, Any]:
    """The value for a model whose own cap is `own`, standing at `chosen`: caps from 5 to off, both of these included.

    A cap of None is off.
    """
    steps = {*range(5, 21), *range(22, 51, 2), *range(55, 101, 5)}
    finite = sorted({float(cap) for cap in (*steps, own, chosen) if cap is not None})
    return {"caps": [*map(cap_word, finite), "off"], "own": cap_word(own), "chosen": cap_word(chosen)}


def cap_word(cap: float | None) -> str:
    """How a cap is written: its number, or "off" for None."""
    return "off" if cap is None else f"{cap:g}"


def cap_of(word: str) -> float | None:
    """The cap that `cap_word` wrote.

    Raises:
        ValueError: it is neither a positive number nor "off".
    """
    if word == "off":
        return None
    cap = float(word)
    if not 0 < cap < float("inf"):
        raise ValueError(f"a softcap is a number above 0 or off; got {word}")
    return cap
