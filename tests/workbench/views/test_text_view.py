"""The text view: one row or one column of a map, read along the text."""

import numpy as np
import pandas as pd
import pytest

from gemma2_workbench import Trace, view_named
from gemma2_workbench.views import table


def test_a_query_shows_its_row(trace: Trace) -> None:
    frame = table(trace, "text", layer=2, head=1, query=9)
    row = table(trace, "attention", layer=2, head=1, rows="9:10")
    for column in ("value", "reason", "key"):
        pd.testing.assert_series_equal(frame[column], row[column], check_dtype=False)
    assert list(frame["key_token"]) == list(trace.tokens.display)
    assert view_named("text").figure(frame).scale.high == row["value"].max()
    assert frame["value"].sum() == pytest.approx(1, abs=1e-5)


def test_a_key_shows_its_column(trace: Trace) -> None:
    frame = table(trace, "text", layer=0, head=3, key=4, stage="contribution")
    column = table(trace, "attention", layer=0, head=3, keys="4:5", stage="contribution")
    np.testing.assert_array_equal(frame["value"], column["value"])
    assert frame["value"].isna()[:4].all()
    spec = view_named("text").figure(frame)
    assert spec.title == f"Layer 0, head 3: contribution to key 4 “{trace.tokens.display[4]}”"
    assert spec.tokens == trace.tokens.display


def test_without_a_head_it_is_the_mean_and_says_so(trace: Trace) -> None:
    frame = table(trace, "text", layer=1, positions="0:20")
    last = len(trace.tokens) - 1
    each = [
        table(trace, "attention", layer=1, head=n, rows=f"{last}:{last + 1}")["value"][:20] for n in range(trace.heads)
    ]
    np.testing.assert_allclose(frame["value"], np.mean(each, axis=0), rtol=1e-6)
    spec = view_named("text").figure(frame)
    assert spec.title == f"Layer 1, mean over the heads: probability from query {last} “{trace.tokens.display[-1]}”"
    assert spec.scale.label == "mean probability"


def test_a_query_and_a_key_together_are_refused(trace: Trace) -> None:
    with pytest.raises(ValueError, match="query=3 and key=1 name one cell; give the query alone"):
        table(trace, "text", query=3, key=1)
