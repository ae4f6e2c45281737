"""Where a model runs and in which dtype, by default and where it is asked for."""

from pathlib import Path

import torch

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def chosen_device(device: str | torch.device | None) -> torch.device:
    """The device that is asked for, or the best that this machine has.

    Raises:
        ValueError: this machine has no such device.
    """
    if device is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, number = str(device).partition(":")
    cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    here = {"cpu": 1, "cuda": cuda, "mps": int(torch.backends.mps.is_available())}
    if here.get(kind, 0) and (not number or (number.isdecimal() and int(number) < here[kind])):
        return torch.device(device)
    allowed = ", ".join(name for name, count in here.items() if count)
    raise ValueError(f"there is no device {str(device)!r} here; allowed: {allowed}")


def chosen_dtype(
    dtype: str | torch.dtype | None, place: torch.device, stored: torch.dtype = torch.float32
) -> torch.dtype:
    """The dtype to load in.

    Args:
        dtype: what is asked for; None is that of the checkpoint where the device computes in it, else float32.
        place: the device.
        stored: dtype of the checkpoint.

    Raises:
        ValueError: not one of the three whose numbers are compared with transformers.
    """
    if dtype is None:
        computes = place.type != "cpu" or _cpu_computes_bfloat16()
        return stored if computes and stored in DTYPES.values() else torch.float32
    chosen = DTYPES.get(str(dtype).removeprefix("torch."))
    if chosen is None:
        raise ValueError(f"dtype={str(dtype)!r} is not possible; use float32, bfloat16 or float16")
    return chosen


def _cpu_computes_bfloat16() -> bool:
    """Whether the processor has bfloat16 instructions; without them float32 is several times faster."""
    info = Path("/proc/cpuinfo")
    flags = info.read_text() if info.exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags
