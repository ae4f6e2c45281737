"""`load`: a Gemma 2 model with its tokenizer, from the embedded checkpoints, a folder or the Hugging Face hub."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.utils import logging as hub_logging
from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging
from transformers.utils.hub import cached_file

from model import (
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2ForTokenClassification,
    Gemma2Model,
)

DEFAULT, CLASSIFIER = "tiny", "tiny-ner"
# Hashing more than this at load time would be felt; the revision of the hub names such weights instead.
HASH_LIMIT_BYTES = 2 << 30
CLASSES = {
    cls.__name__: cls
    for cls in (Gemma2ForCausalLM, Gemma2ForSequenceClassification, Gemma2ForTokenClassification, Gemma2Model)
}


class ModelNotFoundError(OSError):
    """No such model, or one that cannot be read; the message says what to do."""


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model ready to be looked at.

    Attributes:
        name: what the caller asked for.
        source: `embedded:NAME`, the folder or the hub id the weights came from.
        revision: commit of the hub, None for folders.
        weights_sha256: hash over the weight files, None above 2 GB.
        model: one of our Gemma 2 classes, in eval mode.
        tokenizer: the transformers tokenizer.
        lock: held while hooks are attached: module hooks are shared by all threads.
    """

    name: str
    source: str
    revision: str | None
    weights_sha256: str | None
    model: Any
    tokenizer: Any
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def config(self) -> Gemma2Config:
        """The model's configuration."""
        return self.model.config

    @property
    def trunk(self) -> Gemma2Model:
        """The model without its head."""
        return self.model.base_model

    @property
    def dtype(self) -> str:
        """Name of the dtype of the weights, for example `float32`."""
        return str(self.model.dtype).removeprefix("torch.")

    @property
    def device(self) -> str:
        """Where the weights live, for example `cpu`."""
        return str(self.model.device)


def embedded() -> dict[str, Path]:
    """The checkpoints that come with the package, by name."""
    root = Path(str(resources.files("model"))) / "checkpoints"
    return {path.parent.name: path.parent for path in sorted(root.glob("*/config.json"))}


def load(
    name: str | Path | None = None,
    *,
    dtype: str | torch.dtype | None = None,
    device: str | torch.device | None = None,
    revision: str | None = None,
) -> LoadedModel:
    """Load a Gemma 2 model.

    Args:
        name: an embedded checkpoint (`embedded()` lists them; None is the language model), a folder in the format of
            google/gemma-2-2b, or a hub id such as `google/gemma-2-2b`.
        dtype: default: that of the checkpoint where the device computes in it, else float32; the embedded
            checkpoints, which are small, always float32.
        device: default: cuda or mps where there is one, else cpu.
        revision: branch, tag or commit of the hub; None is its main branch.

    Raises:
        ModelNotFoundError: no such folder or hub id, no access, unreadable files.
        ValueError: not a Gemma 2 model, weights that do not fit the configuration, an unknown dtype or device.
    """
    wanted = DEFAULT if name is None else str(name)
    shipped = embedded()
    source = str(shipped.get(wanted, wanted))
    place = _best_device() if device is None else _checked_device(device)
    revision_or_main = revision or "main"
    try:
        config_file = configuration(source, revision_or_main)
        cls = _model_class(json.loads(config_file.read_text()), wanted)
        with _quiet():
            kind = _chosen_dtype(dtype or ("float32" if wanted in shipped else None), place)
            model = cls.from_pretrained(source, revision=revision_or_main, dtype=kind)
            tokenizer = AutoTokenizer.from_pretrained(source, revision=revision_or_main)
    except (OSError, json.JSONDecodeError) as error:
        raise ModelNotFoundError(_advice(wanted, shipped, error)) from error
    folder = Path(source)
    return LoadedModel(
        name=wanted,
        source=f"embedded:{wanted}" if wanted in shipped else source,
        revision=None if folder.is_dir() else config_file.parent.name,
        weights_sha256=_weights_hash(config_file.parent),
        model=model.to(place).eval(),
        tokenizer=tokenizer,
    )


