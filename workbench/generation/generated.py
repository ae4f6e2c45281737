"""`Generated`: a text and what a model wrote after it, with how it was chosen; kept by its trace and its record."""

from dataclasses import dataclass

from gemma2_workbench.brief import brief, cut
from gemma2_workbench.generation.settings import Settings
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import Tokens

STOPS = {
    "end": "the model ended it",
    "length": "max_new_tokens",
    "limit": "max_position_embeddings",
    "stopped": "stopped",
}


@dataclass(frozen=True)
class Generation:
    """Which tokens of a text a model wrote, and how.

    Attributes:
        start: position of the first of them; those before it are the prompt.
        characters: length of the prompt's text.
        settings: as they were used, nothing left to a default.
        stop: why it ended, a key of `STOPS`.
    """

    start: int
    characters: int
    settings: Settings
    stop: str

    @property
    def sentence(self) -> str:
        """For example `generated from token 5 on, greedy`."""
        return f"generated from token {self.start} on, {self.settings.sentence}"


@dataclass(frozen=True)
class Maker:
    """The weights that wrote a text, and what was changed in the model."""

    source: str
    revision: str | None
    weights_sha256: str | None
    dtype: str
    changes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The model in words."""
        changes = f" changed by {', '.join(self.changes)}" if self.changes else ""
        return f"{self.source} ({self.dtype}){changes}"

    @classmethod
    def of(cls, loaded: Source) -> "Maker":
        """Those of a model."""
        return cls(loaded.source, loaded.revision, loaded.weights_sha256, loaded.dtype, loaded.changes)


@dataclass(frozen=True)
class Generated:
    """A prompt and its continuation, P + C tokens.

    Attributes:
        tokens: the tokens of both; its text is the prompt followed by the continuation, special tokens spelled out.
        generation: which of them were generated, and how.
        continuation: what was generated as text, without special tokens.
        maker: by which model.
    """

    tokens: Tokens
    generation: Generation
    continuation: str
    maker: Maker

    @property
    def prompt(self) -> str:
        """What it goes on from."""
        return self.tokens.text[: self.generation.characters]

    def __str__(self) -> str:
        return self.continuation

    def __repr__(self) -> str:
        start = self.generation.start
        return brief(
            self,
            f"{start} + {len(self.tokens) - start} tokens: {cut(self.continuation, 48)!r}",
            self.generation.settings.sentence,
            f"stop: {STOPS[self.generation.stop]}",
        )
