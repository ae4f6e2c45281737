"""What all Gemma 2 classes share: transformers' loading and saving, made strict, and the rules of initialisation."""

import json
import os
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import Gemma2Config as TransformersGemma2Config
from transformers import PreTrainedConfig, PreTrainedModel
from transformers import initialization as init

from gemma2_workbench.model.config import Gemma2Config
from gemma2_workbench.model.weights import WeightsError, check_names, check_sizes


class Gemma2PreTrainedModel(PreTrainedModel):
    """Base of all Gemma 2 models: `from_pretrained`, `save_pretrained` and initialisation."""

    config: Gemma2Config
    config_class = Gemma2Config
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _no_split_modules = ["Gemma2DecoderLayer"]
    _skip_keys_device_placement = ["past_key_values"]
    # Neither has a softcap before the mask; transformers refuses them with a sentence when asked.
    _supports_sdpa = False
    _supports_flash_attn = False

    def __init__(self, config: Gemma2Config, *args: object, **kwargs: object):
        config = as_gemma2_config(config)
        check_eager(config._attn_implementation)
        super().__init__(config, *args, **kwargs)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Normal with `initializer_range`; norm weights 0, because the norm scales by 1 + weight."""
        super()._init_weights(module)
        if "RMSNorm" in type(module).__name__ and isinstance(module.weight, torch.Tensor):
            init.zeros_(module.weight)

    def returns_dict(self, choice: bool | None) -> bool:
        """Whether to return a ModelOutput: the argument, else `config.return_dict`."""
        return bool(self.config.return_dict if choice is None else choice)

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | os.PathLike[str] | None, *args: object, **kwargs: object
    ) -> Any:
        """Load a folder or hub id in the format of google/gemma-2-2b; transformers' arguments, strict about weights.

        `config` may be transformers' own `Gemma2Config`; None as path takes the weights from `state_dict`, an empty
        one asks for random weights.
        `output_loading_info=True` also returns the report; its reader judges what is missing or too much, as in
        transformers.

        Raises:
            OSError: no such model, or a file that is not readable as weights.
            WeightsError: the weights do not fit the configuration (missing, unexpected or misshapen tensors).
        """
        path = pretrained_model_name_or_path
        source = "state_dict" if path is None else str(path)
        check_eager(kwargs.get("attn_implementation"))
        wants_report = kwargs.pop("output_loading_info", False)
        sizes_may_differ = bool(kwargs.pop("ignore_mismatched_sizes", False))
        is_random = path is None and kwargs.get("state_dict") == {}
        config = kwargs.get("config")
        if isinstance(config, PreTrainedConfig):
            kwargs["config"] = as_gemma2_config(config)
        load: Any = super().from_pretrained
        try:
            # Sizes are checked below, where the tensors can be named.
            model, report = load(
                None if path is None else source,
                *args,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                **kwargs,
            )
        except SafetensorError as error:
            raise OSError(f"{source}: the weights cannot be read ({error})") from error
        except json.JSONDecodeError as error:
            raise OSError(f"{source}: model.safetensors.index.json or another JSON file is broken ({error})") from error
        except RuntimeError as error:
            raise WeightsError(f"{source}: the weights cannot be loaded: {error}") from error
        except OSError as error:
            raise type(error)(f"{source}: {error}") from error
        if not sizes_may_differ:
            check_sizes(source, report)
        if wants_report:
            return model, report
        if not is_random:
            check_names(source, model, report)
        return model


def as_gemma2_config(config: object) -> Gemma2Config:
    """Our configuration from ours or from transformers' own class.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(config, Gemma2Config):
        return config
    if not isinstance(config, TransformersGemma2Config):
        raise TypeError(f"config must be a Gemma2Config, got {type(config).__name__}; use Gemma2Config(**values)")
    return Gemma2Config.from_dict(config.to_dict())


def check_eager(implementation: object) -> None:
    """Refuse attention implementations that are not ours.

    Raises:
        ValueError: anything but "eager": the others have no softcap before the mask, and no hook points.
    """
    if implementation not in (None, "eager"):
        raise ValueError(
            f"attn_implementation={implementation!r} is not possible: it cannot show the stages of softcapped "
            "attention; use 'eager' or leave it out"
        )
