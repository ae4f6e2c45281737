"""Labels as the page reads them: the text in pieces, each word with its label and how sure it is, and the entities."""

from pydantic import JsonValue

from gemma2_workbench.classification.classification import Classification, EntitySpan
from gemma2_workbench.classification.explanations.word_index import counted, located, uncertain_word
from gemma2_workbench.classification.predictions import Predictions
from gemma2_workbench.classification.schemes import scheme_of
from gemma2_workbench.classification.words import Span, word_spans

MOST_CLASSES = 8


def labels_json(found: Classification) -> dict[str, JsonValue]:
    """A classification. Words are counted through all sentences; `sentences` are the [first, stop) of each.

    The words of a sequence classifier, which labels the text as a whole, have no labels of their own; `whole` has it.
    """
    words: list[JsonValue] = []
    sentences: list[JsonValue] = []
    end = 0
    for predicted in found.sentences:
        first = len(words)
        for at, (start, stop) in enumerate(_spans(found, predicted)):
            said = {} if found.kind == "sequence" else _said(predicted, at)
            words.append({"before": found.text[end:start], "text": found.text[start:stop], **said})
            end = stop
        sentences.append([first, len(words)])
    return {
        "text": found.text,
        "model": found.model.name,
        "kind": found.kind,
        "tagged": found.kind == "token" and bool(scheme_of(found.classes)),
        "classes": list(found.classes),
        "words": words,
        "after": found.text[end:],
        "sentences": sentences,
        "entities": [_entity(found, entity) for entity in found.entities],
        "whole": _said(found.sentences[0], 0) if found.kind == "sequence" else None,
        "opening": opening(found),
        "remarks": list(found.remarks),
    }


def classes_json(found: Classification, word: int) -> JsonValue:
    """The most probable classes of a word, and how many others there are."""
    predicted, at = located(found, word)
    probs_C = predicted.probs[at]
    order = probs_C.argsort(descending=True, stable=True)[:MOST_CLASSES].tolist()
    classes: list[JsonValue] = [[found.classes[at], float(probs_C[at])] for at in order]
    return {"classes": classes, "others": len(probs_C) - len(order)}


def opening(found: Classification) -> int:
    """The word that the page opens with: of the least certain entity; where there are none, the least certain word."""
    if found.uncertain is not None:
        return uncertain_word(found)
    margins = [float(margin) for predicted in found.sentences for margin in predicted.margin]
    return min(range(len(margins)), key=lambda at: margins[at])


def _spans(found: Classification, predicted: Predictions) -> list[Span]:
    """Where the words lie in the text."""
    reading = predicted.reading
    words = word_spans(reading.tokens.text) if found.kind == "sequence" else reading.words
    return [(reading.start + start, reading.start + stop) for start, stop in words]


def _said(predicted: Predictions, at: int) -> dict[str, JsonValue]:
    return {
        "label": predicted.tags[at],
        "confidence": float(predicted.confidence[at]),
        "margin": float(predicted.margin[at]),
    }


def _entity(found: Classification, entity: EntitySpan) -> JsonValue:
    first = counted(found, entity.sentence, entity.first)
    return {
        "label": entity.label,
        "text": entity.text,
        "first": first,
        "stop": first + entity.stop - entity.first,
        "confidence": entity.confidence,
        "margin": entity.margin,
    }
