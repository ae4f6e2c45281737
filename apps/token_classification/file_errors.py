"""A CoNLL file that a reader drops on the page: scores, mistakes with their lines, and what types are taken for."""

from pathlib import Path

from pydantic import JsonValue

from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.token_classification.questions import File
from gemma2_workbench.apps.token_classification.service import counted
from gemma2_workbench.classification.columns import Columns
from gemma2_workbench.classification.conll import Sentence, conll_of
from gemma2_workbench.classification.errors import Mistake, errors
from gemma2_workbench.classification.evaluation import evaluate
from gemma2_workbench.classification.text_file import decoded
from gemma2_workbench.classification.words import sentence_spans, spaced, word_spans

MOST_MISTAKES = 200


def file_errors(session: Session, asked: File, tell: Tell) -> JsonValue:
    """How well the model labels the file; its mistakes, by sentence, the most confident first.

    Raises:
        ValueError: the file cannot be read, the sentence says which line; as `evaluate`.
    """
    columns = Columns.of(asked.token_column, asked.tag_column, False)
    gold = conll_of(decoded(asked.content.encode(), asked.name), Path(asked.name), columns)
    found = evaluate(session.model(asked.model), gold.sentences, asked.name, counted(tell))
    wrong = errors(found)
    overall = found.scores["all"]
    return {
        "name": asked.name,
        "model": asked.model,
        "sentences": wrong.of,
        "wrong": wrong.sentences,
        "measure": found.measure,
        "f1": overall["ALL" if found.entities else "MEAN"]["f1"],
        "mistakes": [_mistake(row, found.gold[row.sentence]) for row in wrong.mistakes[:MOST_MISTAKES]],
        "all": len(wrong.mistakes),
        "kinds": list(wrong.confusion.columns),
        "confusion": wrong.confusion.to_numpy().tolist(),
        "remarks": [*gold.remarks, *found.remarks],
    }


def _mistake(row: Mistake, sentence: Sentence) -> JsonValue:
    """A mistake with its sentence as the page labels it; `word` is the number of its first word there."""
    text, spans = spaced(sentence.words)
    start, stop = spans[row.words[0]][0], spans[row.words[1] - 1][1]
    return {
        "text": text,
        "before": text[:start],
        "here": text[start:stop],
        "after": text[stop:],
        "word": _word_at(text, start),
        "line": row.line,
        "gold": row.gold,
        "predicted": row.predicted,
        "found": row.found,
        "margin": row.margin,
    }


def _word_at(text: str, place: int) -> int:
    """The number of the word at a place, as the page counts the words of the text."""
    ends = [first + stop for first, last in sentence_spans(text) for _, stop in word_spans(text[first:last])]
    return sum(end <= place for end in ends)
