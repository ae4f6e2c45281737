"""`Conversation`: several turns with a model, by its own chat template; without one, a text that it goes on with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from secrets import randbelow
from typing import Any

from gemma2_workbench.generation.generate import Stop, Stream, continued
from gemma2_workbench.generation.generated import Generated
from gemma2_workbench.generation.settings import LARGEST_SEED, Settings
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.language_model import require_language_model
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import checked_text, tokenize

_PROBE = "x"


class Conversation:
    """What was said so far, and the next answer.

    Attributes:
        loaded: the model that answers.
        settings: how. Where tokens are sampled, the turns have the seeds `seed`, `seed + 1` ...; if none is given, one
            is drawn.
        messages: the turns, each with `role` (user, assistant) and `content`.
        last: the last answer, of which `capture` gives the trace; None before the first.

    Raises:
        ValueError: the model is no language model.
    """

    def __init__(self, loaded: Source, settings: Settings) -> None:
        require_language_model(loaded)
        if settings.samples and settings.seed is None:
            settings = replace(settings, seed=randbelow(LARGEST_SEED + 1))
        self.loaded, self.settings = loaded, settings
        self.messages: list[Mapping[str, str]] = []
        self.last: Generated | None = None

    @property
    def templated(self) -> bool:
        """Whether the model has a chat template; else it continues the text of all turns."""
        return bool(getattr(self.loaded.tokenizer, "chat_template", None))

    @property
    def sentence(self) -> str:
        """With whom, and how."""
        how = (
            "answers by its chat template"
            if self.templated
            else "has no chat template, so it does not answer: it continues the text of all turns (plain continuation)"
        )
        return f"{self.loaded.name} {how}; {self.settings.sentence}"

    def prompt(self, text: str) -> str:
        """What the model reads if `text` is the next turn."""
        turns = [*self.messages, {"role": "user", "content": text}]
        if self.templated:
            return _rendered(self.loaded.tokenizer, turns, opens=True)
        texts = [turn["content"] for turn in turns]
        return "\n".join("".join(texts[at : at + 2]) for at in range(0, len(texts), 2))

    def answer(self, text: str, stream: Stream | None = None, stop: Stop = lambda: False) -> Generated:
        """The answer to the next turn, which is then part of the conversation.

        Args:
            text: the turn.
            stream: as of `generate`.
            stop: as of `continued`; what is there by then is kept.

        Raises:
            ValueError: no text, or the conversation is too long; it stays as it was before.
        """
        tokens = tokenize(self.loaded.tokenizer, self.prompt(checked_text(text)))
        longest = self.loaded.shape.longest
        if len(tokens) >= longest:
            raise ValueError(
                f"with this turn the conversation has {len(tokens)} tokens, and {self.loaded.name} takes at most "
                f"{longest}, its answer included (max_position_embeddings): !clear begins a new one"
            )
        made = continued(self.loaded, tokens, self._settings, stream, ends=self._ends, stop=stop)
        self.messages += [{"role": "user", "content": text}, {"role": "assistant", "content": made.continuation}]
        self.last = made
        return made

    def clear(self) -> None:
        """Forget all turns."""
        self.messages.clear()
        self.last = None

    def specials_in(self, text: str) -> tuple[str, ...]:
        """The special tokens that a turn spells: the model reads them as such, as the end of a turn for example."""
        return tuple(token for token in self.loaded.tokenizer.all_special_tokens if token in text)

    def as_json(self) -> JsonObject:
        """All that was said, and how."""
        return {
            "model": self.loaded.name,
            "chat_template": self.templated,
            "settings": asdict(self.settings),
            "messages": [dict(message) for message in self.messages],
        }

    @property
    def _settings(self) -> Settings:
        """Those of the next turn."""
        seed, turns = self.settings.seed, len(self.messages) // 2
        return self.settings if seed is None else replace(self.settings, seed=(seed + turns) % (LARGEST_SEED + 1))

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """The special token that ends a turn in the template: not every checkpoint lists it as one that ends a text."""
        if not self.templated:
            return ()
        turns = [{"role": "user", "content": _PROBE}, {"role": "assistant", "content": _PROBE}]
        _, _, after = _rendered(self.loaded.tokenizer, turns).rpartition(_PROBE)
        tokens = self.loaded.tokenizer(after, add_special_tokens=False)["input_ids"]
        return tuple(token for token in tokens[:1] if token in self.loaded.tokenizer.all_special_ids)


def _rendered(tokenizer: Any, turns: Sequence[Mapping[str, str]], opens: bool = False) -> str:
    """The text of some turns; `opens` begins the answer."""
    return tokenizer.apply_chat_template(turns, add_generation_prompt=opens, tokenize=False)
