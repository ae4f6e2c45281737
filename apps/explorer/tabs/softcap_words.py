"""What the softcap tab says about its pictures, in plain words."""

import math
from typing import Any

import pandas as pd

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.components.cap_slider.component import cap_word
from gemma2_workbench.views import softcap_curve
from gemma2_workbench.what_if.softcap import OtherSoftcap, Shift, moved_rows


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


def change_facts(result: OtherSoftcap, layer: int, head: int) -> dict[str, Any]:
    """The badge and the numbers of another attention cap, for the status line."""
    moved, rows = len(moved_rows(result.before, result.after, layer, head)), len(result.before.tokens)
    about = f"queries of layer {layer}, head {head} whose strongest key is another one than in the real model"
    facts = [
        {"text": "modified model", "kind": "warn", "hint": ", ".join(result.after.changes)},
        {"text": f"attention cap {cap_word(result.cap)}"},
        {"text": f"{moved} of {rows} rows have another strongest key", "hint": about},
    ]
    return {"facts": facts + (_shift_facts(result.shift) if result.shift is not None else [])}


def change_words(result: OtherSoftcap, layer: int, shown: int) -> str:
    """What to know when reading the maps, `shown` tokens of which are drawn."""
    words = [
        "The whole model runs again with this cap in every layer: above layer 0, a head also reads other inputs than "
        "before."
    ]
    if layer == 0:
        words.append(
            "In layer 0 the strongest keys stay: its inputs are the same and tanh keeps their order; "
            "only how sharply the head prefers them changes."
        )
    if shown < len(result.before.tokens):
        words.append(f"The maps show the first {shown} of {len(result.before.tokens)} tokens.")
    return " ".join(words)


def own_final_facts(shift: Shift, cap: float | None) -> dict[str, Any]:
    """The numbers of the model's own final cap, for the status line."""
    return {"facts": [{"text": f"final cap {cap_word(cap)}, the model's own"}, _entropy(f"{shift.after.entropy:.3f}")]}


def final_facts(shift: Shift, cap: float | None) -> dict[str, Any]:
    """The badge and the numbers of another final cap, for the status line."""
    badge = {"text": "modified model", "kind": "warn", "hint": shift.change}
    return {"facts": [badge, {"text": f"final cap {cap_word(cap)}"}, *_shift_facts(shift)]}


def final_words(shift: Shift, cap: float | None) -> str:
    """What the final cap does to the logits of the next token."""
    size = float(shift.after.logits.abs().max())
    order = "The order of the tokens never changes, because tanh keeps it; a lower cap only makes them more alike."
    if cap is None:
        return f"The final cap is off: the largest logit has the size {size:.1f} and passes as it is. {order}"
    off = f"The largest raw final logit has the size {size:.1f}: tanh has taken {taken(size, cap):.1%} off it."
    return f"{off} {order}"


def _shift_facts(shift: Shift) -> list[dict[str, Any]]:
    before, after = shift.entropies
    hint = "KL(real || modified) of the distribution of the next token after the whole text"
    return [
        {"text": f"next token: KL {shift.divergence:.3g} nats", "hint": hint},
        _entropy(f"{before:.3f} → {after:.3f}"),
    ]


def _entropy(numbers: str) -> dict[str, Any]:
    return {"text": f"entropy {numbers} nats", "hint": "how spread the distribution of the next token is"}
