"""One labelled sentence or text."""

from dataclasses import dataclass

from gemma2_workbench.classification.words import Span


@dataclass(frozen=True)
class Example:
    """A text, its words and their labels; for a text that is labelled as a whole the only word is all of it.

    Attributes:
        text: what the model reads.
        words: character offsets of the words that carry labels.
        labels: one per word.
        where: file and line where it starts, `FILE:LINE`.
        places: the same for each word, where words have lines of their own.
    """

    text: str
    words: tuple[Span, ...]
    labels: tuple[str, ...]
    where: str
    places: tuple[str, ...] = ()

    def word(self, index: int) -> str:
        """The word with this index."""
        start, end = self.words[index]
        return self.text[start:end]

    def place(self, index: int) -> str:
        """File and line of a word."""
        return self.places[index] if self.places else self.where

    def check(self) -> None:
        """Refuse what can carry no label.

        Raises:
            ValueError: an empty word or label, white space in a label, characters that are no Unicode text.
        """
        for at, label in enumerate(self.labels):
            if not self.word(at).strip():
                raise ValueError(f"{self.place(at)}: word {at + 1} of the sentence is empty")
            # the label of a whole text may be a phrase, a tag is one word
            if not label or (len(self.labels) > 1 and any(map(str.isspace, label))):
                raise ValueError(
                    f"{self.place(at)}: the label {label!r} of the word {self.word(at)!r} is empty or holds spaces"
                )
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{self.where}: character {error.start + 1} is half of a surrogate pair, not text"
            ) from None
