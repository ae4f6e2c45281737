"""`load`: a Gemma 2 model with its tokenizer, from the embedded checkpoints, a folder or the Hugging Face hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import torch

from gemma2_workbench.model import Gemma2Config
from gemma2_workbench.model.weights import check_names
from gemma2_workbench.models.alone import BUILDING
from gemma2_workbench.models.checkpoint import INDEX, check_fit, configuration, headers, json_object, weight_files
from gemma2_workbench.models.decoder.loading import decoder_config, decoder_tokenizer, is_other_family, load_decoder
from gemma2_workbench.models.decoder.maps_only import MapsOnly
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.devices import chosen_device, chosen_dtype
from gemma2_workbench.models.gemma2 import CLASSES, LoadedModel
from gemma2_workbench.models.names import ModelNotFoundError, Place, fetched, located
from gemma2_workbench.models.quiet import quiet
from gemma2_workbench.models.shipped import DEFAULT, embedded
from gemma2_workbench.models.vocabulary import tokenizer_of
from gemma2_workbench.models.weights_hash import weights_hash
from gemma2_workbench.models.weights_info import WeightsInfo

Loaded: TypeAlias = LoadedModel | Decoder | MapsOnly


def load(
    name: str | Path | None = None,
    *,
    dtype: str | torch.dtype | None = None,
    device: str | torch.device | None = None,
    revision: str | None = None,
    new_head: bool = False,
) -> Loaded:
    """Load a Gemma 2 model, or a decoder of any other family of transformers.

    Args:
        name: an embedded checkpoint (`embedded()` lists them; None is the language model), a folder in the format of
            google/gemma-2-2b, or a hub id such as `google/gemma-2-2b`.
        dtype: float32, bfloat16 or float16; default: that of the checkpoint where the device computes in it, else
            float32; the embedded checkpoints, which are small, always float32.
        device: default: cuda or mps where there is one, else cpu.
        revision: branch, tag or commit of the hub; None is its main branch.
        new_head: let a classifier whose weights hold no head have a random one, to be trained. Else it is refused.

    Raises:
        ModelNotFoundError: no such folder or hub id, no access, unreadable files, no tokenizer.
        RefusedError: its attention can be shown in no way; says why.
        ValueError: a model that transformers does not know, weights or a tokenizer that do not fit the configuration,
            no head, an unknown dtype or device.
    """
    wanted = DEFAULT if name is None else str(name)
    where = chosen_device(device)
    chosen_dtype(dtype, where)
    with one_sentence(wanted):
        place = located(wanted, revision)
        if is_other_family(place.folder):
            _fetch_weights(place)
            kind = chosen_dtype(dtype, where, _stored_dtype(place.folder))
            return load_decoder(place, wanted, kind, where)
        config = configuration(place.folder)
        tokenizer = tokenizer_of(place.folder, config.vocab_size)
        _fetch_weights(place)
        stored = _stored(place, config, check_fit(config, headers(place.folder)))
        checksum, hashed = weights_hash(weight_files(place.folder))
        model, fresh = _read(place, config, chosen_dtype(dtype, where, stored), new_head)
        return LoadedModel(
            name=wanted,
            source=place.source,
            revision=place.revision,
            weights_sha256=checksum,
            model=model.to(where).eval(),
            tokenizer=tokenizer,
            fresh_head=fresh,
            stored=WeightsInfo(hashed),
        )


def gemma2_of(loaded: Loaded) -> LoadedModel:
    """The model, if it is a Gemma 2: labels, their explanations and fine-tuning are of its classifiers.

    Raises:
        ValueError: it is of another family.
    """
    if not isinstance(loaded, LoadedModel):
        raise ValueError(
            f"{loaded.name} is a {loaded.kind}; labels, their explanations and fine-tuning are of Gemma 2 classifiers, "
            "for example the embedded tiny-ner"
        )
    return loaded


def check_loadable(name: str, *, dtype: str | None = None, device: str | None = None) -> None:
    """Refuse at once what `load` would refuse later, without its weights: a page says so before it starts.

    Raises:
        ModelNotFoundError, ValueError: as `load`.
    """
    chosen_dtype(dtype, chosen_device(device))
    if name not in embedded():
        with one_sentence(name):
            place = located(name)
            if is_other_family(place.folder):
                decoder_tokenizer(place.folder, decoder_config(place.folder))
                return
            config = configuration(place.folder)
            tokenizer_of(place.folder, config.vocab_size)
            if place.revision is None:
                check_fit(config, headers(place.folder))


@contextmanager
def one_sentence(name: str) -> Iterator[None]:
    """What goes wrong inside becomes a `ModelNotFoundError` (files) or a ValueError (what they say), in one line."""
    try:
        yield
    except ModelNotFoundError as error:
        raise ModelNotFoundError(_one_line(error)) from error
    except OSError as error:
        raise ModelNotFoundError(_one_line(f"{name} cannot be read as a model folder: {error}")) from error
    except ValueError as error:
        raise ValueError(_one_line(f"{name}: {error}")) from error


def _one_line(text: object) -> str:
    """A message without line breaks, cut where a damaged file gives it no end."""
    line = " ".join(str(text).split())
    return line if len(line) <= 1000 else f"{line[:997]}..."


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


def _read(place: Place, config: Gemma2Config, dtype: torch.dtype, new_head: bool) -> tuple[Any, bool]:
    """The model, and whether its head is random.

    Raises:
        OSError: the weights cannot be read.
        ValueError: they do not fit the configuration, or are those of another kind of model.
    """
    cls = _model_class(config)
    with BUILDING, quiet():
        try:
            model, report = cls.from_pretrained(
                place.folder, config=config, dtype=dtype, output_loading_info=True, local_files_only=True
            )
            check_names(str(place.folder), model, report)
        except (OSError, ValueError) as error:
            kind = OSError if isinstance(error, OSError) else ValueError
            raise kind(str(error).removeprefix(f"{place.folder}: ")) from error
        except (RuntimeError, TypeError, AttributeError, KeyError, ImportError) as error:
            raise ValueError(f"the weights cannot be loaded ({type(error).__name__}: {error})") from error
    if report["missing_keys"] and not new_head:
        raise ValueError(
            f"the weights hold no head for {cls.__name__} ({', '.join(sorted(report['missing_keys'])[:3])}); train one "
            "with `gemma2-workbench finetune`, or give a checkpoint that has one"
        )
    if any(key.startswith("score.") for key in report["unexpected_keys"]):
        raise ValueError(
            f"the weights hold the head of a classifier (score.weight), which {cls.__name__} does not have; set "
            "architectures in config.json to Gemma2ForTokenClassification or Gemma2ForSequenceClassification"
        )
    return model, bool(report["missing_keys"])


def _model_class(config: Gemma2Config) -> Any:
    """Our class for the architecture that a config.json names."""
    names = config.architectures or ["Gemma2ForCausalLM"]
    known = [name for name in names if name in CLASSES]
    if not known:
        raise ValueError(f"config.json has architectures {names}; allowed: {', '.join(CLASSES)}")
    return CLASSES[known[0]]
