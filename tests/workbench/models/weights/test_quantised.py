"""Quantised weights: what is computed with them, and what is said of them."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import BitsAndBytesConfig

from gemma2_workbench import LoadedModel, ParityError, capture, load, load_trace, save_trace
from gemma2_workbench.apps.cli import main
from gemma2_workbench.models.parity.approximation import Numbers
from gemma2_workbench.models.weights import dense, quantisation

READ = ("attention", "folds", "lens", "contributions")


@pytest.fixture(scope="module")
def rounded() -> LoadedModel:
    return load(quantization_config=BitsAndBytesConfig(load_in_4bit=True))


@pytest.mark.parametrize("method", ["int8", "int4"])
def test_a_trace_says_how_far_its_weights_are_from_the_exact_ones(
    method: str, loaded: LoadedModel, tmp_path: Path
) -> None:
    approximate = load(quantize=method)
    trace = capture(approximate, "A cat sat on the mat.", read=READ)
    assert trace.parity.holds  # with transformers on the same rounded weights
    told = trace.model.weights
    assert told.hashed == "files"
    assert told.quantized is not None
    assert told.quantized.method == method
    assert "approximate weights" in told.sentences[0]
    shift = told.quantized.shift
    assert shift is not None
    ours, exact = Numbers.of(approximate), Numbers.of(loaded)
    assert shift.output_max == pytest.approx(float((ours.output - exact.output).abs().max()))
    maps = zip(ours.maps, exact.maps, strict=True)
    assert shift.probs_max == pytest.approx(max(float((a - b).abs().max()) for a, b in maps))
    assert 0 < shift.probs_mean < shift.probs_max < 0.5
    assert load_trace(save_trace(trace, tmp_path / "t.safetensors")) == trace


def test_a_configuration_of_transformers_is_taken_and_named(rounded: LoadedModel) -> None:
    assert rounded.weights.quantized is not None
    assert rounded.weights.quantized.method == "int4, fp4"
    linear = rounded.attention(1).o_proj
    x = torch.randn(3, linear.in_features)
    with torch.no_grad():
        # The kernels of processors with bfloat16 round to it.
        assert torch.allclose(x @ dense.matrix(linear).T, linear(x), atol=0.03)


def test_a_changed_module_is_not_taken_for_the_reference(rounded: LoadedModel) -> None:
    hook = rounded.attention(0).o_proj.register_forward_hook(lambda _module, _args, out: out * 1.5)
    try:
        with pytest.raises(ParityError):
            capture(rounded, "A cat")
    finally:
        hook.remove()


def test_a_figure_records_it_and_says_how_to_draw_it_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "map.csv"
    assert main(["table", "attention", "--text", "A cat", "--quantize", "int8", "--out", str(file)]) == 0
    record = json.loads((tmp_path / "map.csv.json").read_text())
    assert record["model"]["weights"]["quantized"]["method"] == "int8"
    assert "--quantize=int8" in record["command"]
    assert main(["redraw", f"{file}.json", "--out", str(tmp_path / "again.csv")]) == 0
    main(["trace", "A cat", "--quantize", "int8", "--out", str(tmp_path / "t.safetensors")])
    assert "approximate weights: int8" in capsys.readouterr().out


def test_matrices_that_cannot_be_packed_are_named(twin_folder: Callable[..., Path]) -> None:
    with pytest.raises(ValueError, match="needs matrices of 32s of rows and 64s of columns"):
        load(twin_folder(), quantize="int4")


def test_what_cannot_be_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="quantize='int2' is not possible; use int8 or int4"):
        load(quantize="int2")
    present = importlib.util.find_spec
    monkeypatch.setattr(quantisation, "find_spec", lambda name: None if name == "bitsandbytes" else present(name))
    with pytest.raises(ImportError, match=r"pip install 'gemma2-workbench\[quant\]'"):
        load(quantize="int4")
