"""`load`: a Gemma 2 model with its tokenizer, from the embedded checkpoints, a folder or the Hugging Face hub."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import torch

from gemma2_workbench.model import Gemma2Config
from gemma2_workbench.models.decoder.loading import decoder_config, decoder_tokenizer, is_other_family, load_decoder
from gemma2_workbench.models.decoder.maps_only import MapsOnly
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.gemma2.reading import read_model
from gemma2_workbench.models.gemma2.source import LoadedModel
from gemma2_workbench.models.machine.devices import chosen_device, chosen_dtype
from gemma2_workbench.models.machine.placement import Placement
from gemma2_workbench.models.machine.room import check_room, check_shapes, free_bytes, weights_bytes
from gemma2_workbench.models.parity.approximation import Numbers, shift
from gemma2_workbench.models.parity.fingerprint import WeightsState
from gemma2_workbench.models.reading.checkpoint import (
    INDEX,
    Header,
    check_fit,
    configuration,
    headers,
    json_object,
    weight_files,
)
from gemma2_workbench.models.reading.gguf import check_package
from gemma2_workbench.models.reading.names import ModelNotFoundError, Place, fetched, gguf_named, located
from gemma2_workbench.models.reading.shipped import DEFAULT, embedded
from gemma2_workbench.models.reading.vocabulary import tokenizer_of
from gemma2_workbench.models.reading.weights_hash import weights_hash
from gemma2_workbench.models.weights.info import WeightsInfo
from gemma2_workbench.models.weights.quantisation import check_quantize, described

# What a model takes while it runs the test text, as a part of its weights.
_WITH_ACTIVATIONS = 1.25

Loaded: TypeAlias = LoadedModel | Decoder | MapsOnly


def load(
    name: str | Path | None = None,
    *,
    dtype: str | torch.dtype | None = None,
    device: str | torch.device | None = None,
    revision: str | None = None,
    new_head: bool = False,
    quantize: Any = None,
    quantization_config: Any = None,
    device_map: Any = None,
    max_memory: Mapping[Any, Any] | None = None,
    offload_folder: str | Path | None = None,
    tp_plan: Any = None,
) -> Loaded:
    """Load a Gemma 2 model, an adapter (peft) with the base model that it names, or a model of any other family.

    Args:
        name: an embedded checkpoint (`embedded()` lists them; None is the language model), a folder in the format of
            google/gemma-2-2b, a GGUF file or a folder with one, or a hub id such as `google/gemma-2-2b`. A GGUF file is
            read once and kept as float32 beside the hub's cache.
        dtype: float32, bfloat16 or float16; default: that of the checkpoint where the device computes in it, else
            float32; the embedded checkpoints, which are small, always float32.
        device: default: cuda or mps where there is one, else cpu.
        revision: branch, tag or commit of the hub; None is its main branch.
        new_head: let a classifier whose weights hold no head have a random one, to be trained. Else it is refused.
        quantize: "int8" or "int4" (bitsandbytes): the model is then approximate, and its traces say how much, where the
            unquantised model can be held in memory for a moment.
        quantization_config: a configuration of transformers instead, such as `BitsAndBytesConfig(load_in_4bit=True)`.
        device_map, max_memory, offload_folder: as of transformers' `from_pretrained` (accelerate): layers on several
            devices, in memory, or on the disk.
        tp_plan: "auto" splits the matrices among the processes that torchrun started; each has to make the same calls.

    Raises:
        ModelNotFoundError: no such folder or hub id, no access, unreadable files, no tokenizer, no base of an adapter.
        RefusedError: the attention of another family can be shown in no way; says why.
        ValueError: a model that transformers does not know, weights or a tokenizer that do not fit the configuration,
            no head, an unknown dtype, device or method.
        MemoryError: the weights do not fit into what is free; says what would.
        ImportError: a package is missing; says how to install it.
    """
    wanted = DEFAULT if name is None else str(name)
    chosen = quantize if quantization_config is None else quantization_config
    where = Placement(chosen_device(device), chosen, device_map, max_memory, offload_folder, tp_plan)
    chosen_dtype(dtype, where.device)
    check_quantize(chosen)
    with one_sentence(wanted):
        place = located(wanted, revision)
        if is_other_family(place.folder):
            return _other_family(place, where, dtype)
        return _loaded(place, where, dtype, new_head)


def _other_family(place: Place, where: Placement, dtype: str | torch.dtype | None) -> Decoder | MapsOnly:
    """A model of another family, whole on one device.

    Raises:
        ValueError: it is to be quantised, or split.
    """
    if where != Placement(where.device):
        raise ValueError("other families than Gemma 2 are loaded whole, on one device; leave out the other arguments")
    _fetch_weights(place)
    return load_decoder(place, place.name, chosen_dtype(dtype, where.device, _stored_dtype(place.folder)), where.device)


def gemma2_of(loaded: Loaded) -> LoadedModel:
    """The model, if it is a Gemma 2, whose configuration, caps and masks can be asked for and which can be trained.

    Raises:
        ValueError: it is of another family.
    """
    if not isinstance(loaded, LoadedModel):
        raise ValueError(
            f"{loaded.name} is a {loaded.kind}; this is for Gemma 2 models only, for example the embedded tiny-ner"
        )
    return loaded


def check_loadable(name: str, *, dtype: str | None = None, device: str | None = None, quantize: Any = None) -> None:
    """Refuse at once what `load` would refuse later, without its weights: a page says so before it starts.

    Raises:
        ModelNotFoundError, ValueError, MemoryError, ImportError: as `load`.
    """
    where = Placement(chosen_device(device), quantize)
    chosen_dtype(dtype, where.device)
    check_quantize(quantize)
    if gguf_named(name) is not None:
        check_package()  # it may take minutes to read, once
    elif name not in embedded():
        with one_sentence(name):
            place = located(name)
            if is_other_family(place.folder):
                decoder_tokenizer(place.folder, decoder_config(place.folder))
                return
            config = configuration(place.folder)
            tokenizer_of(place.folder, config.vocab_size)
            if place.revision is None:
                _planned(place, config, where, dtype)


@contextmanager
def one_sentence(name: str) -> Iterator[None]:
    """What goes wrong inside becomes a `ModelNotFoundError` (files) or a ValueError (what they say), in one line."""
    try:
        yield
    except ModelNotFoundError as error:
        raise ModelNotFoundError(_one_line(error)) from error
    except OSError as error:
        raise ModelNotFoundError(_one_line(f"{name} cannot be read as a model folder: {error}")) from error
    except (ValueError, MemoryError) as error:
        kind = MemoryError if isinstance(error, MemoryError) else ValueError
        raise kind(_one_line(f"{name}: {error}")) from error


def _one_line(text: object) -> str:
    """A message without line breaks, cut where a damaged file gives it no end."""
    line = " ".join(str(text).split())
    return line if len(line) <= 1000 else f"{line[:997]}..."


def _loaded(place: Place, where: Placement, dtype: str | torch.dtype | None, new_head: bool) -> LoadedModel:
    """The model at a place."""
    config = configuration(place.folder)
    tokenizer = tokenizer_of(place.folder, config.vocab_size)
    _fetch_weights(place)
    kind, known = _planned(place, config, where, dtype)
    checksum, hashed = weights_hash(weight_files(place.folder))

    def read(how: Placement) -> LoadedModel:
        model, fresh, adapter = read_model(place, config, kind, how, new_head)
        source = place.source if adapter is None else adapter.source
        about = WeightsInfo(hashed, adapter=adapter)
        return LoadedModel(place.name, source, place.revision, checksum, model, tokenizer, fresh, stored=about)

    if where.quantize is None:
        return read(where)
    exact = replace(where, quantize=None)
    # It is let go before the quantised one is read.
    room = weights_bytes(known, kind) * _WITH_ACTIVATIONS <= free_bytes(where.device)
    numbers = Numbers.of(read(exact)) if room else None
    made = read(where)
    # In its first pass a library may put weights into another order, which is no change.
    approximate = Numbers.of(made)
    moved = None if numbers is None else shift(numbers, approximate)
    about = replace(made.stored, quantized=described(where.quantize, moved))
    return replace(made, stored=about, state=WeightsState.of(made.model))


def _planned(
    place: Place, config: Gemma2Config, where: Placement, dtype: str | torch.dtype | None
) -> tuple[torch.dtype, dict[str, Header]]:
    """The dtype to load in, and what the files say of their tensors; there is room for them."""
    known = headers(place.folder)
    kind = chosen_dtype(dtype, where.device, _stored(place, config, check_fit(config, known)))
    check_room(known, kind, where)
    check_shapes(known, where)
    return kind, known


def _stored(place: Place, config: Gemma2Config, in_files: torch.dtype) -> torch.dtype:
    """The dtype of a checkpoint: what config.json says, else that of the files; the embedded ones are small."""
    if place.source.startswith("embedded:"):
        return torch.float32
    return config.dtype if isinstance(config.dtype, torch.dtype) else in_files


def _stored_dtype(folder: Path) -> torch.dtype:
    """The dtype that config.json names, float32 where it names none."""
    found = getattr(torch, str(json_object(folder / "config.json").get("dtype", "float32")), None)
    return found if isinstance(found, torch.dtype) else torch.float32


def _fetch_weights(place: Place) -> None:
    """Download the weights of a hub id that are not there yet."""
    if place.revision is None:
        return
    index = place.folder / INDEX["model.safetensors"]
    files = [file.name for file in weight_files(place.folder)] if index.exists() else ["model.safetensors"]
    fetched(place.source, place.revision, files)
    if not (place.folder / files[0]).exists():
        fetched(place.source, place.revision, ["pytorch_model*"])
