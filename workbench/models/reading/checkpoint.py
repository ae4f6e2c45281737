"""What is checked of a model's folder before a number is read: its JSON files, and what its weights say of themselves.

Only headers are opened, so a folder that does not fit together is refused before anything is allocated for it.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, PreTrainedConfig

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.model import Gemma2Config
from gemma2_workbench.model.config_checks import shown
from gemma2_workbench.model.kinds import kind
from gemma2_workbench.models.reading.quiet import quiet

INDEX = {"model.safetensors": "model.safetensors.index.json", "pytorch_model.bin": "pytorch_model.bin.index.json"}
# A vocabulary of 256,000 pieces takes 34 MB.
LARGEST_JSON_BYTES = 256 << 20
_JSON_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
# By their names in safetensors files and in torch.
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "BF16": torch.bfloat16,
    "F16": torch.float16,
    **{str(kind): kind for kind in (torch.float64, torch.float32, torch.bfloat16, torch.float16)},
}


@dataclass(frozen=True)
class Header:
    """What a weight file says of one tensor: its shape, and its dtype by the file's own name for it."""

    shape: tuple[int, ...]
    dtype: str


def configuration(folder: Path) -> Gemma2Config:
    """The configuration of a folder, whose other JSON files are looked at too.

    Raises:
        OSError: a JSON file cannot be read as one, or holds no object.
        ValueError: not a Gemma 2 model, or a value that is not possible.
    """
    about, *_ = (json_object(folder / name) for name in _JSON_FILES if (folder / name).exists())
    family = about.get("model_type")
    if family is None:
        raise ValueError("config.json names no model_type; the workbench reads Gemma 2 (model_type 'gemma2')")
    if about.get("architectures") == []:
        raise ValueError("architectures=[] in config.json names no class; leave it out, or name one")
    if family != "gemma2":
        raise ValueError(f"it is a {shown(family)} model; the workbench reads Gemma 2 (model_type 'gemma2') only")
    if about.get("quantization_config") is not None:
        raise ValueError("its weights are quantised (quantization_config in config.json); give those that are not")
    if about.get("workbench_input", "plain") not in ("plain", "echo"):
        raise ValueError(
            f"config.json: workbench_input={shown(about['workbench_input'])} is unknown; use 'plain' or 'echo'"
        )
    try:
        with quiet():
            # How an output is packed is a matter of the caller; what the workbench needs, it asks for.
            return Gemma2Config.from_pretrained(
                folder, return_dict=True, output_hidden_states=False, output_attentions=False
            )
    except (ValueError, TypeError) as error:
        text = str(error)
        raise ValueError(text if text.startswith("config.json") else f"config.json: {text}") from error


def decoder_configuration(folder: Path) -> PreTrainedConfig:
    """The configuration of a folder, of Gemma 2 or of another model that transformers knows.

    Raises:
        OSError, ValueError: as of `configuration`.
    """
    family = json_object(folder / "config.json").get("model_type")
    if not isinstance(family, str) or family == "gemma2":
        return configuration(folder)
    try:
        with quiet():
            return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"config.json: {error}") from error


