"""Labels and scores as JSON can hold them: for machines, with everything needed to check and to repeat them."""

from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.errors import Errors
from gemma2_workbench.classification.evaluation import Evaluation
from gemma2_workbench.classification.tables import entity_table, word_table
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.versions import versions


def classification_record(source: str, classification: Classification) -> JsonObject:
    """One labelled text: its sentences with their words, and its entities; offsets count characters of `text`."""
    words = dict(iter(word_table(classification).groupby("sentence")))
    sentences = []
    for number, predicted in enumerate(classification.sentences):
        reading = predicted.reading
        rows = words[number].drop(columns=["sentence", "word"])
        place = {"start": reading.start, "end": reading.start + len(reading.tokens.text)}
        sentences.append({**place, "continues": reading.continues, "words": rows.to_dict("records")})
    return {
        "source": source,
        "kind": classification.kind,
        "modified_model": bool(classification.interventions),
        "interventions": list(classification.interventions),
        "classes": list(classification.classes),
        "label_token": classification.label_token,
        "remarks": list(classification.remarks),
        "text": classification.text,
        "sentences": sentences,
        "entities": entity_table(classification).to_dict("records"),
    }


def evaluation_record(file: str, evaluation: Evaluation, wrong: Errors | None = None) -> JsonObject:
    """The scores of one file, and its mistakes if they are given."""
    kept = ("measure", "label_token", "remarks", "sentences", "words", "accuracy", "scores")
    return {
        "versions": versions(),
        "model": evaluation.model.as_data(),
        "file": file,
        **{name: getattr(evaluation, name) for name in kept},
        **({} if wrong is None else {"errors": _errors_record(wrong)}),
    }


def _errors_record(wrong: Errors) -> JsonObject:
    """Mistakes, the most confident first, and the confusion as {type in the file: {type given: how many}}."""
    return {
        "sentences": wrong.sentences,
        "mistakes": wrong.table().to_dict("records"),
        "confusion": wrong.confusion.to_dict("index"),
    }
