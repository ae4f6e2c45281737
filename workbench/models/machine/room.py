"""`check_room`: whether weights fit into the memory that is free, before any of them is read."""

from collections.abc import Mapping

import torch

from gemma2_workbench.memory import available_bytes
from gemma2_workbench.models.machine.placement import Placement
from gemma2_workbench.models.reading.checkpoint import Header
from gemma2_workbench.models.weights.quantisation import BYTES, method_of

# Not quantised: the embeddings, which are the unembedding too, and heads.
_KEPT = ("embed_tokens", "lm_head", "score")


def weights_bytes(headers: Mapping[str, Header], dtype: torch.dtype, quantize: object = None) -> int:
    """Bytes that the weights take in memory.

    Args:
        headers: what the files say of their tensors.
        dtype: what is not quantised is in it.
        quantize: as of `load`.
    """
    method = "" if quantize is None else method_of(quantize)
    rounded = next((size for name, size in BYTES.items() if method.startswith(name)), dtype.itemsize)
    total = 0.0
    for name, header in headers.items():
        count = torch.Size(header.shape).numel()
        total += count * (rounded if _is_rounded(name, header) else dtype.itemsize)
    return int(total)


def check_shapes(headers: Mapping[str, Header], place: Placement) -> None:
    """Refuse int4 on a CPU for matrices that bitsandbytes cannot pack there: rows in 32s, columns in blocks of 64.

    Raises:
        ValueError: names one.
    """
    if place.quantize is None or place.device.type != "cpu" or not method_of(place.quantize).startswith("int4"):
        return
    for name, header in headers.items():
        if _is_rounded(name, header) and (header.shape[0] % 32 or header.shape[1] % 64):
            shape = " x ".join(map(str, header.shape))
            raise ValueError(
                f"quantize='int4' on a CPU needs matrices of 32s of rows and 64s of columns; {name} has {shape}: "
                "use quantize='int8', or leave it out"
            )


def _is_rounded(name: str, header: Header) -> bool:
    return len(header.shape) == 2 and not any(part in name for part in _KEPT)


def check_room(headers: Mapping[str, Header], dtype: torch.dtype, place: Placement) -> None:
    """Refuse weights that do not fit; a device map and a plan know of limits of their own.

    Raises:
        MemoryError: with what is needed, what is free, and what would fit.
    """
    needed = weights_bytes(headers, dtype, place.quantize)
    free = free_bytes(place.device)
    if place.device_map is not None or place.tp_plan is not None or needed <= free:
        return
    others: list[tuple[str, torch.dtype, object]] = [
        ("dtype='bfloat16'", torch.bfloat16, place.quantize),
        *((f"quantize={method!r}", dtype, method) for method in BYTES),
    ]
    sizes = [(words, weights_bytes(headers, kind, quantize)) for words, kind, quantize in others]
    fitting = [f"{words} ({_gigabytes(size)})" for words, size in sizes if size <= free and size < needed]
    fitting.append("device_map='auto' with an offload_folder (layers stay on the disk: slow)")
    raise MemoryError(
        f"its weights take {_gigabytes(needed)} in {_words(dtype, place.quantize)}, and {_gigabytes(free)} are free "
        f"on {place.device}; use {', or '.join(fitting)}"
    )


def free_bytes(device: torch.device) -> int:
    """Bytes that may be taken on a device."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else available_bytes()


def _words(dtype: torch.dtype, quantize: object) -> str:
    kind = str(dtype).removeprefix("torch.")
    return kind if quantize is None else f"{method_of(quantize)} and {kind}"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