def configuration(source: str, revision: str) -> Path:
    """The config.json of a folder or of a hub id, which is downloaded if it is not there yet.

    Raises:
        OSError: there is none. A name without an owner is not looked up, because no Gemma 2 of the hub has one.
    """
    folder = Path(source)
    if "/" not in source and not folder.exists():
        raise OSError(f"there is no folder {source!r}, and a hub id is written owner/name")
    if folder.exists() and not (folder / "config.json").is_file():
        unfinished = "; its fine-tuning is not finished, `finetune --resume` goes on" if _is_begun(folder) else ""
        raise OSError(f"there is no config.json in {source}{unfinished}")
    with _quiet():
        return Path(str(cached_file(source, "config.json", revision=revision)))


def _is_begun(folder: Path) -> bool:
    """Whether fine-tuning into this folder was interrupted."""
    return (folder / "checkpoints").is_dir()


def _model_class(config: dict[str, Any], wanted: str) -> Any:
    """Our class for the architecture that a config.json names."""
    kind = config.get("model_type")
    if kind != "gemma2":
        raise ValueError(f"{wanted} is a {kind!r} model; the workbench reads Gemma 2 (model_type 'gemma2') only")
    names = [name for name in config.get("architectures") or ["Gemma2ForCausalLM"] if name in CLASSES]
    if not names:
        raise ValueError(f"{wanted} has architectures {config['architectures']}; allowed: {', '.join(CLASSES)}")
    return CLASSES[names[0]]


def _best_device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _checked_device(device: str | torch.device) -> torch.device:
    """The device that is asked for, if this machine has it."""
    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    kind = str(device).partition(":")[0]
    if not here.get(kind):
        allowed = ", ".join(name for name, present in here.items() if present)
        raise ValueError(f"there is no device {str(device)!r} here; allowed: {allowed}")
    return torch.device(device)


def _chosen_dtype(dtype: str | torch.dtype | None, place: torch.device) -> str | torch.dtype:
    """The dtype to load in; `auto` is that of the checkpoint."""
    if dtype is None:
        return "auto" if place.type != "cpu" or _cpu_computes_bfloat16() else torch.float32
    chosen = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if not isinstance(chosen, torch.dtype) or not chosen.is_floating_point:
        raise ValueError(f"dtype={dtype!r} is not a floating-point dtype; use float32, bfloat16 or float16")
    return chosen


def _cpu_computes_bfloat16() -> bool:
    """Whether the processor has bfloat16 instructions; without them float32 is several times faster."""
    info = Path("/proc/cpuinfo")
    flags = info.read_text() if info.exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _weights_hash(folder: Path) -> str | None:
    """SHA-256 over the weight files in the order of their names; None where there is too much to read."""
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")])
    if not files or sum(file.stat().st_size for file in files) > HASH_LIMIT_BYTES:
        return None
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _advice(wanted: str, shipped: dict[str, Path], error: Exception) -> str:
    """What to do about a model that cannot be read."""
    text = str(error)
    if "gated" in text or "401" in text or "403" in text:
        return (
            f"{wanted} is gated: accept its licence on its page of the Hugging Face hub, then log in with "
            "`hf auth login` (or set HF_TOKEN) and try again"
        )
    if Path(wanted).exists() or wanted.startswith((".", "/", "~")):
        return f"{wanted} cannot be read as a model folder: {text}"
    return (
        f"there is no model {wanted!r} here. Use an embedded checkpoint ({', '.join(shipped)}), a folder with "
        "config.json, weights and tokenizer, or a hub id such as google/gemma-2-2b (needs the network once). "
        f"Reason: {text.splitlines()[0] if text else type(error).__name__}"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without progress bars and the hub's notes on every attempt, which would end up in the output of commands."""
    was_active, hub_verbosity = transformers_logging.is_progress_bar_enabled(), hub_logging.get_verbosity()
    transformers_logging.disable_progress_bar()
    hub_logging.set_verbosity_error()
    try:
        yield
    finally:
        hub_logging.set_verbosity(hub_verbosity)
        if was_active:
            transformers_logging.enable_progress_bar()
