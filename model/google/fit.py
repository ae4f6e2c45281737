"""What is wrong between a checkpoint and the size that it is said to have: every tensor, in one sentence."""

import re
from collections.abc import Iterable, Mapping

import torch

from gemma2_workbench.model.config import Gemma2Config
from gemma2_workbench.model.google.checkpoint import Header
from gemma2_workbench.model.google.names import TABLES, scaler_of, source_shapes
from gemma2_workbench.model.google.sizes import SIZES

FLOATS = (torch.float32, torch.bfloat16, torch.float16)
_LAYER = re.compile(r"(?<=^model\.layers\.)\d+(?=\.)")
_OF_TRANSFORMERS = "model.embed_tokens.weight"


def check_fit(found: Mapping[str, Header], config: Gemma2Config, size: str | None) -> None:
    """Check names, shapes and dtypes of all tensors.

    Args:
        found: the tensors of the checkpoint.
        config: what they are to be.
        size: the name of that; None where it is none of the three.

    Raises:
        ValueError: one is missing, too many, or of another shape or kind; which size it looks like, if any.
    """
    if _OF_TRANSFORMERS in found:
        raise ValueError(
            "its tensors have transformers' names already (model.embed_tokens.weight); it needs no converting: "
            "put it into a folder with config.json, as pytorch_model.bin"
        )
    wanted = _wanted(found, config)
    wrong = [
        *_named("it lacks", wanted.keys() - found.keys()),
        *_named("it has too much:", found.keys() - wanted.keys() - set(TABLES)),
        *_misshapen(found, wanted),
        *_odd_dtypes(found, wanted),
    ]
    if wrong:
        what = f"Gemma 2 {size}" if size else "this configuration"
        raise ValueError(f"it is no checkpoint of {what}{_advice(found, size)}: {'; '.join(wrong)}")


def _wanted(found: Mapping[str, Header], config: Gemma2Config) -> dict[str, tuple[int, ...]]:
    """The shapes that the configuration asks for; an int8 weight has a factor for each row beside it."""
    wanted = source_shapes(config)
    matrices = [name for name, shape in wanted.items() if len(shape) > 1]
    for name in matrices:
        if name in found and found[name].dtype is torch.int8:
            wanted[scaler_of(name)] = wanted[name][:1]
    return wanted


def _named(what: str, names: Iterable[str]) -> list[str]:
    shown = _in_ranges(names)
    return [f"{what} {', '.join(shown)}"] if shown else []


def _misshapen(found: Mapping[str, Header], wanted: Mapping[str, tuple[int, ...]]) -> list[str]:
    """The tensors of another shape, those of all layers together where they differ alike."""
    alike: dict[tuple[tuple[int, ...], tuple[int, ...]], list[str]] = {}
    for name, shape in wanted.items():
        if name in found and found[name].shape != shape:
            alike.setdefault((found[name].shape, shape), []).append(name)
    return [
        f"{', '.join(_in_ranges(names))} is {_times(is_so)}, not {_times(should)}"
        for (is_so, should), names in alike.items()
    ]


def _odd_dtypes(found: Mapping[str, Header], wanted: Mapping[str, tuple[int, ...]]) -> list[str]:
    """The tensors whose numbers are neither floating-point ones nor int8 with factors."""
    alike: dict[torch.dtype, list[str]] = {}
    for name in wanted.keys() & found.keys():
        dtype = found[name].dtype
        if dtype not in FLOATS and not (dtype is torch.int8 and scaler_of(name) in wanted):
            alike.setdefault(dtype, []).append(name)
    return [
        f"{', '.join(_in_ranges(names))} is of {str(dtype).removeprefix('torch.')}, not float32, bfloat16 or float16"
        for dtype, names in alike.items()
    ]


def _advice(found: Mapping[str, Header], size: str | None) -> str:
    """Which size it is, by its width and number of layers."""
    table = found.get("embedder.weight")
    layers = {int(match[0]) for name in found if (match := _LAYER.search(name))}
    for name, sizes in SIZES.items():
        same = table is not None and table.shape[-1:] == (sizes["hidden_size"],)
        if name != size and same and layers == set(range(sizes["num_hidden_layers"])):
            return f", but looks like {name}, the size to give"
    return ""


def _in_ranges(names: Iterable[str]) -> list[str]:
    """Names in order, with the layers that a name is of as one range: model.layers.0-25.mlp.up_proj.weight."""
    layers: dict[str, list[int]] = {}
    for name in sorted(names):
        number = _LAYER.search(name)
        layers.setdefault(_LAYER.sub("{}", name), []).extend([int(number[0])] if number else [])
    return [pattern.replace("{}", _ranges(numbers), 1) if numbers else pattern for pattern, numbers in layers.items()]


def _ranges(numbers: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"
