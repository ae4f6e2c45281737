"""Adapters (peft): the base model that one names, the classes it is for, and putting it on."""

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from gemma2_workbench.model import Gemma2Config
from gemma2_workbench.models.reading.checkpoint import configuration, json_object, tensors
from gemma2_workbench.models.reading.weights_hash import weights_hash
from gemma2_workbench.models.weights.info import Adapter

SETTINGS, WEIGHTS = "adapter_config.json", ("adapter_model.safetensors", "adapter_model.bin")
_CLASSES = {"TOKEN_CLS": "Gemma2ForTokenClassification", "SEQ_CLS": "Gemma2ForSequenceClassification"}


def base_name(folder: Path) -> str:
    """The base model that an adapter names.

    Raises:
        ValueError: it names none.
    """
    name = json_object(folder / SETTINGS).get("base_model_name_or_path")
    if not isinstance(name, str) or not name:
        raise ValueError(f"{SETTINGS} names no base_model_name_or_path; write there which model the adapter is for")
    name = name.removeprefix("embedded:")
    beside = folder / Path(name).expanduser()
    return str(beside) if "/" in name and beside.is_dir() else name


def adapted_configuration(folder: Path, base: Gemma2Config) -> Gemma2Config:
    """The configuration of a base model with the class and the labels of an adapter on it."""
    if (folder / "config.json").is_file():
        return configuration(folder)
    cls = _CLASSES.get(str(json_object(folder / SETTINGS).get("task_type")))
    if cls is not None and cls not in (base.architectures or []):
        base.architectures = [cls]
        base.update({"num_labels": _labels(folder) or base.num_labels})  # a property that its type hides
    return base


def put_on(model: Any, folder: Path, base: str) -> Adapter:
    """Put the adapter in a folder on a loaded model, whose weights are those of `base`.

    Raises:
        ImportError: peft is not installed; the sentence says how to install it.
        ValueError: the adapter does not fit the model.
        OSError: its weights cannot be read.
    """
    if find_spec("peft") is None:
        raise ImportError("an adapter needs peft, not installed here: pip install 'gemma2-workbench[finetune]'")
    from peft import PeftConfig

    file = next((folder / name for name in WEIGHTS if (folder / name).is_file()), folder / WEIGHTS[0])
    try:
        with warnings.catch_warnings():
            # peft asks for a property under the name that transformers is about to drop
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
            report = model.load_adapter(
                peft_config=PeftConfig.from_pretrained(str(folder)), adapter_state_dict=_weights(file)
            )
    except (RuntimeError, TypeError, KeyError) as error:
        raise ValueError(f"the adapter cannot be put on {base} ({error})") from error
    if report is not None and (report.missing_keys or report.unexpected_keys):
        names = sorted({*report.missing_keys, *report.unexpected_keys})
        raise ValueError(f"the adapter does not fit {base}: {', '.join(names[:3])}")
    return Adapter(str(folder), base, weights_hash([file])[0])


def _weights(file: Path) -> dict[str, Tensor]:
    """The tensors of an adapter; nothing else is read from a pickled file."""
    if file.suffix == ".bin":
        return torch.load(file, map_location="cpu", weights_only=True)
    return load_file(file)


def has_head(folder: Path) -> bool:
    """Whether an adapter holds the head of a classifier."""
    return _labels(folder) is not None


def _labels(folder: Path) -> int | None:
    """How many classes the head in an adapter has; None for no head."""
    file = folder / WEIGHTS[0]
    held = tensors(file) if file.is_file() else {}
    return next((of.shape[0] for name, of in held.items() if "score." in name and len(of.shape) == 2), None)
