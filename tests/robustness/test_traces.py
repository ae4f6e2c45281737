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

from workbench import VIEWS, Trace, capture, load
from workbench.interventions import AblateHead, SetSoftcap
from workbench.trace_file import _checksum

MUTATIONS = 100
NONSENSE = (None, True, 0, -1, 1, 7, 2**31, 2**63, 10**400, 1e308, -1e308, 0.5, float("nan"), float("inf"), "", "x")
SPOILT = (float("nan"), float("inf"), -1.0, 1e6, 1e30)
NESTED = ([], [[]], {}, [None], {"x": 1}, [[0, 1]], ["x"], ["x", 1, None, {}])
Contents = tuple[dict[str, Any], dict[str, torch.Tensor]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trace with every optional part."""
    changes = (SetSoftcap(20.0, (0, 1)), AblateHead(1, 2))
    trace = capture(load(), "Anna met Bob and Anna", interventions=changes, lens=True, parity=True)
    return Path(trace.save(tmp_path_factory.mktemp("trace") / "run.safetensors"))


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
        trace = Trace.load(path)
    except (ValueError, OSError) as error:
        return refused(path, str(error))
    for view in VIEWS:
        view.figure(view.table(trace))
    return trace
