"""Labels as tables: words, entities, sub-tokens and scores, one row each, with declared columns."""

from dataclasses import asdict, fields

import pandas as pd
import torch

from gemma2_workbench.classification.classification import Classification, EntitySpan
from gemma2_workbench.classification.predictions import Predictions
from gemma2_workbench.classification.scores import COLUMNS, Scores

WORD_COLUMNS = ("sentence", "word", "text", "start", "end", "label", "confidence", "runner_up", "margin")
ENTITY_COLUMNS = tuple(field.name for field in fields(EntitySpan))
TOP = 3
TOKEN_COLUMNS = (
    *("position", "id", "piece", "start", "end", "word", "read"),
    *(f"{name}_{place}" for place in range(1, TOP + 1) for name in ("class", "prob")),
)
SCORE_COLUMNS = ("domain", "type", *COLUMNS)


def word_table(classification: Classification) -> pd.DataFrame:
    """One row per word (of a sequence classifier: one row, the whole text), with `WORD_COLUMNS`.

    `start` and `end` are character offsets in the text, `margin` is the probability of the label minus that of
    `runner_up`. Where an I- that continues nothing was read as a B-, `confidence` is that of the I-.
    """
    rows = []
    for number, predicted in enumerate(classification.sentences):
        reading = predicted.reading
        seconds = predicted.probs.topk(2, dim=-1).indices[:, 1].tolist()
        numbers = zip(predicted.tags, predicted.confidence.tolist(), seconds, predicted.margin.tolist(), strict=True)
        for word, ((start, end), (tag, confidence, second, margin)) in enumerate(
            zip(reading.words, numbers, strict=True)
        ):
            place = (reading.start + start, reading.start + end)
            rows.append((number, word, reading.word(word), *place, tag, confidence, predicted.classes[second], margin))
    return pd.DataFrame(rows, columns=list(WORD_COLUMNS))


def entity_table(classification: Classification) -> pd.DataFrame:
    """One row per entity, with `ENTITY_COLUMNS` (the attributes of `EntitySpan`)."""
    return pd.DataFrame([asdict(entity) for entity in classification.entities], columns=list(ENTITY_COLUMNS))


def token_table(predicted: Predictions) -> pd.DataFrame:
    """One row per sub-token, with `TOKEN_COLUMNS`; BOS and the like belong to no word.

    `word` is the index of the word that the token belongs to (the first of several, <NA> for none), `read` the words
    whose label is read here, `class_1` ... and `prob_1` ... the most probable classes here and their probabilities.
    """
    reading, tokens = predicted.reading, predicted.reading.tokens
    belongs: dict[int, int] = {}
    reads: dict[int, list[str]] = {}
    for word, places in enumerate(reading.read):
        for place in places:
            reads.setdefault(place, []).append(reading.word(word))
        for at in reading.word_tokens(word):
            belongs.setdefault(at, word)
    table = pd.DataFrame(
        {
            "position": range(len(tokens)),
            "id": tokens.ids,
            "piece": tokens.display,
            "start": [start for start, _ in tokens.spans],
            "end": [end for _, end in tokens.spans],
            "word": pd.array([belongs.get(at, pd.NA) for at in range(len(tokens))], dtype="Int64"),
            "read": [" ".join(reads.get(at, ())) for at in range(len(tokens))],
        }
    )
    top = torch.softmax(predicted.logits, dim=-1).topk(min(TOP, len(predicted.classes)), dim=-1)
    # A classifier that scores the text as a whole says nothing of its tokens.
    own = predicted.of_tokens
    for place in range(1, TOP + 1):
        known = own and place <= len(predicted.classes)
        names = [predicted.classes[at] for at in top.indices[:, place - 1].tolist()] if known else ""
        table[f"class_{place}"] = names
        table[f"prob_{place}"] = top.values[:, place - 1].tolist() if known else float("nan")
    return table


def score_table(scores: dict[str, Scores]) -> pd.DataFrame:
    """One row per domain and type, with `SCORE_COLUMNS`; of `scores.by_domain`."""
    rows = [(domain, name, *row.values()) for domain, found in scores.items() for name, row in found.items()]
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
