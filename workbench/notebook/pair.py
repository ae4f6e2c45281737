"""A pair in a notebook: what is compared, what the change did to the next token and to the heads."""

import numpy as np

from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.spec import HeadGrid, TokenStrip
from gemma2_workbench.notebook.frame import frame, section
from gemma2_workbench.notebook.run import changed, telling_metric
from gemma2_workbench.notebook.static import bars, grid, strip
from gemma2_workbench.traces.pair import Pair
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views.pairs import head_scores, next_token

_TOKENS, _NEXT = 150, 6


def pair_html(pair: Pair) -> str:
    """The page of a pair."""
    facts = [f"{len(pair.positions)} aligned tokens", pair.sentence]
    sides = {"Before": pair.before, "After": pair.after}
    changes = "".join(changed(trace) for trace in sides.values())
    texts = "" if pair.same_text else "".join(_text(pair, at, name) for at, name in enumerate(sides))
    return frame("Before and after", facts, changes, texts or _same(pair.before), _next_tokens(pair), _scores(pair))


def _same(trace: Trace) -> str:
    return _strip(trace, np.full(len(trace.tokens), np.nan), "The text.")


def _text(pair: Pair, side: int, name: str) -> str:
    trace = (pair.before, pair.after)[side]
    alone = np.ones(len(trace.tokens))
    alone[[places[side] for places in pair.positions]] = np.nan
    return _strip(trace, alone, f"{name}; tokens that the other text has not are coloured.")


def _strip(trace: Trace, values: np.ndarray, title: str) -> str:
    scale = Scale("sequential", 0.0, 1.0, "alone")
    return strip(TokenStrip(tuple(trace.tokens.display), values, scale, title), _TOKENS)


def _next_tokens(pair: Pair) -> str:
    divergence = pair.divergence
    if divergence is None:
        return section("The next token was not read (read=('prediction', ...)).", "")
    frame = next_token.table(pair).assign(best=lambda table: table[["p_before", "p_after"]].max(axis=1))
    top = frame.nlargest(_NEXT, "best")
    columns = {"before": top["p_before"].tolist(), "after": top["p_after"].tolist()}
    title = f"Next token: KL(before || after) {divergence:.3g} nats."
    return section(title, bars(top["token"].tolist(), columns))


def _scores(pair: Pair) -> str:
    if any("folds" not in trace.readings for trace in (pair.before, pair.after)):
        return section("Statistics of the heads were not read (read=('folds', ...)).", "")
    spec = head_scores.figure(head_scores.table(pair, telling_metric(pair.before)))
    assert isinstance(spec, HeadGrid)
    if not np.nan_to_num(spec.values).any():
        return section(f"No head attends otherwise: no {spec.scale.label}.", "")
    return grid(spec)
