"""`Reading`: a sentence as a classifier reads it: tokens, words, and where the label of each word is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.classification.inputs import Encoded, encode_texts
from workbench.classification.words import Span, sentence_spans, spaced, word_spans
from workbench.loading import LoadedModel
from workbench.tokens import Tokens, shown


@dataclass(frozen=True)
class Reading:
    """One input of a classifier.

    A token classifier reads a sentence and gives every word a label; a sequence classifier reads the whole text, whose
    only "word" is all of it. T tokens, W words.

    Attributes:
        tokens: the T tokens, BOS first; `tokens.text` is the sentence. In the variant "echo" it stands there twice.
        words: character offsets of the W words in the sentence.
        read: the token at which each word's label is read.
        start: where the sentence starts in the text it was taken from.
    """

    tokens: Tokens
    words: tuple[Span, ...]
    read: tuple[int, ...]
    start: int = 0

    @property
    def encoded(self) -> Encoded:
        """The model's part of it."""
        return Encoded(list(self.tokens.ids), list(self.read), list(self.tokens.spans))

    def word(self, index: int) -> str:
        """The word with this index."""
        start, end = self.words[index]
        return self.tokens.text[start:end]

    def word_tokens(self, index: int) -> tuple[int, ...]:
        """Positions of the tokens that share a character with a word (in "echo": those of both copies)."""
        start, end = self.words[index]
        return tuple(at for at, (first, stop) in enumerate(self.tokens.spans) if first < end and stop > start)


def kind_of(loaded: LoadedModel) -> str:
    """What a model labels: "token" or "sequence".

    Raises:
        ValueError: it labels nothing (a language model), or it predicts numbers or several labels at once.
    """
    name = type(loaded.model).__name__
    if name == "Gemma2ForTokenClassification":
        return "token"
    if name != "Gemma2ForSequenceClassification":
        raise ValueError(
            f"{loaded.name} is a {name}, which labels nothing; choose a Gemma2ForTokenClassification or "
            "Gemma2ForSequenceClassification checkpoint, such as the embedded tiny-ner"
        )
    problem = loaded.config.problem_type or "single_label_classification"
    if loaded.model.num_labels < 2 or problem != "single_label_classification":
        raise ValueError(
            f"{loaded.name} predicts {'a number' if loaded.model.num_labels < 2 else 'several labels at once'} "
            f"({problem}); labels can be read from single-label classifiers only"
        )
    return "sequence"


def class_names(loaded: LoadedModel) -> tuple[str, ...]:
    """The C names of a classifier's classes, in the order of its scores (`id2label`)."""
    names = {int(at): name for at, name in (loaded.config.id2label or {}).items()}
    return tuple(names.get(at, f"LABEL_{at}") for at in range(loaded.model.num_labels))


def readings(loaded: LoadedModel, text: str) -> tuple[Reading, ...]:
    """The sentences of a text for a token classifier, the whole text for a sequence classifier.

    Raises:
        ValueError: the text holds no words, a sentence is longer than the model takes, or the model labels nothing.
    """
    if not text.strip():
        raise ValueError("the text is empty: give at least one word")
    if kind_of(loaded) == "sequence":
        return _readings(loaded, [text], [[(0, len(text))]], [0])
    spans = sentence_spans(text)
    sentences = [text[start:end] for start, end in spans]
    return _readings(loaded, sentences, [word_spans(sentence) for sentence in sentences], [start for start, _ in spans])


def readings_of_words(loaded: LoadedModel, sentences: Sequence[Sequence[str]]) -> tuple[Reading, ...]:
    """Sentences that come as words (a CoNLL file), one reading each. As `readings`."""
    written = [spaced(list(words)) for words in sentences]
    return _readings(loaded, [text for text, _ in written], [words for _, words in written], [0] * len(written))


def _readings(loaded: LoadedModel, texts: list[str], words: list[list[Span]], starts: list[int]) -> tuple[Reading, ...]:
    echo = getattr(loaded.config, "workbench_input", "plain") == "echo"
    encoded = encode_texts(texts, words, loaded.tokenizer, echo)
    if kind_of(loaded) == "sequence":
        encoded = [Encoded(row.ids, [len(row.ids) - 1], row.spans) for row in encoded]
    longest = loaded.config.max_position_embeddings
    for text, row in zip(texts, encoded, strict=True):
        if len(row.ids) > longest:
            raise ValueError(
                f"the sentence {text[:40]!r}... has {len(row.ids)} tokens; {loaded.name} takes at most {longest}"
            )
    return tuple(
        Reading(_tokens(loaded.tokenizer, text, row), tuple(spans), tuple(row.read), start)
        for text, spans, row, start in zip(texts, words, encoded, starts, strict=True)
    )


def _tokens(tokenizer: Any, text: str, row: Encoded) -> Tokens:
    specials = set(tokenizer.all_special_ids)
    pieces = tuple(map(shown, tokenizer.convert_ids_to_tokens(row.ids)))
    return Tokens(text, tuple(row.ids), pieces, tuple(row.spans), tuple(token in specials for token in row.ids))
