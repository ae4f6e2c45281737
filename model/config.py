"""`Gemma2Config`: transformers' configuration, with both documentation pages' spellings and checks that speak."""

import copy
import os
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from huggingface_hub.dataclasses import strict
from huggingface_hub.errors import StrictDataclassError
from transformers import Gemma2Config as TransformersGemma2Config

from gemma2_workbench.model.config_checks import SLIDING, check_given, check_whole_config, shown
from gemma2_workbench.model.kinds import kinds

C = TypeVar("C")
_FIELD = re.compile(r"Validation error for field '(\w+)'")


def _raising_value_errors(cls: type[C]) -> type[C]:
    """Class decorator: what a strict dataclass refuses becomes a ValueError with a short sentence, and more checks."""
    initialise: Callable[..., None] = cls.__init__

    @wraps(initialise)
    def checked(self: Any, **kwargs: object) -> None:
        check_given(kwargs, type(self))
        try:
            initialise(self, **kwargs)
        except StrictDataclassError as error:
            raise ValueError(_sentence(error, kwargs, type(self))) from error

    type.__setattr__(cls, "__init__", checked)
    return cls


def _sentence(error: StrictDataclassError, given: Mapping[str, object], cls: type["Gemma2Config"]) -> str:
    """What a strict dataclass refuses, in our words."""
    field = _FIELD.match(str(error))
    if field is None:  # values that do not fit one another: the second line says it all
        return str(error).splitlines()[-1].strip().partition("Error: ")[2]
    name = field[1]
    value = f"={shown(given[name])}" if name in given else ""
    return f"{name}{value} must be {kinds(cls.__dataclass_fields__[name].type)}"


@_raising_value_errors
@strict
class Gemma2Config(TransformersGemma2Config):
    """Configuration of a Gemma 2 model; keyword arguments only, defaults are those of google/gemma-2-2b.

    Beyond transformers' class: `num_key_value_heads=None` means `num_attention_heads`, `hidden_activation=None` means
    `gelu_pytorch_tanh`, `query_pre_attn_scalar` may be a float, `sliding_window` may be None when every layer is full,
    and `rope_theta` can be given, read and set beside `rope_parameters`. Unknown keys are kept and written back.

    Raises:
        ValueError: a value that cannot work, said when the configuration is made instead of in the first forward.
    """

    num_key_value_heads: int | None = 4
    hidden_activation: str | None = "gelu_pytorch_tanh"
    query_pre_attn_scalar: int | float = 256

    def __post_init__(self, **kwargs: object) -> None:
        """Fill in what None stands for, then check what transformers would leave to the first forward pass."""
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
        if self.hidden_activation is None:
            self.hidden_activation = "gelu_pytorch_tanh"
        super().__post_init__(**kwargs)
        check_whole_config(self)
        # A whole number stays an int in config.json: transformers' own class refuses floats there.
        if float(self.query_pre_attn_scalar).is_integer():
            self.query_pre_attn_scalar = int(self.query_pre_attn_scalar)

    @classmethod
    def get_config_dict(
        cls, pretrained_model_name_or_path: str | os.PathLike[str], **kwargs: object
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read config.json of a folder or hub id; transformers alone would take defaults where there is none.

        Raises:
            OSError: there is no config.json, or it holds no configuration.
            ValueError: it is the configuration of another kind of model, or counts its labels in two ways.
        """
        config, unused = super().get_config_dict(pretrained_model_name_or_path, **kwargs)
        if not isinstance(config, dict) or not config:
            raise OSError(f"{pretrained_model_name_or_path}: config.json is missing or holds no configuration")
        if config.get("model_type", cls.model_type) != cls.model_type:
            kind = config["model_type"]
            raise ValueError(f"{pretrained_model_name_or_path} is a {kind!r} model; this class reads 'gemma2' only")
        names, count = config.get("id2label"), config.get("num_labels")
        # Not in the constructor: `from_pretrained(..., num_labels=5)` hands over both, and the number counts.
        if isinstance(names, dict) and count is not None and count != len(names):
            raise ValueError(f"config.json has num_labels={count!r}, but id2label has {len(names)} entries")
        base, parameters = config.get("rope_theta"), config.get("rope_parameters")
        if isinstance(parameters, dict) and base not in (None, parameters.get("rope_theta", base)):
            raise ValueError(
                f"config.json has rope_theta={base!r}, but rope_parameters has another one, which would count"
            )
        return config, unused

    @property
    def rope_theta(self) -> Any:
        """Base of the rotary frequencies, the older spelling of `rope_parameters["rope_theta"]`."""
        parameters = dict(self.rope_parameters or {})
        if "rope_theta" not in parameters:
            # transformers asks for the attribute before the number is there and then takes its default.
            raise AttributeError("rope_theta is not known before rope_parameters is set")
        return parameters["rope_theta"]

    @rope_theta.setter
    def rope_theta(self, value: float) -> None:
        self.rope_parameters = {
            **(self.rope_parameters or {"rope_type": "default"}),
            "rope_theta": value,
        }

    @property
    def longest(self) -> int:
        """Most tokens of a sequence: `max_position_embeddings`, or the trained length times the factor of the RoPE."""
        rotary: dict[str, Any] = dict(self.rope_parameters or {})
        trained = rotary.get("original_max_position_embeddings") or self.max_position_embeddings
        return max(self.max_position_embeddings, int(trained * (rotary.get("factor") or 1)))

    @property
    def sees_later(self) -> bool:
        """Whether queries see later keys too: `is_causal=False`, which transformers reads and Gemma 2 never sets."""
        return not getattr(self, "is_causal", True)

    def window(self, layer: int) -> int | None:
        """Keys that a query of `layer` sees, itself included; None in a global (full attention) layer."""
        types = self.layer_types or []
        return self.sliding_window if types[layer] == SLIDING else None

    def as_transformers(self) -> TransformersGemma2Config:
        """A copy as transformers' own class, unchecked: that refuses values which its model computes with well."""
        theirs = object.__new__(TransformersGemma2Config)
        vars(theirs).update(copy.deepcopy(vars(self)))
        return theirs

    def to_dict(self) -> dict[str, Any]:
        """The configuration as written to config.json, both spellings of the rotary base included."""
        return {**super().to_dict(), "rope_theta": self.rope_theta}
