"""Words of a text by number, from 0 through all its sentences, or by what they are."""

from collections.abc import Sequence
from difflib import get_close_matches

from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.predictions import Predictions
from gemma2_workbench.limits import told

_MOST_DIGITS = 18


def number_of(found: Classification, given: int | str | None) -> int:
    """The number of a word, from 0 through all sentences of a text.

    Args:
        found: the labels of the text.
        given: as of `word_named`; None is the first word of the first entity, or word 0.

    Raises:
        ValueError: no such word.
    """
    words = [row.reading.word(at) for row in found.sentences for at in range(len(row.reading.words))]
    if given is None:
        return _first(found)
    if found.kind == "sequence" and given not in (0, "0", *words):
        raise ValueError("the classifier labels the text as a whole; leave the word out")
    return word_named(words, given)


def word_named(words: Sequence[str], given: int | str, where: str = "text") -> int:
    """The number of a word among others.

    Args:
        words: all of them.
        given: the number; the word itself, the first of its kind (a string of digits is a number, unless there are not
            so many words).
        where: what they are the words of.

    Raises:
        ValueError: no such word.
    """
    number = given if isinstance(given, int) else _number(given)
    if 0 <= number < len(words):
        return number
    if given in words:
        return words.index(str(given))
    near = get_close_matches(str(given), words, n=1) if isinstance(given, str) else []
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(
        f"the {where} has no word {told(given)}; {hint}give one of its words, or its number, 0 to {len(words) - 1}"
    )


def _number(given: str) -> int:
    """The number that digits stand for, -1 for none and for more digits than any text has words."""
    return int(given) if given.isdecimal() and len(given) <= _MOST_DIGITS else -1


def counted(found: Classification, sentence: int, word: int) -> int:
    """The number, through all sentences, of a word of one sentence."""
    return sum(len(predicted.reading.words) for predicted in found.sentences[:sentence]) + word


def _first(found: Classification) -> int:
    """The first word of the first entity, word 0 where there is none."""
    if not found.entities:
        return 0
    entity = found.entities[0]
    return counted(found, entity.sentence, entity.first)


def uncertain_word(found: Classification) -> int:
    """The number of the first word of the least certain entity: the one with the smallest margin.

    Raises:
        ValueError: the text has no entities.
    """
    if found.uncertain is None:
        raise ValueError("the text has no entity to explain; leave entity out, or choose a word")
    return counted(found, found.uncertain.sentence, found.uncertain.first)


def located(found: Classification, number: int) -> tuple[Predictions, int]:
    """The sentence of a word, and its index there."""
    for predicted in found.sentences:
        if number < len(predicted.reading.words):
            return predicted, number
        number -= len(predicted.reading.words)
    raise ValueError(f"there is no word {number}")
