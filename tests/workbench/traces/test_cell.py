"""The story of a cell: every number equals the one that stock Gemma 2 or a hook of the model gives."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from gemma2_workbench import STAGES, LoadedModel, SetSoftcap, Trace, capture, load, view_named
from gemma2_workbench.figures import paper, screen
from gemma2_workbench.figures.spec import Panels, TokenMap
from gemma2_workbench.model import Reason, attached
from gemma2_workbench.model.attention import Gemma2Attention
from gemma2_workbench.traces.cell import around, inspect_cell, row_of, strongest_key
from gemma2_workbench.views import table

TEXT = "The President of the United States met Emma in Paris. The President of the United States spoke to Emma."
# A random twin whose cap bites; layer 0 is local with a window of 7, layer 1 global.
CELLS = [(0, 1, 20, 17), (0, 3, 20, 20), (1, 2, 20, 3), (3, 0, 9, 0), (2, 1, 0, 0)]


@pytest.fixture(scope="module")
def folder(twin_folder: Callable[..., Path]) -> Path:
    return twin_folder(attn_logit_softcapping=8.0)


@pytest.fixture(scope="module")
def twin(folder: Path) -> LoadedModel:
    return load(folder)


@pytest.fixture(scope="module")
def told(twin: LoadedModel) -> Trace:
    return capture(twin, TEXT)


@pytest.fixture(scope="module")
def hooked(twin: LoadedModel, told: Trace) -> dict[str, torch.Tensor]:
    """Every tensor of the attention hook points in one pass over the same ids, without the batch axis."""
    seen: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Any:
        return lambda _module, _args, out: seen.__setitem__(name, out[0].detach().clone())

    points = ("attn_logits", "attn_scores", "attn_probs", "v")
    names = [f"layers.{i}.self_attn.{point}" for i in range(len(told.layers)) for point in points]
    with torch.no_grad(), attached(twin.trunk, {name: keep(name) for name in names}):
        twin.trunk(torch.tensor([told.tokens.ids]), use_cache=False)
    return seen


def written_by_o_proj(attention: Gemma2Attention, head: int, value_H: torch.Tensor) -> torch.Tensor:
    """What the whole output projection makes of one head's vector when all other heads say nothing, [D]."""
    heads = torch.zeros(attention.o_proj.in_features).view(-1, attention.head_dim)
    heads[head] = value_H
    with torch.no_grad():
        return attention.o_proj(heads.flatten())


