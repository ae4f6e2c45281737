"""The model and the text that a situation is of: whose layers, window and tokens it has. A mask needs no weights."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from transformers import PreTrainedConfig

from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.models.loading import load, one_sentence
from gemma2_workbench.models.outline import Outline, has_outline
from gemma2_workbench.models.reading.checkpoint import decoder_configuration
from gemma2_workbench.models.reading.names import Place, located
from gemma2_workbench.models.reading.shipped import DEFAULT
from gemma2_workbench.models.reading.vocabulary import tokenizer_of
from gemma2_workbench.models.tokens import Tokens, checked_text, tokenize
from gemma2_workbench.traces.trace import Trace

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
        own = (window, any(info.causal for info in trace.layers if info.softmax)) if real else (None, None)
        return cls(model.name, model.source, model.revision, *own)

    def changes(self, setting: Setting) -> tuple[str, ...]:
        """Where a situation differs from what the model itself does, in words; empty where it does not."""
        if self.causal is None:
            return (f"only a modified run of {self.name} is here, which does not tell its own window",)
        said, T = [], setting.length
        if self.window is not None and "local" in setting.layers and min(self.window, T) != min(setting.window, T):
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
        place: where its files are.
        outline: what its configuration tells.
        config: the configuration, of Gemma 2 or of another decoder.
    """

    place: Place
    outline: Outline
    config: PreTrainedConfig

    @cached_property
    def origin(self) -> Origin:
        """The model as a record names it."""
        window = self.outline.window if "local" in self.outline.layers else None
        return Origin(self.place.name, self.place.source, self.place.revision, window, self.outline.causal)

    def tokens(self, text: str) -> Tokens:
        """The tokens of a text.

        Raises:
            ValueError: the text is empty or no valid Unicode, or the tokenizer does not fit the model.
            OSError: the model has no tokenizer, or one that cannot be read.
        """
        checked_text(text)
        return tokenize(self.tokenizer, text)

    @cached_property
    def tokenizer(self) -> Any:
        """Its tokenizer.

        Raises:
            ValueError, OSError: as of `tokens`.
        """
        with one_sentence(self.place.name):
            return tokenizer_of(self.place.folder, self.outline.vocabulary, self.config)


def configured(name: str | None = None, revision: str | None = None) -> Configured:
    """Read the configuration of a model, the embedded language model unless another is named.

    Its weights are read only where the rule of its family does not stand in the configuration.

    Raises:
        ModelNotFoundError: no such model, or its files cannot be read.
        ValueError: a model whose masks are not known.
    """
    wanted = DEFAULT if name is None else name
    with one_sentence(wanted):
        place = located(wanted, revision)
        config = decoder_configuration(place.folder)
        return Configured(place, _outline(wanted, revision, config), config)


def _outline(name: str, revision: str | None, config: PreTrainedConfig) -> Outline:
    """The outline in a configuration; of a family whose rules stand elsewhere, that of the loaded model.

    Raises:
        ValueError: the model cannot be shown at all.
    """
    try:
        return Outline.of(config)
    except ValueError as unknown:
        if has_outline(config):
            raise
        try:
            layers = load(name, revision=revision).layers
        except (OSError, ValueError) as error:
            raise ValueError(f"{unknown}; and the model itself does not tell: {error}") from error
        return Outline.of_layers(layers, config.get_text_config(decoder=True).vocab_size)
