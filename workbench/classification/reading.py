"""`Reading`: a sentence as a classifier reads it: tokens, words, and where the label of each word is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from gemma2_workbench.brief import brief
from gemma2_workbench.classification.chunks import Chunk, fitting
from gemma2_workbench.classification.classifier import kind_of, label_token_of
from gemma2_workbench.classification.inputs import Encoded, Positions, as_whole, encode_texts
from gemma2_workbench.classification.words import Span, sentence_spans, spaced, word_spans
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.models.tokens import Tokens, checked_text, displayed


@dataclass(frozen=True)
class Reading:
    """One input of a classifier.

    A token classifier reads a sentence and gives every word a label; a sequence classifier reads the whole text, whose
    only "word" is all of it. T tokens, W words.

    Attributes:
        tokens: the T tokens; `tokens.text` is the sentence. In the variant "echo" it stands there twice.
        words: character offsets of the W words in the sentence.
        read: for each word the tokens whose mean logits give its label, see `Encoded`.
        start: where the sentence starts in the text it was taken from.
        continues: whether it goes on with a sentence that was too long for the model.
        label_token: how `read` was chosen, one of `LABEL_TOKENS`.
    """

    tokens: Tokens
    words: tuple[Span, ...]
    read: tuple[Positions, ...]
    start: int = 0
    continues: bool = False
    label_token: str = "last"

    def __repr__(self) -> str:
        return brief(self, f"of {len(self.words)} words", f"{len(self.tokens)} tokens", repr(self.tokens.text))

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


def readings(loaded: Classifier, text: str, label_token: str | None = None) -> tuple[Reading, ...]:
    """The sentences of a text for a token classifier, the whole text for a sequence classifier.

    A sentence with more tokens than the model takes is read in parts (`workbench.classification.chunks`).

    Args:
        loaded: a classifier.
        text: any text.
        label_token: where labels are read, see `label_token_of`.

    Raises:
        ValueError: the text holds no words, is no valid Unicode, or has more tokens than the model takes (of a token
            classifier: in one word); or the model labels nothing.
    """
    kind = kind_of(loaded)
    if not text.strip():
        raise ValueError("the text is empty: give at least one word")
    checked_text(text)
    chosen = label_token_of(loaded, label_token)
    if kind == "sequence":
        return _read(loaded, [Chunk(text, [(0, len(text))], 0)], chosen)
    parts = [Chunk(text[start:end], word_spans(text[start:end]), start) for start, end in sentence_spans(text)]
    rows = fitting(parts, lambda some: encoded_chunks(loaded, some, chosen), loaded.shape.longest)
    return tuple(_reading(loaded, part, row, chosen) for part, row in rows)


def readings_of_words(
    loaded: Classifier,
    sentences: Sequence[Sequence[str]],
    label_token: str | None = None,
    places: Sequence[str] = (),
) -> tuple[Reading, ...]:
    """Sentences that come as words (a CoNLL file), one reading each; they start where `joined` puts them.

    Args:
        loaded: a token classifier.
        sentences: the words of each sentence.
        label_token: where labels are read, see `label_token_of`.
        places: what to call each sentence in messages (file and line); default: its number.

    Raises:
        ValueError: there is no sentence, a word is no valid Unicode, or a sentence has too many tokens for the model.
    """
    if not sentences:
        raise ValueError("there are no sentences: give at least one word")
    parts, start = [], 0
    chosen = label_token_of(loaded, label_token)
    for words in sentences:
        text, spans = spaced(list(words))
        checked_text(text)
        parts.append(Chunk(text, spans, start))
        start += len(text) + 1
    return _read(loaded, parts, chosen, places)


def joined(sentences: Sequence[Sequence[str]]) -> str:
    """Sentences of words as a text, one per line."""
    return "\n".join(spaced(list(words))[0] for words in sentences)


def _read(loaded: Classifier, parts: list[Chunk], label_token: str, places: Sequence[str] = ()) -> tuple[Reading, ...]:
    """One reading for each part as it is."""
    longest = loaded.shape.longest
    encoded = encoded_chunks(loaded, parts, label_token)
    for number, (part, row) in enumerate(zip(parts, encoded, strict=True)):
        if len(row.ids) > longest:
            whole = kind_of(loaded) == "sequence"
            what = "the text" if whole else places[number] if places else f"sentence {number + 1}"
            advice = "give a shorter one" if whole else "end sentences earlier (in a CoNLL file: by an empty line)"
            raise ValueError(
                f"{what} ({part.text[:40]!r}...) has {len(row.ids)} tokens, {loaded.name} takes at most {longest}; "
                f"{advice}"
            )
    return tuple(_reading(loaded, part, row, label_token) for part, row in zip(parts, encoded, strict=True))


def encoded_chunks(loaded: Classifier, parts: Sequence[Chunk], label_token: str) -> list[Encoded]:
    """Parts of texts as a classifier reads them; the label of a whole text where it reads it."""
    echo = getattr(loaded.config, "workbench_input", "plain") == "echo"
    texts, words = [part.text for part in parts], [part.words for part in parts]
    rows = encode_texts(texts, words, loaded.tokenizer, echo, label_token)
    if kind_of(loaded) == "sequence":
        return [as_whole(row, loaded.config.pad_token_id, loaded.text_token) for row in rows]
    return rows


def _reading(loaded: Classifier, part: Chunk, row: Encoded, label_token: str) -> Reading:
    specials = set(loaded.tokenizer.all_special_ids)
    pieces = displayed(loaded.tokenizer, loaded.tokenizer.convert_ids_to_tokens(row.ids))
    special = tuple(token in specials for token in row.ids)
    tokens = Tokens(part.text, tuple(row.ids), pieces, tuple(row.spans), special)
    return Reading(tokens, tuple(part.words), tuple(row.read), part.start, part.continues, label_token)
