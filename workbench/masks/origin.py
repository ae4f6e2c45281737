"""The model and the text that a situation is of: whose layers, window and tokens it has. A mask needs no weights."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from model import Gemma2Config
from workbench.loading import DEFAULT, ModelNotFoundError, configuration, embedded
from workbench.masks.setting import KINDS, Setting
from workbench.tokens import Tokens, tokenize
from workbench.trace import Trace

# What a query sees, in a causal model and in one that is not.
SEES = {True: "itself and earlier tokens", False: "both sides"}


@dataclass(frozen=True)
class Origin:
    """A model, and what of it decides its masks.

    Attributes:
        name: as it was asked for.
        source: `embedded:NAME`, the folder or the hub id.
        revision: commit of the hub, None for folders.
        window: window of its local layers, None without any.
        causal: whether it hides later tokens; None where only a modified run of it is at hand, which tells neither this
            nor the window.
    """

    name: str
    source: str
    revision: str | None
    window: int | None
    causal: bool | None

    @classmethod
    def of_run(cls, trace: Trace) -> "Origin":
        """The model of a run."""
        model, real = trace.model, not trace.interventions
        window = max((info.window for info in trace.layers if info.window is not None), default=None)
        own = (window, trace.layers[0].causal) if real else (None, None)
        return cls(model.name, model.source, model.revision, *own)

    def changes(self, setting: Setting) -> tuple[str, ...]:
        """Where a situation differs from what the model itself does, in words; empty where it does not."""
        if self.causal is None:
            return (f"only a modified run of {self.name} is here, which does not tell its own window",)
        said, T = [], setting.length
        if self.window is not None and min(self.window, T) != min(setting.window, T):
            said.append(f"window {setting.window} instead of {self.name}'s {self.window}")
        if self.causal != setting.causal:
            said.append(f"a query sees {SEES[setting.causal]}, in {self.name} {SEES[self.causal]}")
        return tuple(said)


@dataclass(frozen=True)
class Given:
    """A text, and the ids and display strings of its first tokens, those of the situation."""

    text: str
    ids: tuple[int, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, tokens: Tokens, count: int | None = None) -> "Given":
        """The first `count` tokens of a text, all of them for None."""
        return cls(tokens.text, tokens.ids[:count], tokens.display[:count])


@dataclass(frozen=True)
class Configured:
    """A model of which only the configuration and, once a text is given, the tokenizer are read.

    Attributes:
        name: embedded name, folder or hub id.
        folder: where the files come from: a folder or a hub id.
        revision: commit of the hub, None for folders.
        config: the configuration.
    """

    name: str
    folder: str
    revision: str | None
    config: Gemma2Config

    @property
    def layers(self) -> tuple[str, ...]:
        """The kinds of the layers."""
        return tuple(KINDS[kind] for kind in self.config.layer_types or ())

    @cached_property
    def origin(self) -> Origin:
        """The model as a record names it."""
        source = f"embedded:{self.name}" if self.name in embedded() else self.folder
        window = self.config.sliding_window if "local" in self.layers else None
        return Origin(self.name, source, self.revision, window, not self.config.sees_later)

    def tokens(self, text: str) -> Tokens:
        """The tokens of a text.

        Raises:
            ValueError: the text is empty.
            OSError: the model has no tokenizer.
        """
        return tokenize(AutoTokenizer.from_pretrained(self.folder, revision=self.revision or "main"), text)


def configured(name: str | None = None, revision: str | None = None) -> Configured:
    """Read the configuration of a model, the embedded language model unless another is named.

    Raises:
        ModelNotFoundError: no such model, or its files cannot be read.
        ValueError: not a Gemma 2 model.
    """
    wanted = name or DEFAULT
    source = str(embedded().get(wanted, wanted))
    try:
        file = configuration(source, revision or "main")
        about: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(
            f"there is no configuration of {wanted!r} here. Use an embedded checkpoint ({', '.join(embedded())}), a "
            f"folder with config.json, or a hub id (needs the network once). Reason: {str(error).splitlines()[0]}"
        ) from error
    if about.get("model_type") != "gemma2":
        raise ValueError(f"{wanted} is a {about.get('model_type')!r} model; masks are of Gemma 2 (model_type 'gemma2')")
    commit = None if Path(source).is_dir() else file.parent.name
    return Configured(wanted, source, commit, Gemma2Config.from_dict(about))
