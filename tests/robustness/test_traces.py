"""Traces whose checksum is right and whose values are nonsense: refused on opening, or shown by every view."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from gemma2_workbench import VIEWS, Trace, capture, load
from gemma2_workbench.traces.file import _checksum, load_trace, save_trace
from gemma2_workbench.traces.interventions import AblateHead, SetCausal, SetFinalSoftcap, SetSoftcap, SetWindow

MUTATIONS = 40
NONSENSE = (None, True, 0, -1, 1, 7, 2**31, 2**63, 10**400, 1e308, -1e308, 0.5, float("nan"), float("inf"), "", "x")
SPOILT = (float("nan"), float("inf"), -1.0, 1e6, 1e30)
NESTED = ([], [[]], {}, [None], {"x": 1}, [[0, 1]], ["x"], ["x", 1, None, {}])
Contents = tuple[dict[str, Any], dict[str, torch.Tensor]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trace with every optional part."""
    changes = (SetSoftcap(20.0, (0, 1)), AblateHead(1, 2))
    trace = capture(
        load(),
        "Anna met Bob and Anna",
        interventions=changes,
        read=("attention", "folds", "lens", "contributions"),
        parity=True,
    )
    return Path(save_trace(trace, tmp_path_factory.mktemp("trace") / "run.safetensors"))


def contents(path: Path) -> Contents:
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["manifest"]), load_file(path)


def sealed(path: Path, manifest: dict[str, Any], tensors: dict[str, torch.Tensor], text: str = "") -> Path:
    """The file with a right checksum."""
    tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
    manifest = {**manifest, "sha256": _checksum({k: v for k, v in manifest.items() if k != "sha256"}, tensors)}
    save_file(tensors, path, metadata={"manifest": text or json.dumps(manifest)})
    return path


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every value of a manifest."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here] * bool(here) + [place for key, part in inner for place in places(part, (*here, key))]


def mutate_manifest(manifest: dict[str, Any], draw: random.Random) -> None:
    top = draw.choice(sorted(manifest.keys() - {"sha256", "format", "version"}))
    *above, key = draw.choice(places({top: manifest[top]}))
    owner: Any = manifest
    for step in above:
        owner = owner[step]
    how = draw.randrange(5)
    if how == 0:
        del owner[key]
    elif how == 1 and isinstance(owner, dict):
        owner["further"] = owner[key]
    elif how == 2 and isinstance(owner[key], list):
        owner[key] = owner[key] * 2
    elif how == 3 and isinstance(owner[key], int | float):
        owner[key] = draw.choice((owner[key] + 1, -owner[key], owner[key] * 1000, float(owner[key])))
    else:
        owner[key] = draw.choice(NONSENSE + NESTED)


def mutate_tensors(tensors: dict[str, torch.Tensor], draw: random.Random) -> None:
    name = draw.choice(sorted(tensors))
    tensor = tensors[name].clone()
    changes: tuple[Callable[[], Any], ...] = (
        lambda: tensors.pop(name),
        lambda: tensors.update({f"{name}.x": tensors.pop(name)}),
        lambda: tensors.update({name: tensor.transpose(0, -1)}),
        lambda: tensors.update({name: tensor[:-1]}),
        lambda: tensors.update({name: tensor[None]}),
        lambda: tensors.update({name: tensor[..., :0]}),
        lambda: tensors.update({name: tensor.sum()}),
        lambda: tensors.update({name: tensor.to(draw.choice((torch.float64, torch.int32, torch.float16, torch.bool)))}),
        lambda: tensors.update({name: -tensor - 1}),
        lambda: tensors.update({name: torch.zeros_like(tensor)}),
        *(lambda value=value: tensors.update({name: spoilt(tensor, value, draw)}) for value in SPOILT),
    )
    draw.choice(changes)()


def spoilt(tensor: torch.Tensor, value: float, draw: random.Random) -> torch.Tensor:
    """One number replaced."""
    flat = tensor.double().flatten()
    flat[draw.randrange(len(flat))] = value
    return (
        flat.nan_to_num(0).int().view_as(tensor)
        if tensor.dtype == torch.int32
        else flat.to(tensor.dtype).view_as(tensor)
    )


def mutated(whole: Path, target: Path, seed: int) -> Path:
    """One or two values of a trace replaced by nonsense, sealed again."""
    draw = random.Random(seed)
    manifest, tensors = contents(whole)
    for _ in range(draw.choice((1, 1, 2))):
        if draw.random() < 0.6:
            mutate_manifest(manifest, draw)
        else:
            mutate_tensors(tensors, draw)
    return sealed(target, manifest, tensors)


def refused(path: Path, sentence: str) -> None:
    assert path.name in sentence
    assert "\n" not in sentence
    assert len(sentence) < 600


def opened(path: Path) -> Trace | None:
    """The trace, shown by every view; None where it was refused in one sentence."""
    try:
        trace = load_trace(path)
    except (ValueError, OSError) as error:
        return refused(path, str(error))
    for view in VIEWS:
        view.figure(view.table(trace))
    return trace


def test_the_trace_itself_is_shown_by_every_view(whole: Path, tmp_path: Path) -> None:
    assert opened(sealed(tmp_path / "again.safetensors", *contents(whole))) == load_trace(whole)


