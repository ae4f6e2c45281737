"""`Reading`: a sentence as a classifier reads it: tokens, words, and where the label of each word is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.classification.inputs import Encoded, encode_texts
from workbench.classification.parts import Part, fitting
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
        continues: whether it goes on with a sentence that was too long for the model.
    """

    tokens: Tokens
    words: tuple[Span, ...]
    read: tuple[int, ...]
    start: int = 0
    continues: bool = False

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

    A sentence with more tokens than the model takes is read in parts (`workbench.classification.parts`).

    Raises:
        ValueError: the text holds no words, is no valid Unicode, or has more tokens than the model takes (of a token
            classifier: in one word); or the model labels nothing.
    """
    kind = kind_of(loaded)
    if not text.strip():
        raise ValueError("the text is empty: give at least one word")
    _check_unicode(text)
    if kind == "sequence":
        return _read(loaded, [Part(text, [(0, len(text))], 0)])
    parts = [Part(text[start:end], word_spans(text[start:end]), start) for start, end in sentence_spans(text)]
    rows = fitting(parts, lambda chosen: _encoded(loaded, chosen), loaded.config.max_position_embeddings)
    return tuple(_reading(loaded, part, row) for part, row in rows)


def readings_of_words(loaded: LoadedModel, sentences: Sequence[Sequence[str]]) -> tuple[Reading, ...]:
    """Sentences that come as words (a CoNLL file), one reading each; they start where `joined` puts them.

    Raises:
        ValueError: there is no sentence, a word is no valid Unicode, or a sentence has too many tokens for the model.
    """
    if not sentences:
        raise ValueError("there are no sentences: give at least one word")
    parts, start = [], 0
    for words in sentences:
        text, spans = spaced(list(words))
        _check_unicode(text)
        parts.append(Part(text, spans, start))
        start += len(text) + 1
    return _read(loaded, parts)


def joined(sentences: Sequence[Sequence[str]]) -> str:
    """Sentences of words as a text, one per line."""
    return "\n".join(spaced(list(words))[0] for words in sentences)


def _read(loaded: LoadedModel, parts: list[Part]) -> tuple[Reading, ...]:
    """One reading for each part as it is."""
    longest = loaded.config.max_position_embeddings
    encoded = _encoded(loaded, parts)
    for number, (part, row) in enumerate(zip(parts, encoded, strict=True), start=1):
        if len(row.ids) > longest:
            whole = kind_of(loaded) == "sequence"
            what = "the text" if whole else f"sentence {number}"
            advice = "give a shorter one" if whole else "end sentences earlier (in a CoNLL file: by an empty line)"
            raise ValueError(
                f"{what} ({part.text[:40]!r}...) has {len(row.ids)} tokens, {loaded.name} takes at most {longest}; "
                f"{advice}"
            )
    return tuple(_reading(loaded, part, row) for part, row in zip(parts, encoded, strict=True))


def _encoded(loaded: LoadedModel, parts: list[Part]) -> list[Encoded]:
    echo = getattr(loaded.config, "workbench_input", "plain") == "echo"
    rows = encode_texts([part.text for part in parts], [part.words for part in parts], loaded.tokenizer, echo)
    if kind_of(loaded) == "sequence":
        return [Encoded(row.ids, [len(row.ids) - 1], row.spans) for row in rows]
    return rows


def _reading(loaded: LoadedModel, part: Part, row: Encoded) -> Reading:
    specials = set(loaded.tokenizer.all_special_ids)
    pieces = tuple(map(shown, loaded.tokenizer.convert_ids_to_tokens(row.ids)))
    special = tuple(token in specials for token in row.ids)
    tokens = Tokens(part.text, tuple(row.ids), pieces, tuple(row.spans), special)
    return Reading(tokens, tuple(part.words), tuple(row.read), part.start, part.continues)


def _check_unicode(text: str) -> None:
    """Raises ValueError where a text holds half of a character, which no tokenizer can read."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the text is no valid Unicode: half a character (U+{ord(text[error.start]):04X}) at position {error.start}"
            "; give it as UTF-8"
        ) from error
