"""What the softcap tab says about its pictures, in plain words."""

import math
from typing import Any

import pandas as pd

from gemma2_workbench import Pair, Prediction, Trace
from gemma2_workbench.apps.explorer.components.cap_slider.component import cap_word
from gemma2_workbench.apps.explorer.tabs.comparison import badge, entropy_fact, moved_fact, part_words, shift_facts
from gemma2_workbench.views import softcap_curve


def taken(size: float, cap: float) -> float:
    """The share that tanh has taken off a logit of this size, 1 - c tanh(a / c) / a."""
    return 1 - cap * math.tanh(size / cap) / size if size else 0.0


def head_words(trace: Trace, layer: int, head: int, frame: pd.DataFrame) -> str:
    """What the cap does to one head; `frame` is its table of the view `softcap_curve`."""
    info = trace.layers[layer]
    who = f"**Layer {layer} ({info.kind}), head {head}**"
    if info.softcap is None:
        return f"{who}: the softcap is off in this layer, every logit passes as it is."
    size, cap = float(trace.folds["largest_logit"][layer, head]), info.softcap
    visible = float(trace.folds["visible"][layer, head])
    half, most = (float(trace.folds[name][layer, head]) / visible for name in ("beyond_half", "beyond_most"))
    rows = frame.loc[frame["part"] == softcap_curve.ROW, "y"]
    return (
        f"{who}, cap {cap:g}. The largest raw logit has the size {size:.1f}: tanh has taken {taken(size, cap):.1%} off "
        f"it. {half:.1%} of the {visible:,.0f} visible cells lie beyond half the cap, where tanh has taken "
        f"{taken(0.5, 1):.1%} off, and {most:.1%} beyond 0.9 of it ({taken(0.9, 1):.1%} off). Without the cap the same "
        f"raw logits would give an attention that is {rows.mean():.2g} nats away on average (KL), and {rows.max():.2g} "
        f"nats at most, at query {int(rows.to_numpy().argmax())}."
    )


def change_facts(pair: Pair, layer: int, head: int) -> dict[str, Any]:
    """The badge and the numbers of another attention cap, for the status line."""
    cap = {"text": f"attention cap {cap_word(pair.after.layers[0].softcap)}"}
    return {"facts": [badge(pair), cap, moved_fact(pair, layer, head), *shift_facts(pair)]}


def change_words(pair: Pair, layer: int) -> str:
    """What to know when reading the maps."""
    words = [
        "The whole model runs again with this cap in every layer: above layer 0, a head also reads other inputs than "
        "before."
    ]
    if layer == 0:
        words.append(
            "In layer 0 the strongest keys stay: its inputs are the same and tanh keeps their order; "
            "only how sharply the head prefers them changes."
        )
    return " ".join([*words, part_words(pair)]).rstrip()


def final_facts(pair: Pair, cap: float | None) -> dict[str, Any]:
    """The numbers of a final cap, the model's own or another one with its badge, for the status line."""
    if not pair.after.interventions:
        entropy = entropy_fact(f"{pair.after.reading('prediction', Prediction).entropy:.3f}")
        return {"facts": [{"text": f"final cap {cap_word(cap)}, the model's own"}, entropy]}
    return {"facts": [badge(pair), {"text": f"final cap {cap_word(cap)}"}, *shift_facts(pair)]}


def final_words(prediction: Prediction, cap: float | None) -> str:
    """What the final cap does to the logits of the next token."""
    size = float(prediction.logits.abs().max())
    order = "The order of the tokens never changes, because tanh keeps it; a lower cap only makes them more alike."
    if cap is None:
        return f"The final cap is off: the largest logit has the size {size:.1f} and passes as it is. {order}"
    off = f"The largest raw final logit has the size {size:.1f}: tanh has taken {taken(size, cap):.1%} off it."
    return f"{off} {order}"
