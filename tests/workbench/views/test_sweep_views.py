"""Views of a sweep keep the contract of views, and show the numbers of the sweep."""

import numpy as np
import pytest

from gemma2_workbench import SWEEP_PAIR_VIEWS, SWEEP_VIEWS, Sweep, SweepPair, View, head_page, table
from gemma2_workbench.figures import paper, screen
from gemma2_workbench.figures.spec import Bars, Panels, Scatter, TokenStrip
from gemma2_workbench.sweeps.statistics import STATISTICS
from gemma2_workbench.views import sweep_view_named
from gemma2_workbench.views.sweeps import labels


@pytest.mark.parametrize("view", [*SWEEP_VIEWS, *SWEEP_PAIR_VIEWS], ids=lambda view: view.name)
def test_table_and_figure(view: View, swept: Sweep) -> None:
    frame = view.table(SweepPair(swept, swept) if view in SWEEP_PAIR_VIEWS else swept)
    assert tuple(frame.columns) == view.columns
    assert len(frame)
    assert len(view.help) > 100
    spec = view.figure(frame)
    assert screen.render(spec).data
    assert paper.render(spec, "pdf").startswith(b"%PDF")


def test_every_statistic_has_a_label() -> None:
    assert tuple(each.name for each in STATISTICS) == labels.STATISTICS


def test_the_ranking_is_of_the_means_with_intervals_of_the_bootstrap(swept: Sweep) -> None:
    frame = table(swept, "ranked", by="entropy")
    assert frame["mean"].is_monotonic_decreasing
    assert len(frame) == 36
    row = frame.iloc[7]
    place = (swept.heads["layer"] == row["layer"]) & (swept.heads["head"] == row["head"])
    (here,) = swept.heads.loc[place & (swept.heads["statistic"] == "entropy")].to_dict("records")
    assert row["mean"] == here["texts_mean"] == swept.scores["entropy"][row["layer"], row["head"]]
    error = 1.959964 * np.nanstd(here["replicates"], ddof=1)
    assert (row["low"], row["high"]) == pytest.approx((max(row["mean"] - error, 0), row["mean"] + error))
    some = table(swept, "ranked", by="entropy", badge="induction", layers="global")
    assert set(some["kind"]) == {"global"}
    assert all("induction" in badges for badges in some["badges"])
    assert some["rank"].tolist() == frame.loc[frame["name"].isin(some["name"]), "rank"].tolist()
    spec = sweep_view_named("ranked").figure(frame)
    assert isinstance(spec, Bars)
    assert spec.low is not None
    assert (len(spec.names), spec.low[7]) == (20, row["low"])


def test_two_statistics_of_a_head_are_one_point(swept: Sweep) -> None:
    spec = sweep_view_named("scatter").figure(table(swept, "scatter", x="distance", y="first_token"))
    assert isinstance(spec, Scatter)
    at = spec.labels.index("L5H3")
    assert (spec.x[at], spec.y[at]) == (swept.scores["distance"][5, 3], swept.scores["first_token"][5, 3])
    assert {*spec.groups} == {"local layer (sliding window)", "global layer"}
    assert int(np.nanargmax(spec.x)) in spec.named


def test_the_page_of_a_head_has_its_numbers_without_the_model(swept: Sweep) -> None:
    page = head_page(swept, 5, 3)
    numbers = page.statistics.set_index("statistic")
    assert numbers.at["induction", "rank"] == 1 + (swept.scores["induction"] > swept.scores["induction"][5, 3]).sum()
    counts = page.histograms.groupby("statistic")["count"].sum()
    assert counts["entropy"] == numbers.at["entropy", "tokens_count"]
    for example in page.of("induction"):
        assert np.nanargmax(example.known) == example.peak
        assert example.text in set(swept.texts["text"])
        assert np.isnan(example.known[example.query + 1 :]).all()
    with pytest.raises(ValueError, match="side='middle' has no examples; choose top, bottom"):
        page.of("induction", "middle")


def test_an_example_is_drawn_over_its_text_with_the_query_framed(swept: Sweep) -> None:
    view, page = sweep_view_named("examples"), head_page(swept, 5, 3)
    spec = view.figure(view.table(swept, layer=5, head=3, number=2))
    assert isinstance(spec, Panels)
    for strip, example in zip(spec.figures, page.of("induction"), strict=False):
        assert isinstance(strip, TokenStrip)
        assert strip.mark is not None
        assert strip.tokens[strip.mark] == example.tokens[example.query]
        assert np.nanmax(strip.values) == pytest.approx(example.row.max())
    sample = view.table(swept, layer=5, head=3, side="sample", number=4)
    assert sample.groupby(["side", "rank"], sort=False)["value"].first().is_monotonic_decreasing


def test_what_is_not_there_is_said_with_what_is(swept: Sweep) -> None:
    for options, message in (
        ({"view": "head", "layer": 6}, "layer=6 does not exist; allowed: 0..5"),
        ({"view": "ranked", "by": "loss"}, "by='loss' is not allowed; choose induction, previous_token"),
        (
            {"view": "ranked", "layers": "linear"},
            "the model has no linear layers; choose layers=all or local or global",
        ),
        ({"view": "examples", "number": 0}, "number 0 must be at least 1"),
        ({"view": "attention"}, "the views of a sweep are atlas, ranked, scatter, head, examples"),
    ):
        with pytest.raises(ValueError, match=message):
            table(swept, **options)
