"""The tensors of a trace file: which there must be, with which dtype and shape, and which numbers they can hold.

Shapes: L layers, N heads, G key/value heads, T tokens, H head width, R = L + 1 rows of the residual stream, K top
tokens.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.traces.readers.lens import TOP
from gemma2_workbench.traces.schema import Manifest

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Kind:
    """What is expected of a tensor.

    Attributes:
        dtype, shape: as of the tensor.
        least: its smallest number, None for any.
        gaps: whether NaN may stand where there is no number.
    """

    dtype: torch.dtype
    shape: tuple[int, ...]
    least: float | None = None
    gaps: bool = False


def check_tensors(manifest: Manifest, tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors that a trace with this manifest cannot have.

    Raises:
        ValueError: one is missing or too many, or has another dtype, shape or number; the message names it.
    """
    sizes = [_last(tensors, name) for name in ("lens.top_ids", "prediction.logits")]
    expected = kinds(manifest, *sizes, held=tensors)
    odd = sorted(expected.keys() ^ tensors.keys())
    if odd:
        raise ValueError(f"the tensor {odd[0]} {'is missing' if odd[0] in expected else 'belongs to no trace'}")
    for name, kind in expected.items():
        problem = _problem(tensors[name], kind)
        if problem is not None:
            raise ValueError(f"the tensor {name} {problem}")
    for problem in _inconsistent(manifest, tensors):
        raise ValueError(problem)


def kinds(manifest: Manifest, top: int, vocabulary: int, held: Mapping[str, Tensor]) -> dict[str, Kind]:
    """What is expected of every tensor; `top` is K, `vocabulary` is V.

    Layers of other families than Gemma 2 may differ in G and H, and values in their width: as in the tensors `held`.
    """
    L, N, T, number = len(manifest.layers), manifest.heads, len(manifest.tokens), torch.float32
    found: dict[str, Kind] = {}
    for fold in manifest.expected_folds:
        found[f"fold.{fold.name}"] = Kind(fold.dtype, (L, N, *fold.whole(T)), fold.least, fold.gaps)
    for layer in range(L if "attention" in manifest.names else 0):
        found |= {f"layer.{layer}.{name}": kind for name, kind in _layer(manifest, layer, held).items()}
    if manifest.parts.lens is not None:
        found |= _lens(L + 1, T, top)
    if manifest.parts.contributions is not None:
        found |= {f"contributions.{name}": Kind(number, (T,)) for name in ("embedding", "logits", "capped")}
        found |= {f"contributions.{name}": Kind(number, (L, T)) for name in ("biases", "mlps")}
        found |= {"contributions.heads": Kind(number, (L, N, T)), "contributions.ids": Kind(torch.int32, (T,), 0)}
        found |= {name: Kind(number, (T,)) for name in ("contributions.constants",) if name in held}
    if manifest.parts.prediction is not None:
        found |= {f"prediction.{name}": Kind(number, (vocabulary,)) for name in ("logits", "capped")}
    return found


def _layer(manifest: Manifest, layer: int, held: Mapping[str, Tensor]) -> dict[str, Kind]:
    """The tensors of one layer."""
    N, T, own = manifest.heads, len(manifest.tokens), _DTYPES[manifest.model.dtype]
    info = manifest.layers[layer]
    width = _last(held, f"layer.{layer}.q") if info.softmax and info.staged else 0
    # Values may be narrower or wider than keys, but then they are so in every layer.
    others = {_last(held, f"layer.{other.index}.v") for other in manifest.layers if other.softmax and other.staged}
    own_width = 0 if not width else next(iter(others)) if len(others) == 1 else width
    keys = held.get(f"layer.{layer}.k")
    G = (
        keys.shape[0]
        if keys is not None and keys.ndim and keys.shape[0] and N % keys.shape[0] == 0
        else manifest.kv_heads
    )
    normed = held.get(f"layer.{layer}.value_norms")
    rows = 0 if normed is not None and normed.shape == (0, T) else N
    return {
        "q": Kind(own, (N, T, width if info.staged else T)),
        "k": Kind(own, (G, T, width)),
        "v": Kind(own, (G, T, own_width)),
        "log_sum": Kind(torch.float32, (N, T)),
        "value_norms": Kind(torch.float32, (rows, T), 0),
    }


def _lens(rows: int, T: int, top: int) -> dict[str, Kind]:
    """The tensors of a logit lens."""
    number, K = torch.float32, min(max(top, 1), TOP)
    found = {f"lens.{name}": Kind(number, (rows, T, K)) for name in ("top_logits", "top_capped")}
    found |= {f"lens.{name}": Kind(number, (rows, T)) for name in ("log_sum", "chosen_logits", "chosen_capped")}
    return found | {
        "lens.entropy": Kind(number, (rows, T), 0),
        "lens.top_ids": Kind(torch.int32, (rows, T, K), 0),
        "lens.chosen_ids": Kind(torch.int32, (T,), 0),
        "lens.chosen_ranks": Kind(torch.int32, (rows, T), 1),
    }


def _last(tensors: Mapping[str, Tensor], name: str) -> int:
    """The size of a tensor's last dimension, at least 1."""
    tensor = tensors.get(name)
    return max(tensor.shape[-1], 1) if tensor is not None and tensor.ndim else 1


def _problem(tensor: Tensor, kind: Kind) -> str | None:
    """What is wrong with a tensor, in words that go on after its name."""
    if tensor.dtype != kind.dtype or tuple(tensor.shape) != kind.shape:
        given, wanted = (
            f"{dtype} {list(shape)}" for dtype, shape in ((tensor.dtype, tensor.shape), (kind.dtype, kind.shape))
        )
        return f"is {given} and must be {wanted}".replace("torch.", "")
    if tensor.is_floating_point():
        tensor = tensor.nan_to_num(nan=kind.least or 0, posinf=torch.inf, neginf=-torch.inf) if kind.gaps else tensor
        if not tensor.isfinite().all():
            return "holds what is no number (nan or inf)"
    if kind.least is not None and tensor.numel() and tensor.amin() < kind.least:
        return f"holds {tensor.amin().item():g}, and its smallest number can be {kind.least:g}"
    return None


def _inconsistent(manifest: Manifest, tensors: Mapping[str, Tensor]) -> Iterator[str]:
    """What is told twice, and told differently."""
    both = {"attention", "folds"} <= set(manifest.names)
    for layer in range(len(manifest.layers) if both else 0):
        if not torch.equal(tensors["fold.log_sum"][layer], tensors[f"layer.{layer}.log_sum"]):
            yield f"the tensors fold.log_sum and layer.{layer}.log_sum differ"
    maps = [layer.index for layer in manifest.layers if layer.softmax]
    if "folds" in manifest.names and (tensors["fold.visible"][maps] < len(manifest.tokens)).any():
        yield "the tensor fold.visible counts fewer cells than there are tokens, each of which sees itself"
    for name in ("beyond_half", "beyond_most") if "folds" in manifest.names else ():
        if (tensors[f"fold.{name}"] > tensors["fold.visible"]).any():
            yield f"the tensor fold.{name} counts more cells than are visible"
    if manifest.parts.lens is not None:
        named = {token for token, _ in manifest.parts.lens.pieces}
        ids = [tensors[name] for name in ("lens.top_ids", "lens.chosen_ids", "contributions.ids") if name in tensors]
        shown = {token for tensor in ids for token in tensor.unique().tolist()}
        if not shown <= named:
            yield f"parts.lens.pieces: the token {min(shown - named)} has no name"
