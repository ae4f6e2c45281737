"""`register`: transformers' Auto classes and pipelines give the instrumented classes, for as long as somebody asks.

Importing changes nothing in transformers. While ours are registered, only those who ask an Auto class or a pipeline for
a folder or hub id of Gemma 2 get them. transformers' own classes stay theirs where they are asked for by name
(`transformers.Gemma2ForCausalLM`), by their own configuration (`AutoModel.from_config(transformers.Gemma2Config())`),
or as a part of a larger model (PaliGemma 2).
"""

import threading
from types import TracebackType
from typing import Any, Self

import transformers
from transformers import (
    CONFIG_MAPPING,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from gemma2_workbench.model.config import Gemma2Config
from gemma2_workbench.model.gemma2 import Gemma2Model
from gemma2_workbench.model.heads import (
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2ForTokenClassification,
)

_CLASSES: tuple[tuple[Any, type[Any]], ...] = (
    (AutoModel, Gemma2Model),
    (AutoModelForCausalLM, Gemma2ForCausalLM),
    (AutoModelForSequenceClassification, Gemma2ForSequenceClassification),
    (AutoModelForTokenClassification, Gemma2ForTokenClassification),
)
_LOCK = threading.Lock()


class _Gemma2Config:
    """What transformers finds as the configuration of "gemma2": ours if read from a file, theirs if made from values.

    Larger models make the configurations of their parts from values, and their parts are to stay transformers' own.
    """

    model_type = Gemma2Config.model_type

    def __new__(cls, *args: Any, **values: Any) -> transformers.Gemma2Config:
        return transformers.Gemma2Config(*args, **values)

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        return Gemma2Config.from_dict(config_dict, **kwargs)


class Registration:
    """One `register()`: ours are given until `end()`, or to the end of the `with` block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Give transformers' own classes again, unless somebody else has registered ours too."""
        with _LOCK:
            _active.discard(self)
            if not _active:
                _remove()


_active: set[Registration] = set()


def register() -> Registration:
    """Let Auto classes and pipelines give our classes for Gemma 2, in the whole process.

    `AutoConfig`, `AutoModel`, `AutoModelForCausalLM`, `AutoModelForSequenceClassification`,
    `AutoModelForTokenClassification` and `pipeline(task, model=folder or hub id)`:

        with register():
            model = AutoModelForCausalLM.from_pretrained("google/gemma-2-2b")

    Returns:
        what ends it: a context manager with `end()`; `unregister()` ends every one.
    """
    one = Registration()
    with _LOCK:
        if not _active:
            configurations: Any = CONFIG_MAPPING
            configurations.register(Gemma2Config.model_type, _Gemma2Config, exist_ok=True)
            for auto, cls in _CLASSES:
                auto.register(Gemma2Config, cls, exist_ok=True)
        _active.add(one)
    return one


def unregister() -> None:
    """End every `register()`: Auto classes and pipelines give transformers' own classes again."""
    with _LOCK:
        _active.clear()
        _remove()


def _remove() -> None:
    # transformers has no call for it; its mappings keep what was registered beside what they came with.
    CONFIG_MAPPING._extra_content.pop(Gemma2Config.model_type, None)
    for auto, _ in _CLASSES:
        auto._model_mapping._extra_content.pop(Gemma2Config, None)