@pytest.mark.parametrize(("layer", "head", "query", "key"), CELLS)
def test_five_numbers_are_those_of_the_hook_points(
    twin: LoadedModel, told: Trace, hooked: dict[str, torch.Tensor], layer: int, head: int, query: int, key: int
):
    cell = inspect_cell(told, layer, head, query, key)
    assert [step.stage for step in cell.steps] == list(STAGES)
    logit, score, masked, prob, contribution = (step.value for step in cell.steps)
    prefix = f"layers.{layer}.self_attn."
    for name, value in (("attn_logits", logit), ("attn_scores", score), ("attn_scores", masked), ("attn_probs", prob)):
        assert value == pytest.approx(hooked[prefix + name][head, query, key].item(), rel=1e-5, abs=1e-6)
    # The value that this key adds, sent through the model's own output projection alone.
    weighted = prob * hooked[prefix + "v"][head // 2, key]
    exact = written_by_o_proj(twin.attention(layer), head, weighted).norm().item()
    assert contribution == pytest.approx(exact, rel=1e-5)


def test_probabilities_are_those_of_stock_gemma_2(folder: Path, told: Trace):
    stock = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        maps = stock(torch.tensor([told.tokens.ids]), output_attentions=True).attentions
    for layer, head, query, key in CELLS:
        cell = inspect_cell(told, layer, head, query, key)
        assert cell.steps[3].value == pytest.approx(maps[layer][0, head, query, key].item(), rel=1e-4, abs=1e-6)


def test_the_row_adds_up_to_what_the_head_writes(twin: LoadedModel, told: Trace, hooked: dict[str, torch.Tensor]):
    layer, head, query = 1, 2, 18
    row = row_of(told, layer, head, query)
    values = hooked[f"layers.{layer}.self_attn.v"][head // 2]
    probs = hooked[f"layers.{layer}.self_attn.attn_probs"][head, query]
    attention = twin.attention(layer)
    lengths = [written_by_o_proj(attention, head, p * v).norm().item() for p, v in zip(probs, values, strict=True)]
    visible = row[row["reason"] == Reason.VISIBLE]
    assert len(visible) == query + 1
    assert visible["contribution"].tolist() == pytest.approx(lengths[: query + 1], rel=1e-4)
    assert visible["share"].tolist() == pytest.approx([n / sum(lengths) for n in lengths[: query + 1]], rel=1e-4)
    assert visible["share"].sum() == pytest.approx(1)
    assert visible["attn_probs"].sum() == pytest.approx(1, abs=1e-5)
    best = visible.sort_values("attn_probs", ascending=False)
    assert best["rank"].tolist() == list(range(1, query + 2))
    assert strongest_key(told, layer, head, query) == best["key"].iloc[0]


def test_what_happened_between_the_stages_is_told(told: Trace):
    logit, score = (step.value for step in inspect_cell(told, 1, 2, 20, 3).steps[:2])
    words = [step.between for step in inspect_cell(told, 1, 2, 20, 3).steps]
    assert words[0] == f"q . k = {logit * 4:.4g}, times 0.25"
    assert abs(logit) - abs(score) > 0.01, "the cap must bite for this test to mean anything"
    assert words[1].startswith("the cap c = 8 ")
    lost = float(words[1].removesuffix(" off").removesuffix(" closer to 0").split()[-1])
    assert lost == pytest.approx(abs(logit) - abs(score), rel=1e-3)
    assert words[2] == "visible: 17 tokens back"
    assert words[3].startswith("softmax over the 21 keys this query sees: rank ")
    local = inspect_cell(told, 0, 0, 20, 19).steps
    assert local[2].between == "visible: 1 token back, the window holds 7"


@pytest.mark.parametrize(
    ("query", "key", "reason", "why"),
    [
        (20, 13, Reason.OUTSIDE_WINDOW, "hidden: outside window, 7 tokens back and the window holds 7"),
        (4, 5, Reason.FUTURE, "hidden: future, 1 token later"),
    ],
)
def test_a_hidden_cell_says_why_and_has_no_more_numbers(told: Trace, query: int, key: int, reason: Reason, why: str):
    cell = inspect_cell(told, 0, 0, query, key)
    assert cell.reason == reason
    assert cell.rank is None
    values = [step.value for step in cell.steps]
    assert [value == value for value in values] == [True, True, False, False, False]
    assert cell.share != cell.share
    assert cell.steps[2].between == why


def test_without_a_cap_nothing_is_taken_off(twin: LoadedModel):
    free = capture(twin, TEXT, interventions=[SetSoftcap(None)], parity=False)
    cell = inspect_cell(free, 1, 2, 20, 3)
    assert cell.steps[0].value == cell.steps[1].value
    assert cell.steps[1].between == "this layer has no softcap"


def test_a_cap_that_does_nothing_says_so(twin: LoadedModel):
    wide = capture(twin, TEXT, interventions=[SetSoftcap(1e6)], parity=False)
    assert inspect_cell(wide, 1, 2, 20, 3).steps[1].between == "the cap c = 1e+06 took less than a millionth off"


def test_the_view_marks_the_cell_in_all_stages(told: Trace):
    view = view_named("cell")
    frame = view.table(told, layer=1, head=2, query=12, key=5)
    chosen = frame[frame["chosen"]]
    cell = inspect_cell(told, 1, 2, 12, 5)
    assert chosen["stage"].tolist() == list(STAGES)
    assert chosen["value"].tolist() == pytest.approx([step.value for step in cell.steps], rel=1e-5)
    assert chosen["share"].dropna().tolist() == pytest.approx([cell.share], rel=1e-5)
    maps: Any = view.figure(frame).figures
    assert [plain.mark for plain in maps] == [(12, 5)] * 5
    assert {plain.values.shape for plain in maps} == {(17, 17)}


def test_the_view_begins_at_the_strongest_key_of_the_last_token(told: Trace):
    first = table(told, "cell").query("chosen").iloc[0]
    probs = told.stage(0, 0, "attn_probs")[-1].nan_to_num()
    assert (first["query"], first["key"]) == (len(told.tokens) - 1, int(probs.argmax()))


def test_surroundings_stay_inside_the_text():
    assert around(0, 40, 17) == range(17)
    assert around(20, 40, 17) == range(12, 29)
    assert around(39, 40, 17) == range(23, 40)
    assert around(1, 3, 17) == range(3)


def test_a_cell_that_is_not_there_is_refused(told: Trace):
    last = len(told.tokens) - 1
    with pytest.raises(ValueError, match=f"key {last + 1} does not exist; allowed: 0..{last}"):
        inspect_cell(told, 0, 0, 1, last + 1)
    with pytest.raises(ValueError, match="head 4 does not exist"):
        inspect_cell(told, 0, 4, 1, 1)
    with pytest.raises(ValueError, match="query=99 does not exist"):
        table(told, "cell", query=99)


def test_the_mark_is_drawn_around_the_cell_on_screen_and_paper(told: Trace):
    view = view_named("cell")
    spec = view.figure(view.table(told, layer=1, head=2, query=12, key=5))
    loops = [trace for trace in screen.render(spec).data if trace.type == "scatter" and len(trace.x) == 5]
    corners = {(min(loop.x), max(loop.x), min(loop.y), max(loop.y)) for loop in loops}
    assert corners == {(4.5, 5.5, 11.5, 12.5)}
    assert {loop.xaxis for loop in loops} == {"x", "x2", "x3", "x4", "x5"}
    assert isinstance(spec, Panels)
    maps = [one for one in spec.figures if isinstance(one, TokenMap)]
    assert len(maps) == 5
    plain = Panels(tuple(replace(one, mark=None) for one in maps), spec.columns, spec.title)
    assert paper.render(spec, "svg") != paper.render(plain, "svg")
    with pytest.raises(ValueError, match=r"TokenMap.mark must be a row and a column of the map; got \(40, 5\)"):
        replace(maps[0], mark=(40, 5))
