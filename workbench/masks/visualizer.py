"""`AttentionMaskVisualizer`: transformers' class of this name, on the model's own rule; no weights are read.

Unlike that one it shows every token that the model reads, BOS and pads included, says which layers have a window,
folds texts that are too long for the eye, and returns what it shows.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, Unpack

from transformers import PreTrainedConfig, PreTrainedModel

from gemma2_workbench.masks.drawn import MaskFigure
from gemma2_workbench.masks.marks import Page, has_colours
from gemma2_workbench.masks.origin import Given, Origin, configured
from gemma2_workbench.masks.setting import Passes, Setting
from gemma2_workbench.models.outline import Outline
from gemma2_workbench.models.tokens import shown, tokenize
from gemma2_workbench.views.view import LONGEST


@dataclass(frozen=True)
class _Subject:
    """What is known of a model: what decides its masks, how it is called, and its tokenizer if it has one."""

    outline: Outline
    origin: Origin
    tokenizer: Any


class AttentionMaskVisualizer:
    """Shows who sees whom in a decoder: call it with a text.

    Args:
        model_name: a folder with config.json and a tokenizer, a hub id, an embedded checkpoint; or what is in memory: a
            model of `load`, a transformers model, or a configuration.
        tokenizer: a transformers fast tokenizer; None is that of the model.
        revision: branch, tag or commit of the hub; None is its main branch.

    Raises:
        OSError: there is no such model.
        ValueError: a model whose masks are not known here.
        TypeError: no model at all.
    """

    def __init__(self, model_name: object, *, tokenizer: Any = None, revision: str | None = None) -> None:
        self._subject = _subject(model_name, revision)
        self._tokenizer = tokenizer

    def __call__(
        self,
        input_sentence: str | Sequence[str] | int,
        suffix: str = "",
        *,
        layer: int | None = None,
        window: int | None = None,
        **passes: Unpack[Passes],
    ) -> MaskFigure:
        """Print the masks, in colours in a terminal (but for NO_COLOR), and return them; a notebook draws them.

        Args:
            input_sentence: the text; or the tokens, a string each; or how many there are.
            suffix: text that follows it.
            layer: only this layer; None is one of each kind.
            window: another window than the model's.
            passes: padding and cache: `padding`, `side`, `decode`, `chunk`, `cache`, `slots`, as of `Setting`.

        Raises:
            ValueError: no tokens, no tokenizer, no such layer, or a situation that cannot be.
        """
        given, names, count = self._tokens(input_sentence, suffix)
        whole, count = count, min(count, LONGEST)
        if whole > count:
            given = None if given is None else Given(given.text, given.ids[:count], given.names[:count])
            names = None if names is None else names[:count]
        setting = Setting.of(self._subject.outline, count, window, None, **passes)
        drawn = MaskFigure(setting, self._subject.origin, given, names, layer, whole)
        _show(drawn)
        return drawn

    visualize_attention_mask = __call__

    def __repr__(self) -> str:
        return f"<AttentionMaskVisualizer of {self._subject.origin.name}>"

    def _tokens(self, text: str | Sequence[str] | int, suffix: str) -> tuple[Given | None, tuple[str, ...] | None, int]:
        """The text, the names of its tokens and their number, as far as there are any."""
        if isinstance(text, int):
            return None, None, text
        if not isinstance(text, str):
            names = tuple(map(shown, [*text, *([suffix] if suffix else [])]))
            return None, names, len(names)
        tokenizer = self._subject.tokenizer if self._tokenizer is None else self._tokenizer
        if callable(getattr(tokenizer, "tokens", None)):
            tokenizer = tokenizer.tokenizer
        if tokenizer is None:
            raise ValueError(
                f"{self._subject.origin.name} has no tokenizer; give one (tokenizer=), or instead of the text a list "
                "of tokens or their number"
            )
        given = _given(tokenizer, text + suffix)
        return given, given.names, len(given.ids)


def _subject(model: object, revision: str | None) -> _Subject:
    """What is known of a model, whatever it is given as."""
    if isinstance(model, str | Path):
        found = configured(str(model), revision)
        return _Subject(found.outline, found.origin, found)
    if isinstance(model, PreTrainedModel | PreTrainedConfig):
        config = model if isinstance(model, PreTrainedConfig) else model.config
        place = config.name_or_path
        outline = Outline.of(config)
        window = outline.window if "local" in outline.layers else None
        origin = Origin(place or f"a {config.model_type} model", place or "memory", None, window, outline.causal)
        return _Subject(outline, origin, configured(place, revision) if place else None)
    return _of_source(model)


def _of_source(model: Any) -> _Subject:
    """A `Source`: its layers as they are now, changes included."""
    layers, tokenizer = getattr(model, "layers", None), getattr(model, "tokenizer", None)
    if not layers or tokenizer is None:
        raise TypeError(
            "a model is a folder, a hub id, an embedded name, a loaded model or a configuration; got "
            f"{type(model).__name__}"
        )
    outline = Outline.of_layers(layers, len(tokenizer))
    origin = Origin(model.name, model.source, model.revision, outline.window, outline.causal)
    return _Subject(outline, origin, tokenizer)


def _given(tokenizer: Any, text: str) -> Given:
    """The tokens of a text as the model reads them; of an empty one, those that the tokenizer adds.

    Raises:
        ValueError: there is none, or the text is no valid Unicode.
    """
    if text:
        return Given.of(tokenize(tokenizer, text))
    ids = tuple(tokenizer("")["input_ids"])
    if not ids:
        raise ValueError("the text is empty, and its tokenizer adds no token: give at least one character")
    return Given(text, ids, tuple(map(shown, tokenizer.convert_ids_to_tokens(list(ids)))))


def _show(drawn: MaskFigure) -> None:
    """Print it, but in a notebook, which shows what a cell returns."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if type(shell).__name__ != "ZMQInteractiveShell":
        page = Page(get_terminal_size((100, 24)).columns, folds=True, colours=has_colours(sys.stdout))
        sys.stdout.write(f"{drawn.on(page)}\n")
