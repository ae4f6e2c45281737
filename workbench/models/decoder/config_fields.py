"""Fields of a config.json that say something of attention and that transformers does not read: refused by name.

transformers keeps what it does not know as an attribute and computes without it, so that its numbers and ours would be
equal, and neither those of the model.
"""

import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from transformers import PreTrainedConfig, configuration_utils, modeling_rope_utils

from gemma2_workbench.brief import some

_OF_ATTENTION = re.compile(
    r"attn|attention|softcap|alibi|sink|window|chunk|rope|rotary|yarn|qk_|position_bias|relative_pos|logit_?scal"
)
# Which kernel computes it, and what is off outside of training.
_HARMLESS = re.compile(r"dropout|pdrop|implementation|flash|sdpa|kernel|fused|cache")
_FILES = ("configuration", "modeling")


def check_fields(config: PreTrainedConfig) -> None:
    """Refuse a configuration with fields of attention that no code of its family names.

    Raises:
        ValueError: the message names them.
    """
    unread = sorted({name for part in _parts(config) for name in _unread(part)})
    if unread:
        raise ValueError(
            f"config.json says {some(unread, 3)}, which transformers' {config.model_type} does not read: what is "
            "computed would be another model; take it out if it has no effect"
        )


def _parts(config: PreTrainedConfig) -> Iterator[PreTrainedConfig]:
    yield config
    text = config.get_text_config()
    if text is not config:
        yield text


def _unread(config: PreTrainedConfig) -> Iterator[str]:
    said = _said(type(config))
    for name, value in vars(config).items():
        # False and 0 switch off what there is not.
        is_on = bool(value) and not name.startswith("_")
        says = is_on and _OF_ATTENTION.search(name) and not _HARMLESS.search(name)
        if says and not re.search(rf"\b{re.escape(name)}\b", said):
            yield name


@cache
def _said(kind: type[PreTrainedConfig]) -> str:
    """The code of a family: its configuration and its model, and what all of them share."""
    modules: list[ModuleType] = [configuration_utils, modeling_rope_utils]
    for base in kind.__mro__:
        package, _, name = base.__module__.rpartition(".")
        if base.__module__.startswith("transformers.models.") and name.startswith("configuration_"):
            names = (f"{package}.{start}_{name.partition('_')[2]}" for start in _FILES)
            # Some types are a configuration, and the model of another.
            modules += [importlib.import_module(name) for name in names if find_spec(name) is not None]
    return "\n".join(inspect.getsource(module) for module in modules)