def test_nonsense_under_a_right_checksum_is_refused_or_shown_by_every_view(whole: Path, tmp_path: Path) -> None:
    found = [opened(mutated(whole, tmp_path / "bad.safetensors", seed)) for seed in range(MUTATIONS)]
    assert found.count(None) > MUTATIONS * 0.8


def manifest_with(**changes: Any) -> Callable[[dict[str, Any], dict[str, torch.Tensor]], None]:
    return lambda manifest, _tensors: manifest.update(changes)


def layer_with(**changes: Any) -> Callable[[dict[str, Any], dict[str, torch.Tensor]], None]:
    return lambda manifest, _tensors: manifest["layers"][1].update(changes)


def other(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[..., None]:
    return lambda _manifest, tensors: tensors.update({name: change(tensors[name])})


NAMED = {
    "no heads": (manifest_with(heads=0), "heads: input should be greater than or equal to 1, got 0"),
    "heads that share nothing": (manifest_with(kv_heads=4), "6 heads cannot share 4 keys and values evenly"),
    "a missing fold": (lambda m, t: (m["folds"].pop(), t.pop("fold.thumbnail")), "folds: must be log_sum, entropy"),
    "a missing tensor": (lambda m, t: t.pop("layer.2.k"), "the tensor layer.2.k is missing"),
    "a tensor too many": (lambda m, t: t.update(x=torch.zeros(1)), "the tensor x belongs to no trace"),
    "another shape": (
        other("layer.0.v", lambda v: v[:, 1:]),
        "the tensor layer.0.v is float32 [2, 10, 32] and must be float32 [2, 11, 32]",
    ),
    "another type": (other("fold.bend", torch.Tensor.float), "fold.bend is float32 [6, 6] and must be float64"),
    "nan": (other("fold.entropy", lambda x: x * torch.nan), "fold.entropy holds what is no number (nan or inf)"),
    "window 0": (layer_with(kind="local", window=0), "layers.1.window: must be 1 or more, got 0"),
    "cap 0": (layer_with(softcap=0.0), "layers.1.softcap: must be a number above 0, got 0"),
    "another window": (layer_with(kind="local", window=1), "window, cap and log_sum give is no attention"),
    "another scale": (layer_with(scale=9.0), "layer 1 head 0: what queries, keys, window, cap and log_sum give"),
    "ids below 0": (lambda m, t: m["tokens"]["ids"].__setitem__(0, -1), "a token id must be 0 or more"),
    "spans outside": (lambda m, t: m["tokens"]["spans"].__setitem__(1, [0, 99]), "0:99 is not within the text"),
    "a head that is not there": (
        manifest_with(
            interventions=[{"kind": "AblateHead", "layer": 1, "head": 6}],
            effects=[{"changed": 1, "of": 2, "largest": 0.5}],
        ),
        "interventions: head 6 does not exist; allowed: 0..5",
    ),
    "a nameless token": (lambda m, t: m["parts"]["lens"]["pieces"].pop(), "has no name"),
    "a number for a text": (manifest_with(sha256="", block_rows="128"), "block_rows: input should be a valid integer"),
    "parity that does not hold": (
        lambda m, t: m["parity"].update(output_max_diff=1.0),
        "the model differs from transformers",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), NAMED.values(), ids=NAMED)
def test_what_is_wrong_is_named(whole: Path, tmp_path: Path, change: Callable[..., Any], sentence: str) -> None:
    manifest, tensors = contents(whole)
    change(manifest, tensors)
    with pytest.raises(ValueError, match=r"bad\.safetensors is incomplete") as refused:
        load_trace(sealed(tmp_path / "bad.safetensors", manifest, tensors))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"format": ' + "[" * 100_000, "nested too deeply"),
        ('{"format": "gemma2-workbench trace", "version": 2, "version": 2}', "not a trace of this workbench"),
        ('{"format": "gemma2-workbench trace", "version": 1' + "0" * 5000 + "}", "not a trace of this workbench"),
        ('{"format": "gemma2-workbench trace", "version": true}', "is a trace of version True"),
        ("[1, 2]", "not a trace of this workbench"),
        ("null", "not a trace of this workbench"),
    ],
)
def test_manifests_that_are_no_manifests(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        load_trace(sealed(tmp_path / "bad.safetensors", {}, {"x": torch.zeros(1)}, text))


def test_a_header_without_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes((1 << 40).to_bytes(8, "little") + b"{}")
    with pytest.raises(OSError, match="its header would have 1099511627776 bytes"):
        load_trace(path)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("text", ["a", "  two\n\n\tspaces ", "日本語 👩‍👩‍👧 ﬁ e\u0301 \u200b", "<bos>already <eos>"])
def test_what_is_captured_comes_back(dtype: str, text: str, tmp_path: Path) -> None:
    changes = (SetFinalSoftcap(None), SetWindow(1), SetCausal(False))
    trace = capture(
        load(dtype=dtype),
        text,
        interventions=changes,
        parity=False,
        read=("attention", "folds", "lens", "contributions"),
    )
    assert load_trace(save_trace(trace, tmp_path / "run.safetensors")) == trace
