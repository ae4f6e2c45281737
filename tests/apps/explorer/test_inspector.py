"""The inspector's numbers are the library's, for visible and hidden cells, and for heads that are off."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gemma2_workbench import AblateHeads, LoadedModel, Patch, Trace, capture
from gemma2_workbench.apps.explorer.cell_json import as_json, story
from gemma2_workbench.traces.cell import inspect_cell
from gemma2_workbench.traces.stages import STAGES


@pytest.fixture(scope="module")
def plain(make_trace: Callable[..., Trace]) -> Trace:
    return make_trace([f"t{i}" for i in range(12)])


def told(trace: Trace, *place: int) -> Any:
    return json.loads(as_json(story(trace, *place)))


@pytest.mark.parametrize("layer", [0, 1], ids=["local", "global"])
@pytest.mark.parametrize("key", [9, 8, 3, 11], ids=["itself", "before", "far", "later"])
def test_a_cell_is_told_as_the_library_has_it(plain: Trace, layer: int, key: int) -> None:
    cell, found = inspect_cell(plain, layer, 2, 9, key), told(plain, layer, 2, 9, key)
    values = [found["values"][name] for name in STAGES]
    np.testing.assert_array_equal(
        [np.nan if value is None else value for value in values], [s.value for s in cell.steps]
    )
    assert (found["hidden"] or "visible") == cell.reason.name.lower()
    assert (found["rank"], found["visible"]) == (cell.rank, cell.visible)
    others = [plain.stage(layer, head, "attn_probs", range(9, 10), range(key, key + 1)).item() for head in range(4)]
    np.testing.assert_array_equal([np.nan if one is None else one for one in found["heads"]], others)


def test_the_row_is_ranked_and_adds_up(plain: Trace) -> None:
    row = told(plain, 1, 0, 9, 4)["row"]
    assert [one["prob"] for one in row] == sorted((one["prob"] for one in row), reverse=True)
    assert {one["key"] for one in row} == set(range(10))
    assert sum(one["prob"] for one in row) == pytest.approx(1, abs=1e-5)


def test_both_sides_are_seen_where_the_mask_is_bidirectional(plain: Trace) -> None:
    layers = tuple(replace(layer, causal=False) for layer in plain.layers)
    found = told(replace(plain, layers=layers), 1, 0, 2, 9)
    assert (found["hidden"], found["visible"], found["causal"]) == (None, 12, False)


def test_a_head_that_is_off_writes_nothing(loaded: LoadedModel) -> None:
    off = capture(loaded, "red blue red blue", interventions=[AblateHeads(((5, 3),))], parity=False)
    found = told(off, 5, 3, 3, 1)
    assert (found["off"], found["values"]["contribution"]) == (True, 0)
    assert found["values"]["attn_probs"] > 0
    assert {one["contribution"] for one in found["row"]} == {0}
    assert told(off, 5, 2, 3, 1)["off"] is False


def test_patched_probabilities_are_refused_in_words(loaded: LoadedModel) -> None:
    patch = Patch("probabilities", 5, 3, "red nine red nine")
    with torch.no_grad(), pytest.raises(ValueError, match="were patched"):
        story(capture(loaded, "red blue red blue", interventions=[patch], parity=False), 5, 3, 3, 1)
