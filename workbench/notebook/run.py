"""A trace in a notebook: what was run, the tokens by the attention they receive, and a grid of the heads."""

import numpy as np
from torch import Tensor

from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.spec import HeadGrid, TokenStrip
from gemma2_workbench.figures.ticks import tick_text
from gemma2_workbench.notebook.frame import frame, sentence
from gemma2_workbench.notebook.static import grid, strip
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views import atlas


def run_html(trace: Trace) -> str:
    """The page of a trace."""
    facts = [
        f"{len(trace.tokens)} tokens",
        f"{len(trace.layers)} layers × {trace.heads} heads",
        f"read {', '.join(trace.readings)}",
        trace.model.dtype,
    ]
    told = "".join(sentence(f"{line[:1].upper()}{line[1:]}.") for line in trace.model.sentences)
    exact = sentence(f"Numbers {trace.parity.sentence}.")
    return frame(trace.model.name, facts, changed(trace), told, exact, *_body(trace))


def changed(trace: Trace) -> str:
    """What was changed in the model, and what that did; nothing of the real model."""
    proofs = [f" ({effect.sentence})" for effect in trace.effects] or [""] * len(trace.changes)
    lines = (f"{change}{proof}" for change, proof in zip(trace.changes, proofs, strict=True))
    return "".join(sentence(f"Modified model: {line}", flag=True) for line in lines)


def _body(trace: Trace) -> tuple[str, ...]:
    if "folds" not in trace.readings:
        tokens = tuple(trace.tokens.display)
        scale = Scale("sequential", 0.0, 1.0, "nothing")
        title = "The tokens; how much attention they receive was not read (read=('folds', ...))."
        return (strip(TokenStrip(tokens, np.full(len(tokens), np.nan), scale, title)),)
    return _received(trace, trace.folds["received"]), grid(_heads(trace))


def _received(trace: Trace, received_LNT: Tensor) -> str:
    """The tokens by the attention they receive; the scale ends at the second place if the first token has it all."""
    values_T = received_LNT.double().mean((0, 1)).numpy()
    largest = float(values_T[1:].max(initial=0.0)) or float(values_T[0]) or 1.0
    label = "attention received"
    note = f"The first token receives {tick_text(float(f'{values_T[0]:.3g}'))}, more than the scale holds."
    title = (
        "Attention that each token receives from all queries, mean over layers and heads: "
        f"0 to {tick_text(float(f'{largest:.3g}'))}."
    )
    spec = TokenStrip(tuple(trace.tokens.display), values_T, Scale("sequential", 0.0, largest, label), title)
    return strip(spec, notes=(note,) if values_T[0] > largest else ())


def _heads(trace: Trace) -> HeadGrid:
    spec = atlas.figure(atlas.table(trace, telling_metric(trace)))
    assert isinstance(spec, HeadGrid)
    return spec


def telling_metric(trace: Trace) -> str:
    """The quantity of the head atlas that a text is told by: induction where tokens repeat, else entropy."""
    return "induction" if trace.folds["induction"].isfinite().any() else "entropy"
