"""`load_decoder`: any transformers model of a folder that is no Gemma 2, as a `Source`."""

import re
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, PreTrainedConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from gemma2_workbench.brief import some
from gemma2_workbench.model.config_checks import shown
from gemma2_workbench.models.decoder.config_fields import check_fields
from gemma2_workbench.models.decoder.maps_only import MapsOnly
from gemma2_workbench.models.decoder.opening import opened
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.decoder.study.heads import labels_of
from gemma2_workbench.models.machine.room import free_bytes
from gemma2_workbench.models.reading.alone import BUILDING
from gemma2_workbench.models.reading.checkpoint import headers, json_object, weight_files
from gemma2_workbench.models.reading.names import Place
from gemma2_workbench.models.reading.quiet import quiet
from gemma2_workbench.models.reading.vocabulary import tokenizer_of
from gemma2_workbench.models.reading.weights_hash import weights_hash
from gemma2_workbench.models.weights.info import WeightsInfo

# What older versions of transformers saved, and models compute.
_BUFFERS = ("rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias")
_BUFFERS += (".embeddings.position_ids",)
# Heads that encoders are saved with and others read without: of the first token, and of the next sentence.
_SPARE = re.compile(r"(^|\.)pooler\.|^cls\.seq_relationship\.")
_HEADS = ("ForCausalLM", "LMHeadModel", "ForMaskedLM", "ForPreTraining", "ForTokenClassification")
_HEADS += ("ForSequenceClassification", "Model")


def is_other_family(folder: Path) -> bool:
    """Whether a folder holds a model of another family than Gemma 2."""
    about = folder / "config.json"
    # What is there and cannot be read is told where Gemma 2's is read.
    return about.is_file() and json_object(about).get("model_type") not in (None, "gemma2")


def decoder_config(folder: Path) -> PreTrainedConfig:
    """The configuration of a folder, by transformers.

    Raises:
        ValueError: transformers does not know such a model, or needs code that comes with it.
    """
    try:
        with quiet():
            return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ValueError, TypeError, KeyError) as error:
        family = shown(json_object(folder / "config.json").get("model_type"))
        raise ValueError(
            f"transformers {transformers.__version__} cannot read it as a {family} model: {error}"
        ) from error


def decoder_tokenizer(folder: Path, config: PreTrainedConfig) -> Any:
    """The tokenizer of a folder; its errors are those of `tokenizer_of`."""
    rows = getattr(config.get_text_config(), "vocab_size", None)
    if rows is None:
        raise ValueError(f"a {shown(config.model_type)} model reads characters, not tokens of a vocabulary")
    return tokenizer_of(folder, rows, config)


def load_decoder(place: Place, name: str, dtype: torch.dtype, device: torch.device) -> Decoder | MapsOnly:
    """Load a model with its tokenizer and make it a `Source`.

    Raises:
        OSError: the weights or the tokenizer cannot be read.
        ValueError: they do not fit, or its attention cannot be shown exactly.
    """
    config = decoder_config(place.folder)
    check_fields(config)
    tokenizer = decoder_tokenizer(place.folder, config)
    _check_size(place.folder, config, dtype, device)
    with BUILDING, quiet():
        try:
            model, report = _class(config).from_pretrained(
                place.folder,
                config=config,
                dtype=dtype,
                attn_implementation="eager",
                output_loading_info=True,
                local_files_only=True,
            )
        except (RuntimeError, TypeError, AttributeError, KeyError, ImportError) as error:
            raise ValueError(f"the weights cannot be loaded ({type(error).__name__}: {error})") from error
    # What is put out does not pass a spare head, but for that of texts.
    spares = labels_of(model) != "sequence"
    if lacking := [name for name in report["missing_keys"] if not (spares and _SPARE.search(name))]:
        raise ValueError(f"the weights lack {some(sorted(lacking), 3)}")
    known = [name for name in report["unexpected_keys"] if name.endswith(_BUFFERS) or (spares and _SPARE.search(name))]
    if surplus := set(report["unexpected_keys"]) - set(known):
        family = shown(config.model_type)
        raise ValueError(f"a {family} model has no place for {some(sorted(surplus), 3)}, which its weights hold")
    checksum, hashed = weights_hash(weight_files(place.folder))
    return opened(
        model.to(device),
        tokenizer,
        name,
        source=place.source,
        revision=place.revision,
        weights_sha256=checksum,
        weights=WeightsInfo(hashed),
    )


def _check_size(folder: Path, config: PreTrainedConfig, dtype: torch.dtype, device: torch.device) -> None:
    """Refuse, before anything is read, what does not fit into memory, and files of another model than config.json's.

    Raises:
        MemoryError: the weights do not fit.
        ValueError: the files hold far fewer numbers than the model has; the rest would be random, and may not fit.
    """
    with BUILDING, quiet(), torch.device("meta"):
        cls = _class(config)
        try:
            model = cls(config) if issubclass(cls, PreTrainedModel) else cls.from_config(config)
        except (KeyError, TypeError, AttributeError, ImportError, ZeroDivisionError) as error:
            family = shown(config.model_type)
            raise ValueError(
                f"transformers {transformers.__version__} cannot build the {family} model that config.json describes "
                f"({type(error).__name__}: {error})"
            ) from error
    needed = sum(weight.numel() for weight in model.parameters())
    held = sum(torch.Size(header.shape).numel() for header in headers(folder).values())
    if held and held < needed / 2:
        raise ValueError(
            f"its files hold {held:,} numbers, and config.json describes a model of {needed:,}: they do not belong "
            "together"
        )
    size, free = needed * dtype.itemsize, free_bytes(device)
    if size > free:
        raise MemoryError(
            f"its weights take {size / 1e9:.1f} GB in {str(dtype).removeprefix('torch.')}, and {free / 1e9:.1f} GB are "
            f"free on {device}; use dtype='bfloat16', a smaller model, or a machine with more memory"
        )


def _class(config: PreTrainedConfig) -> Any:
    """The class that config.json names, if it is one of its type that reads texts; else transformers' choice."""
    names = [name for name in config.architectures or () if name.endswith(_HEADS)]
    named = getattr(transformers, names[0], None) if names else None
    if getattr(named, "config_class", None) is type(config):
        return named
    is_encoder = config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not (
        config.is_encoder_decoder or getattr(config, "is_decoder", False)
    )
    return AutoModelForMaskedLM if is_encoder else AutoModelForCausalLM
