"""Maps as files: the same numbers come back with nothing but numpy or safetensors, from the same bytes."""

import importlib
import io
import json
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load as load_tensors

from gemma2_workbench import Trace, view_named
from gemma2_workbench.figures.spec import Scale, TokenMap
from gemma2_workbench.maps import Maps, of_figure, packed, stack

ODD = TokenMap(
    np.array([[0.5, np.nan]]), np.array([[0, 1]]), ("\ud800",), ("日\x00", "$x$"), Scale("sequential", 0, 1, "p"), 7, 3
)


def read(data: bytes, suffix: str) -> tuple[dict[str, np.ndarray], dict]:
    if suffix == ".npz":
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        return arrays, json.loads(arrays.pop("about").tobytes())
    length = int.from_bytes(data[:8], "little")
    return load_tensors(data), json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["about"])


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_map_comes_back_with_its_meaning(trace: Trace, suffix: str) -> None:
    view = view_named("attention")
    spec = view.figure(view.table(trace, layer=1, head=2, rows="5:9", keys="2:20"))
    data = packed(of_figure(spec), suffix, {"text": "a"})
    arrays, about = read(data, suffix)
    assert arrays["values"].dtype == np.float32
    np.testing.assert_array_equal(arrays["values"], trace.stage(1, 2, rows=range(5, 9), keys=range(2, 20)))
    np.testing.assert_array_equal(arrays["reasons"], trace.reasons(1, range(5, 9), range(2, 20)))
    assert about["rows"] == list(trace.tokens.display[5:9])
    assert (about["row_start"], about["column_start"], about["version"]) == (5, 2, 1)
    assert about["scale"]["label"] == "probability"
    assert about["record"] == {"text": "a"}


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_odd_tokens_survive_and_bytes_are_the_same_twice(suffix: str) -> None:
    data = packed(of_figure(ODD), suffix, {"b": 1, "a": 2})
    assert data == packed(of_figure(ODD), suffix, {"a": 2, "b": 1})
    assert read(data, suffix)[1]["columns"] == ["日\x00", "$x$"]
    assert read(data, suffix)[1]["rows"] == ["\ud800"]


def test_a_npz_holds_no_date() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(of_figure(ODD), ".npz"))) as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_stack_holds_the_maps_in_the_order_that_was_asked_for(trace: Trace) -> None:
    maps = stack(trace, "attn_logits", layers=[3, 0], heads=[5, 1, 2], rows=range(4, 8), keys=range(10))
    assert maps.values.shape == (2, 3, 4, 10)
    np.testing.assert_array_equal(maps.values[1, 2], trace.stage(0, 2, "attn_logits", range(4, 8), range(10)))
    assert maps.reasons is not None
    np.testing.assert_array_equal(maps.reasons[0], trace.reasons(3, range(4, 8), range(10)))
    arrays, about = read(packed(maps, ".npz"), ".npz")
    assert arrays["values"].shape == (2, 3, 4, 10)
    assert (about["axes"], about["layers"], about["heads"]) == (["layer", "head", "query", "key"], [3, 0], [5, 1, 2])


def test_a_stack_is_everything_by_default(trace: Trace) -> None:
    T = len(trace.tokens)
    assert stack(trace).values.shape == (len(trace.layers), trace.heads, T, T)


def test_a_stack_too_large_for_the_memory_is_refused(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("gemma2_workbench.maps"), "available_bytes", lambda: 100_000)
    with pytest.raises(MemoryError, match=r"maps of \d+ x \d+ tokens need about .* choose at most"):
        stack(trace)
    assert stack(trace, layers=[0], heads=[0]).values.shape[:2] == (1, 1)


def test_wrong_requests_say_what_is_allowed(trace: Trace) -> None:
    with pytest.raises(ValueError, match=r"\.npz or \.safetensors; got '\.npy'"):
        packed(Maps(np.zeros((1, 1), np.float32), None, {}), ".npy")
    with pytest.raises(ValueError, match="at least one layer"):
        stack(trace, layers=[])
    with pytest.raises(ValueError, match="head 9 does not exist"):
        stack(trace, heads=[9])
    with pytest.raises(ValueError, match="no stage"):
        stack(trace, "probs")
