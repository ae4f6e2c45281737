"""Views of a pair against transformers' eager Gemma 2 with the changed cap or window in its config."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Gemma2ForCausalLM

from gemma2_workbench import (
    LoadedModel,
    Pair,
    Prediction,
    SetFinalSoftcap,
    SetSoftcap,
    SetWindow,
    Trace,
    capture,
    compare,
    load,
    table,
)
from gemma2_workbench.figures.spec import Panels
from gemma2_workbench.traces.interventions import Intervention
from gemma2_workbench.traces.pair import HIDDEN_AFTER, HIDDEN_BEFORE
from gemma2_workbench.views import pair_view_named

TEXT = "The President of the United States met Emma in Paris, and Emma was glad to see the President. " * 2
CAP = 4.0  # so low that the random twin's logits, of both kinds, go far beyond it
WINDOW = 7
READ = ("attention", "prediction")


@pytest.fixture(scope="module")
def folder(twin_folder: Callable[..., Path]) -> Path:
    return twin_folder(attn_logit_softcapping=CAP, final_logit_softcapping=CAP, sliding_window=WINDOW)


@pytest.fixture(scope="module")
def twin(folder: Path) -> LoadedModel:
    return load(folder)


@pytest.fixture(scope="module")
def run(twin: LoadedModel) -> Trace:
    return capture(twin, TEXT, read=READ, parity=False)


@pytest.fixture(scope="module")
def real(folder: Path, run: Trace) -> Any:
    return eager(folder, run)


def eager(folder: Path, trace: Trace, **config: Any) -> Any:
    """Logits and attention maps of stock transformers with some of its config changed."""
    model = Gemma2ForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32, **config)
    with torch.no_grad():
        return model.eval()(torch.tensor([trace.tokens.ids]), output_attentions=True)


def changed(twin: LoadedModel, run: Trace, change: Intervention) -> Pair:
    return compare(run, capture(twin, TEXT, interventions=[change], read=READ, parity=False))


CHANGES = [
    *((SetSoftcap(cap), {"attn_logit_softcapping": cap}) for cap in (1.5, 60.0, None)),
    *((SetWindow(window), {"sliding_window": window}) for window in (1, 3, 12)),
]


@pytest.mark.parametrize(("change", "config"), CHANGES, ids=lambda each: getattr(each, "sentence", ""))
def test_maps_and_divergence_are_those_of_transformers(
    folder: Path, twin: LoadedModel, run: Trace, real: Any, change: Intervention, config: dict[str, Any]
) -> None:
    pair = changed(twin, run, change)
    stock = eager(folder, run, **config)
    for layer in range(len(run.layers)):
        for head in range(run.heads):
            frame = table(pair, "difference", layer=layer, head=head)
            old, new = (out.attentions[layer][0, head].flatten().numpy() for out in (real, stock))
            np.testing.assert_allclose(frame["before"].fillna(0), old, atol=1e-4)
            np.testing.assert_allclose(frame["after"].fillna(0), new, atol=1e-4)
            both = (frame["state"] == "visible").to_numpy()
            np.testing.assert_allclose(frame["difference"][both], (new - old)[both], atol=2e-4)
            assert frame["difference"][~both].isna().all()
    before, after = (torch.log_softmax(out.logits[0, -1].double(), -1) for out in (real, stock))
    expected = float((before.exp() * (before - after)).sum())
    assert expected > 1e-4
    assert pair.divergence == pytest.approx(expected, abs=1e-4)
    for trace, log in ((pair.before, before), (pair.after, after)):
        entropy = -float((log.exp() * log).sum())
        assert trace.reading("prediction", Prediction).entropy == pytest.approx(entropy, abs=1e-4)


@pytest.mark.parametrize(("window", "state"), [(3, "hidden_after"), (12, "hidden_before")])
def test_cells_between_two_windows_are_hidden_on_one_side(
    twin: LoadedModel, run: Trace, window: int, state: str
) -> None:
    pair = changed(twin, run, SetWindow(window))
    near, far = sorted((window, WINDOW))
    for layer in range(4):
        frame = table(pair, "difference", layer=layer, head=1)
        back = frame["query"] - frame["key"]
        one_sided = (near <= back) & (back < far) & (layer % 2 == 0)
        assert (frame["state"] == state).equals(one_sided)
        hidden = (back < 0) | ((back >= far) & (layer % 2 == 0))
        assert frame["difference"].isna().equals(hidden | one_sided)
        figure = pair_view_named("difference").figure(frame)
        assert isinstance(figure, Panels)
        code = {"hidden_before": HIDDEN_BEFORE, "hidden_after": HIDDEN_AFTER}[state]
        assert (figure.figures[2].hidden() == code).sum() == one_sided.sum()
        scale = figure.figures[2].scale
        assert scale.low == -scale.high == -frame["difference"].abs().max()


def test_moved_rows_are_those_whose_argmax_is_another_one(
    folder: Path, twin: LoadedModel, run: Trace, real: Any
) -> None:
    # A window moves rows of local layers: the strongest key itself may be hidden after the change, or before.
    for change, config in ((SetSoftcap(60.0), {"attn_logit_softcapping": 60.0}), (SetWindow(2), {"sliding_window": 2})):
        pair, stock = changed(twin, run, change), eager(folder, run, **config)
        counts = []
        for layer in (0, 3):
            for head in range(run.heads):
                old, new = (out.attentions[layer][0, head] for out in (real, stock))
                lost = new.amax(-1) - new.gather(-1, old.argmax(-1, keepdim=True))[:, 0]
                # Rows whose two strongest keys are equal to within rounding may go either way.
                clear = (old.topk(2).values.diff().abs() > 1e-4)[:, 0] & (lost > 1e-4)
                moved = pair.moved_rows(layer, head).tolist()
                assert set(torch.nonzero(clear)[:, 0].tolist()) <= set(moved)
                assert all(lost[row] > -1e-4 for row in moved)
                counts.append(len(moved))
        assert max(counts) > 3
    assert len(changed(twin, run, SetSoftcap(60.0)).moved_rows(0, 0)) == 0, "tanh keeps the order of layer 0"


def test_moved_rows_of_several_blocks_and_of_two_texts(loaded: LoadedModel) -> None:
    runs = [capture(loaded, text, parity=False) for text in (TEXT * 4, f"Yesterday {TEXT * 4}")]
    pair = compare(*runs)
    assert len(pair.positions) > 128
    for layer in (2, 3):
        here, there = (
            trace.stage(layer, 2).nan_to_num(nan=-torch.inf)[places][:, places]
            for trace, places in zip(runs, map(list, zip(*pair.positions, strict=True)), strict=True)
        )
        lost = there.gather(-1, here.argmax(-1, keepdim=True))[:, 0] < there.amax(-1)
        assert lost.any()
        assert pair.moved_rows(layer, 2).tolist() == torch.nonzero(lost)[:, 0].tolist()


@pytest.mark.parametrize("cap", [20.0, None])
def test_another_final_cap_gives_the_next_tokens_of_transformers(
    folder: Path, twin: LoadedModel, run: Trace, real: Any, cap: float | None
) -> None:
    pair = changed(twin, run, SetFinalSoftcap(cap))
    stock = eager(folder, run, final_logit_softcapping=cap)
    before, after = (trace.reading("prediction", Prediction) for trace in (pair.before, pair.after))
    torch.testing.assert_close(after.capped, stock.logits[0, -1], atol=1e-3, rtol=1e-4)
    assert after.capped.argmax() == before.capped.argmax(), "tanh keeps the order"
    assert after.entropy < before.entropy, "a higher cap leaves larger gaps"
    frame = table(pair, "next_token")
    for column, out in (("p_before", real), ("p_after", stock)):
        probs = out.logits[0, -1].double().softmax(-1)
        np.testing.assert_allclose(frame[column], probs[frame["id"].tolist()], rtol=1e-3)
        assert set(probs.topk(5).indices.tolist()) <= set(frame["id"])
    assert frame["p_before"].is_monotonic_decreasing


@pytest.mark.parametrize("change", [SetSoftcap(CAP), SetFinalSoftcap(CAP), SetWindow(WINDOW)], ids=str)
def test_the_models_own_numbers_change_nothing(twin: LoadedModel, run: Trace, change: Intervention) -> None:
    pair = changed(twin, run, change)
    assert table(pair, "difference", layer=2, head=1)["difference"].fillna(0).eq(0).all()
    assert pair.divergence == pytest.approx(0, abs=1e-6)
    assert not pair.after.effects[0].changed
    assert not len(pair.moved_rows(2, 1))
