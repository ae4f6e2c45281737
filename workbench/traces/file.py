"""Traces on disk: one safetensors file; its header carries a versioned JSON manifest. Nothing is ever unpickled."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gemma2_workbench.atomic import replacing
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.traces.derive import LayerTensors
from gemma2_workbench.traces.detailed_folds import GROUPS
from gemma2_workbench.traces.interventions import as_data
from gemma2_workbench.traces.readers.contributions import Contributions
from gemma2_workbench.traces.readers.lens import Lens
from gemma2_workbench.traces.readers.prediction import Prediction
from gemma2_workbench.traces.schema import OLDEST, Manifest, checked_manifest
from gemma2_workbench.traces.sums import check_sums
from gemma2_workbench.traces.tensors import check_tensors
from gemma2_workbench.traces.trace import Trace

FORMAT = "gemma2-workbench trace"
VERSION = 5
# Readings that are dataclasses of tensors and plain values.
PARTS: dict[str, type] = {"lens": Lens, "contributions": Contributions, "prediction": Prediction}
_STORED = ("F32", "F16", "BF16", "F64", "I32")
_LONGEST_HEADER = 1 << 26  # of a million tokens; the names of a lens are a few megabytes


def save_trace(trace: Trace, path: str | PathLike[str]) -> str:
    """Write `trace` to `path` in one go: an interrupted save leaves no half file; return the path.

    Raises:
        OSError: the file cannot be written, see `workbench.atomic.checked_target`.
    """
    tensors = _tensors(trace)
    manifest = json.dumps(_manifest(trace, tensors), ensure_ascii=False)
    with replacing(path) as part:
        save_file(tensors, part, metadata={"manifest": manifest})
    return str(path)


def load_trace(path: str | PathLike[str]) -> Trace:
    """Read a trace, checking that it is whole, unchanged, of a version we know, and one that can be.

    Raises:
        OSError: missing or unreadable file.
        ValueError: a foreign, changed or newer file, or one whose values no run has.
    """
    if not Path(path).is_file():
        raise OSError(f"there is no trace file {path}")
    _check_header(path)
    try:
        with safe_open(str(path), framework="pt") as file:
            text = (file.metadata() or {}).get("manifest", "")
            plain = _known_manifest(path, text)
            tensors = dict(_read(path, file))
    except SafetensorError as error:
        raise OSError(f"{path} is no safetensors file, or it was cut off ({error})") from error
    if _checksum(plain, tensors) != plain.get("sha256"):
        raise ValueError(f"{path} was changed after it was written: its contents do not match the checksum")
    try:
        manifest = checked_manifest(text)
        check_tensors(manifest, tensors)
        trace = _built(manifest, tensors)
        check_sums(trace)
    except ValueError as error:
        raise ValueError(f"{path} is incomplete: its manifest does not describe its tensors ({error})") from error
    return trace


def _built(manifest: Manifest, tensors: dict[str, Tensor]) -> Trace:
    """The trace that a checked manifest describes."""
    return Trace(
        tokens=manifest.tokens,
        model=manifest.model,
        layers=manifest.layers,
        heads=manifest.heads,
        kv_heads=manifest.kv_heads,
        readings={name: _reading(name, manifest, tensors) for name in manifest.names},
        parity=manifest.parity,
        interventions=manifest.changes,
        effects=manifest.effects,
        block_rows=manifest.block_rows,
        seconds=manifest.seconds,
        generation=manifest.generation,
    )


def _reading(name: str, manifest: Manifest, tensors: dict[str, Tensor]) -> object:
    """A reading from its plain values and its tensors."""
    if name == "attention":
        names = [field.name for field in fields(LayerTensors)]
        layers = range(len(manifest.layers))
        return [LayerTensors(**{key: tensors[f"layer.{n}.{key}"] for key in names}) for n in layers]
    if name in GROUPS:
        own = [fold.name for fold in GROUPS[name]]
        return {key: tensors[f"fold.{key}"] for key in manifest.folds if key in own}
    plain = getattr(manifest.parts, name).model_dump()
    held = {key.removeprefix(f"{name}."): tensor for key, tensor in tensors.items() if key.startswith(f"{name}.")}
    return PARTS[name](**held, **plain)


def _check_header(path: str | PathLike[str]) -> None:
    """Refuse a header that no trace has: it would be read as a whole."""
    with Path(path).open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
    if size > _LONGEST_HEADER:
        raise OSError(f"{path} is no safetensors file, or it was cut off (its header would have {size} bytes)")


def _read(path: str | PathLike[str], file: safe_open) -> Iterator[tuple[str, Tensor]]:
    """Every tensor by its name, if its type is one that traces have."""
    names: list[str] = list(file.keys())
    for name in names:
        kind = file.get_slice(name).get_dtype()
        if kind not in _STORED:
            raise ValueError(f"{path} holds a tensor {name!r} of type {kind}; traces have {', '.join(_STORED)}")
        yield name, file.get_tensor(name)


def _tensors(trace: Trace) -> dict[str, Tensor]:
    read = trace.readings
    tensors = {f"fold.{name}": tensor.contiguous() for name, tensor in _folds(trace).items()}
    for index, layer in enumerate(trace.tensors if "attention" in read else ()):
        for field in fields(layer):
            tensors[f"layer.{index}.{field.name}"] = getattr(layer, field.name).contiguous()
    for name in PARTS:
        values = _values(read.get(name))
        # Copies: without a final cap, logits before and after it are one tensor, which safetensors refuses to write.
        tensors |= {
            f"{name}.{key}": value.contiguous().clone() for key, value in values.items() if isinstance(value, Tensor)
        }
    return tensors


def _folds(trace: Trace) -> dict[str, Tensor]:
    """The folds of all groups that were read."""
    return {key: fold for name in GROUPS if name in trace.readings for key, fold in trace.reading(name, dict).items()}


def _values(part: Any) -> JsonObject:
    """The fields of an optional part; none where it is absent."""
    return {} if part is None else {field.name: getattr(part, field.name) for field in fields(part)}


def _manifest(trace: Trace, tensors: dict[str, Tensor]) -> JsonObject:
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "tokens": asdict(trace.tokens),
        "model": trace.model.as_data(),
        "layers": [_layer(layer) for layer in trace.layers],
        "heads": trace.heads,
        "kv_heads": trace.kv_heads,
        "read": list(trace.readings),
        "folds": list(_folds(trace)),
        "parity": asdict(trace.parity),
        "interventions": [as_data(change) for change in trace.interventions],
        "effects": [asdict(effect) for effect in trace.effects],
        "block_rows": trace.block_rows,
        "seconds": trace.seconds,
        "generation": None if trace.generation is None else asdict(trace.generation),
        "parts": {
            name: {key: value for key, value in _values(part).items() if not isinstance(value, Tensor | None)}
            for name in PARTS
            if (part := trace.readings.get(name)) is not None
        },
    }
    return manifest | {"sha256": _checksum(manifest, tensors)}


def _layer(layer: LayerInfo) -> JsonObject:
    """The numbers of a layer; what only other families have is left out where it is as in Gemma 2."""
    return {field.name: value for field in fields(layer) if (value := getattr(layer, field.name)) != field.default}


def _known_manifest(path: str | PathLike[str], text: str) -> JsonObject:
    """The manifest as JSON holds it, if it is of our format and version."""
    try:
        manifest = json.loads(text or "{}", object_pairs_hook=_unique)
    except RecursionError as error:
        raise ValueError(f"{path} is no trace: its manifest is nested too deeply") from error
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{path} is a safetensors file, but not a trace of this workbench")
    version = manifest.get("version")
    if type(version) is not int or not OLDEST <= version <= VERSION:
        newer = isinstance(version, int) and version > VERSION
        advice = "update the workbench" if newer else "capture the text again"
        raise ValueError(
            f"{path} is a trace of version {version}, this workbench reads versions {OLDEST} to {VERSION}; {advice}"
        )
    return manifest


def _unique(pairs: list[tuple[str, object]]) -> JsonObject:
    """An object of JSON in which no name stands twice, for readers differ in which of the two they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _checksum(manifest: JsonObject, tensors: dict[str, Tensor]) -> str:
    """SHA-256 over the manifest and over names, dtypes, shapes and bytes of all tensors."""
    described = {key: value for key, value in manifest.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
