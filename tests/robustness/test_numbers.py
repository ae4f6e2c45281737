"""Numbers that cannot be, as options of runs and figures: refused in one sentence that names the option."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemma2_workbench import (
    AblateHead,
    LoadedModel,
    SetCausal,
    SetFinalSoftcap,
    SetSoftcap,
    SetWindow,
    capture,
    load,
    predict,
)
from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.finetune.settings import Settings
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.records.output import Output
from gemma2_workbench.traces.interventions import from_data

NAN, INF, HUGE = float("nan"), float("inf"), 10**30
# More digits than Python converts.
ENDLESS = "9" * 5000
NO_CAPS = (NAN, INF, -INF, -1.0, 0, 0.0, True, "5", [5.0], 10**400, b"5")
NO_SIZES = (NAN, INF, -1, 0, 1.5, 1e308, 2.0, True, "5", [5], HUGE, 10**5000)


@pytest.mark.parametrize("kind", [SetSoftcap, SetFinalSoftcap])
@pytest.mark.parametrize("cap", NO_CAPS, ids=lambda cap: str(cap)[:9])
def test_caps_that_cannot_be(kind: type[Any], cap: Any) -> None:
    with pytest.raises(ValueError, match=r"softcap .{1,45} must be above 0 and finite, or None to switch it off$"):
        kind(cap)


@pytest.mark.parametrize("window", NO_SIZES, ids=lambda size: type(size).__name__)
def test_windows_that_cannot_be(window: Any) -> None:
    with pytest.raises(ValueError, match=r"^window .{1,45} must be (a whole number|at (least|most) \d+), or None"):
        SetWindow(window)


@pytest.mark.parametrize("index", [NAN, 1.0, -1, True, "1", None, HUGE], ids=str)
def test_layers_and_heads_that_cannot_be(index: Any) -> None:
    for made in (
        lambda: AblateHead(index, 0),
        lambda: AblateHead(0, index),
        lambda: SetSoftcap(5.0, (0, index)),
        lambda: SetWindow(5, (index,)),
    ):
        with pytest.raises(ValueError, match=r"^(layer|head) .* must be"):
            made()


@pytest.mark.parametrize("layers", [(), 1, "01", 1.5, {0}], ids=str)
def test_layers_are_a_tuple(layers: Any) -> None:
    with pytest.raises(ValueError, match=r"^layers .* must be a tuple of layers"):
        SetSoftcap(5.0, layers)


@pytest.mark.parametrize("causal", ["off", 0, None])
def test_a_mask_is_causal_or_not(causal: Any) -> None:
    with pytest.raises(ValueError, match="must be True or False"):
        SetCausal(causal)


def test_numbers_of_numpy_are_numbers() -> None:
    assert SetSoftcap(np.float32(5), [np.int64(1)]) == SetSoftcap(5.0, (1,))
    assert type(SetWindow(np.int16(3)).window) is int
    assert SetWindow(2**63 - 1).window == 2**63 - 1


@pytest.mark.parametrize(
    "data", [None, [], "SetSoftcap", {"kind": ["SetSoftcap"]}, {"kind": {}}, {"kind": "SetSoftcap", "cap": 5}]
)
def test_data_that_is_no_intervention(data: Any) -> None:
    with pytest.raises(ValueError, match="is no intervention; known: SetSoftcap"):
        from_data(data)


@pytest.mark.parametrize(
    ("dtype", "cap"), [("float32", 1e39), ("float32", 1e308), ("float32", 1e-40), ("float16", 1e5), ("float16", 1e-6)]
)
def test_a_cap_is_one_that_the_dtype_holds(dtype: str, cap: float) -> None:
    model = load("tiny", dtype=dtype)
    for change in (SetSoftcap(cap), SetFinalSoftcap(cap)):
        with pytest.raises(ValueError, match=rf"softcap .* must be \S+ to \S+, what {dtype} holds"):
            predict(model, (2, 10, 11), [change])


@pytest.mark.parametrize("cap", [1.2e-38, 3.4e38])
def test_the_last_caps_that_the_dtype_holds_give_numbers(loaded: LoadedModel, cap: float) -> None:
    prediction = predict(loaded, (2, 10, 11), [SetSoftcap(cap), SetFinalSoftcap(cap)])
    assert prediction.capped.isfinite().all()


def test_a_window_beyond_the_text_is_none(loaded: LoadedModel) -> None:
    wide, none = (predict(loaded, range(2, 60), [SetWindow(window)]).capped for window in (2**63 - 1, None))
    assert wide.equal(none)
    both = [predict(loaded, range(2, 60), [SetCausal(False), SetWindow(window)]).capped for window in (10**12, None)]
    assert both[0].equal(both[1])


@pytest.mark.parametrize("option", ["block_rows", "budget_bytes"])
@pytest.mark.parametrize("value", [NAN, INF, -1, 1.5, 1e308, HUGE, "5", True], ids=str)
def test_options_of_a_capture(loaded: LoadedModel, option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{option} .* must be (a whole number|at (least|most) \d+)$"):
        capture(loaded, "Anna", parity=False, **{option: value})


@pytest.mark.parametrize("name", ["tokens", "window", "padding", "decode", "chunk", "slots"])
@pytest.mark.parametrize("value", [NAN, INF, -1, 1.5, HUGE, "5", True], ids=str)
def test_settings_of_masks(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name}=\S+ must be (a whole number|at (least|most) \d+)$"):
        Setting(**{"tokens": 8, "window": 3, name: value})


@pytest.mark.parametrize("dpi", [NAN, INF, 0, -1, 10**9, 300.5, "300", HUGE], ids=str)
def test_resolutions(dpi: Any) -> None:
    with pytest.raises(ValueError, match="dpi must lie between 30 and 1200; got"):
        Output("figure", "png", dpi=dpi)


@pytest.mark.parametrize("name", ["epochs", "batch", "seed", "rate"])
@pytest.mark.parametrize("value", [NAN, INF, -1], ids=str)
def test_settings_of_fine_tuning(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^--{name} .* must"):
        Settings(Path("data"), Path("out"), **{name: value})


RUNS = {
    "figure": ["figure", "atlas", "--text", "Anna met Bob", "--out", "a.png"],
    "why": ["why", "Anna met Bob.", "--out", "a.pdf"],
    "mask": ["mask", "--out", "a.pdf"],
}
FLAGS = [("figure", flag) for flag in ("--softcap", "--final-softcap", "--window", "--ablate", "--width", "--dpi")]
FLAGS += [("why", "--layer"), ("mask", "--tokens"), ("mask", "--chunk"), ("mask", "--pass")]


@pytest.mark.parametrize("value", ["nan", "-1", str(HUGE), ENDLESS], ids=lambda value: value[:9])
@pytest.mark.parametrize(("command", "flag"), FLAGS)
def test_flags(
    command: str, flag: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    if value == str(HUGE) and "softcap" in flag:
        value = "1e39"  # a float32 holds 1e30
    monkeypatch.chdir(tmp_path)
    try:
        code: Any = main([*RUNS[command], f"{flag}={value}"])
    except SystemExit as end:  # argparse itself, which prints how the command is used
        code = end.code
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 2, told
    assert told.startswith("gemma2-workbench")
    assert len(told) < 300
    assert not list(tmp_path.iterdir())