def json_object(file: Path) -> JsonObject:
    """The object in a JSON file.

    Raises:
        OSError: it cannot be read, is no JSON in UTF-8, or holds something else.
    """
    if not file.is_file() or file.stat().st_size > LARGEST_JSON_BYTES:
        raise OSError(
            f"{file.name} is no file of at most {LARGEST_JSON_BYTES >> 20} MB; copy it from where it came from"
        )
    try:
        found = json.loads(file.read_bytes().decode())
    except UnicodeDecodeError as error:
        raise OSError(f"{file.name} is not UTF-8 text (byte at position {error.start}); save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise OSError(f"{file.name} is no JSON ({error}); write it anew or copy it from where it came from") from error
    except (RecursionError, ValueError) as error:
        what = "is nested too deeply" if isinstance(error, RecursionError) else "holds a number with too many digits"
        raise OSError(f"{file.name} {what}; write it anew or copy it from where it came from") from error
    if not isinstance(found, dict):
        raise OSError(f"{file.name} holds {kind(found)} instead of an object, {{...}}; copy it from where it came from")
    return found


def weight_files(folder: Path) -> list[Path]:
    """The weight files in the order in which transformers looks for them.

    Raises:
        OSError: there are none, or a part that the index names is missing.
    """
    for whole, index in INDEX.items():
        if (folder / whole).is_file():
            return [folder / whole]
        if (folder / index).is_file():
            return _shards(folder / index)
    raise OSError(f"there are no weights in it: no {', no '.join(INDEX)} and no index of their parts")


def _shards(index: Path) -> list[Path]:
    """The files that an index of shards names."""
    about = json_object(index)
    names = about.get("weight_map")
    if not isinstance(about.get("metadata"), dict):
        raise OSError(f"{index.name} has no metadata, an object that may be empty")
    if not isinstance(names, dict) or not names or not all(isinstance(name, str) for name in names.values()):
        raise OSError(f"{index.name} has no weight_map from tensors to files")
    files = sorted(set(names.values()))
    for name in files:
        # A name with a folder would lead out of the checkpoint.
        if Path(name).name != name or not (index.parent / name).is_file():
            raise OSError(f"{index.name} names {name!r}, which is not in the folder")
    return [index.parent / name for name in files]


def headers(folder: Path) -> dict[str, Header]:
    """What the weight files say of each tensor, by its name.

    Raises:
        OSError: a file that is missing, cut off or no weights.
    """
    found: dict[str, Header] = {}
    for file in weight_files(folder):
        found |= tensors(file) if file.suffix == ".safetensors" else _pickled(file)
    return found


def tensors(file: Path) -> dict[str, Header]:
    """What a safetensors file says of each tensor, by its name.

    Raises:
        OSError: it is cut off, or none.
    """
    try:
        with safe_open(file, "pt") as opened:
            names = opened.keys()
            parts = {name: opened.get_slice(name) for name in names}
            return {name: Header(tuple(part.get_shape()), part.get_dtype()) for name, part in parts.items()}
    except SafetensorError as error:
        raise OSError(f"{file.name}: the weights cannot be read ({error}); copy the file anew") from error


def _pickled(file: Path) -> dict[str, Header]:
    try:
        # Files of old are no archives and cannot be mapped.
        tensors = torch.load(file, map_location="meta", weights_only=True, mmap=zipfile.is_zipfile(file))
    except Exception as error:  # a damaged pickle can end in any
        raise OSError(
            f"{file.name}: the weights cannot be read ({type(error).__name__}); copy the file anew"
        ) from error
    if not isinstance(tensors, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in tensors.values()):
        raise OSError(f"{file.name} is no dictionary of tensors; save the model's state_dict, or save_pretrained")
    return {str(name): Header(tuple(tensor.shape), str(tensor.dtype)) for name, tensor in tensors.items()}


def check_fit(config: Gemma2Config, found: dict[str, Header]) -> torch.dtype:
    """The dtype of the weights, if their sizes are those of the configuration.

    What is compared here is what decides how much is allocated; the rest is compared when the weights are read.

    Raises:
        ValueError: a size or the number of layers is another; or the weights are no plain floating-point numbers.
    """
    for name, header in found.items():
        if header.dtype not in _DTYPES:
            raise ValueError(f"the weights hold {name} as {header.dtype}; float32, bfloat16 or float16 are read")
    by_end = {name.removeprefix("model."): header for name, header in found.items()}
    N, G, H, D = config.num_attention_heads, config.num_key_value_heads or 1, config.head_dim, config.hidden_size
    attention = "num_attention_heads times head_dim"
    for name, wanted, keys in (
        ("embed_tokens.weight", (config.vocab_size, D), "vocab_size, hidden_size"),
        ("layers.0.self_attn.q_proj.weight", (N * H, D), f"{attention}, hidden_size"),
        ("layers.0.self_attn.k_proj.weight", (G * H, D), "num_key_value_heads times head_dim, hidden_size"),
        ("layers.0.mlp.gate_proj.weight", (config.intermediate_size, D), "intermediate_size, hidden_size"),
    ):
        if name not in by_end:
            raise ValueError(f"the weights lack {name}; config.json and weights do not belong together")
        if by_end[name].shape != wanted:
            raise ValueError(
                f"{name} is {_times(by_end[name].shape)}, but config.json says {_times(wanted)} ({keys}); "
                "config.json and weights do not belong together"
            )
    layers = 1 + max(int(number) for name in by_end if (number := _layer(name)) is not None)
    if layers != config.num_hidden_layers:
        raise ValueError(
            f"the weights have {layers} layers, but config.json says {config.num_hidden_layers} (num_hidden_layers)"
        )
    return _DTYPES[by_end["embed_tokens.weight"].dtype]


def _layer(name: str) -> str | None:
    """The number in `layers.NUMBER.`."""
    start, _, rest = name.partition("layers.")
    number = rest.partition(".")[0]
    return number if not start and number.isdecimal() else None


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"
