"""Traces: damaged ones, and ones that were changed and sealed again with the right checksum.

Right is a refusal when the file is opened. What is opened is what was written; a trace that was sealed again may be
opened only if every view, the route's maps and saving it again work, because a fault never waits for a tab.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from gemma2_workbench import VIEWS
from gemma2_workbench.traces.file import load_trace
from tests.robustness.fuzz.bases import Bases
from tests.robustness.fuzz.case import Answer, Case, bad
from tests.robustness.fuzz.commands import called, command, told
from tests.robustness.fuzz.values import WRONG, another, at, kind_of, leaves, removed, replaced, shown, spoilt

Tensors = dict[str, torch.Tensor]
# null and a number, or null and a string, may both stand here.
NULLABLE = ("revision", "weights_sha256", "window", "softcap", "cap", "layers", "followed", "token")


def make(random: Random, bases: Bases, scratch: Path) -> Case:
    """A trace file that is not as it was written."""
    path = scratch / "t.safetensors"
    if random.random() < 0.3:
        how, data = spoilt(random, bases.trace.read_bytes())
        path.write_bytes(data)
        return _case(random, how, path, lambda answer: _as_it_was(answer, bases))
    manifest, tensors = _parts(bases.trace)
    what, manifest, changed, hopeless = random.choice((_leaf, _leaf, _leaf, _leaf, _tensor, _version))(
        random, manifest, tensors
    )
    seal(path, manifest, changed)
    return _case(random, f"sealed again, {what}", path, bad if hopeless else _works)


def _case(random: Random, what: str, path: Path, wrong: Any) -> Case:
    """Opened by the library, or by a command."""
    if random.random() < 0.75:
        return Case(f"load_trace: {what}", lambda: called(load_trace, path), wrong)
    view = random.choice(VIEWS).name
    words = random.choice((["table", view], ["figure", view], ["headvis"]))
    words += ["--trace", str(path), "--out", {"table": "o.csv", "figure": "o.svg", "headvis": "o"}[words[0]]]

    def opened(answer: Answer) -> str | None:
        return bad(answer) if wrong is bad else wrong(called(load_trace, path))

    return Case(f"{' '.join(words[:2])}: {what}", lambda: command(*words, at=path.parent), opened)


@cache
def _parts(path: Path) -> tuple[dict[str, Any], Tensors]:
    """Manifest and tensors of a trace file."""
    with safe_open(str(path), framework="pt") as file:
        manifest = json.loads(file.metadata()["manifest"])
        tensors = {name: file.get_tensor(name) for name in list(file.keys())}
    if checksum(manifest, tensors) != manifest["sha256"]:
        raise RuntimeError("the checksum of traces has changed; follow it in tests/robustness/fuzz/traces.py")
    return manifest, tensors


def checksum(manifest: dict[str, Any], tensors: Tensors) -> str:
    """The checksum of a trace, computed as the format says and as a forger would."""
    described = {key: value for key, value in manifest.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def seal(path: Path, manifest: dict[str, Any], tensors: Tensors) -> None:
    """Write a trace whose checksum is right."""
    try:
        sealed = {**manifest, "sha256": checksum(manifest, tensors)}
    except (ValueError, TypeError, RuntimeError):  # a value that has no checksum
        sealed = manifest
    save_file(tensors, path, metadata={"manifest": json.dumps(sealed)})


def _leaf(random: Random, manifest: dict[str, Any], tensors: Tensors) -> tuple[str, Any, Tensors, bool]:
    """A part of the manifest removed, or another one in its place."""
    top = random.choice([key for key in manifest if key not in ("format", "version", "sha256")])
    path = random.choice([path for path in leaves(manifest) if path[0] == top])
    before, name = at(manifest, path), ".".join(map(str, path))
    way = random.randrange(5)
    if way == 0:
        return f"without {name}", removed(manifest, path), tensors, isinstance(path[-1], str) and top != "parts"
    value = another(random, before) if way == 1 else random.choice(WRONG)
    # A value of another kind can never be right; one of the same kind may be, if everything works with it.
    odd = kind_of(value) != kind_of(before) and path[-1] not in NULLABLE and not (value == [] == before)
    return f"{name}={shown(value)}", replaced(manifest, path, value), tensors, odd and kind_of(before) != "True"


def _tensor(random: Random, manifest: dict[str, Any], tensors: Tensors) -> tuple[str, Any, Tensors, bool]:
    """A tensor that is missing, has another shape or kind, or holds what is no number."""
    name = random.choice(sorted(tensors))
    tensor, way = tensors[name], random.choice(("gone", "short", "flat", "kind", "nan", "long", "empty"))
    others = {key: value for key, value in tensors.items() if key != name}
    if way == "gone":
        return f"without {name}", manifest, others, True
    if way == "nan":
        spoilt_ = tensor.clone()
        if not spoilt_.is_floating_point():
            return f"and a tensor {name}x", manifest, {**tensors, f"{name}x": tensor.clone()}, name.startswith("layer")
        spoilt_.view(-1)[random.randrange(spoilt_.numel())] = random.choice((torch.nan, torch.inf, -torch.inf))
        return f"{name} holds NaN or inf", manifest, {**others, name: spoilt_}, name.endswith((".q", ".k", ".v"))
    changed = {
        "short": tensor[..., :-1].contiguous(),
        "flat": tensor.flatten(),
        "kind": tensor.to(random.choice((torch.int8, torch.float64, torch.bool))),
        "long": torch.cat([tensor, tensor], -1),
        "empty": tensor[..., :0].contiguous(),
    }[way]
    # A vector is flat already, and what is empty stays so.
    hopeless = way != "kind" and changed.shape != tensor.shape
    return f"{name} is {changed.dtype} {list(changed.shape)}", manifest, {**others, name: changed}, hopeless


def _version(random: Random, manifest: dict[str, Any], tensors: Tensors) -> tuple[str, Any, Tensors, bool]:
    key = random.choice(("format", "version"))
    value = random.choice([value for value in WRONG if value != manifest[key]])
    return f"{key}={shown(value)}", {**manifest, key: value}, tensors, True


def _as_it_was(answer: Answer, bases: Bases) -> str | None:
    """A file whose damage changes nothing that is read."""
    return None if answer.value == load_trace(bases.trace) else "a damaged trace was opened with other contents"


def _works(answer: Answer) -> str | None:
    """Everything that can be done with a trace after it was opened."""
    trace = answer.value
    if answer.refused or answer.failure:
        return answer.failure or None
    for view in VIEWS:
        if "lens" not in trace.readings and view.name in ("lens", "contributions"):
            continue
        try:
            view.figure(view.table(trace))
        except Exception as error:
            return f"opened, and the view {view.name} fails: {told(error)}"
    try:
        for layer in range(len(trace.layers)):
            _ = trace.stage(layer, trace.heads - 1), trace.reasons(layer)
        _ = trace.tokens.words, trace.changes, trace.parity.sentence
    except Exception as error:
        return f"opened, and then: {told(error)}"
    return None
