"""Labels as the page is told them: words with their label and how sure it is, entities, the legend."""

from collections import Counter
from typing import Any

from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.predictions import Predictions
from gemma2_workbench.classification.schemes import scheme_of as scheme_of_tags

OUTSIDE = "O"
MOST_CLASSES = 12
MOST_TOKENS = 200


def scheme_of(found: Classification) -> str:
    """How labels are shown: "text" (one for all), "entities" (tags of a scheme) or "words" (any other classes)."""
    if found.kind == "sequence":
        return "text"
    return "entities" if scheme_of_tags(found.classes) else "words"


def groups_of(found: Classification) -> list[str]:
    """The names of the legend: types of entities, or the classes themselves; "O" is none."""
    cut = 2 if scheme_of(found) == "entities" else 0
    return list(dict.fromkeys(name[cut:] for name in found.classes if name != OUTSIDE))


def labels_told(found: Classification) -> dict[str, Any]:
    """A classification as JSON. `group` is an index of `groups`, -1 for words outside."""
    scheme, groups = scheme_of(found), groups_of(found)
    cut = 2 if scheme == "entities" else 0
    index = {name: at for at, name in enumerate(groups)}
    told, end = [], 0
    for predicted in found.sentences:
        words = []
        for word, (start, stop) in enumerate(predicted.reading.words):
            start, stop = start + predicted.reading.start, stop + predicted.reading.start
            gap, end = found.text[end:start], stop
            tag = predicted.tags[word]
            group = index.get(tag[cut:], -1)
            words.append({"before": gap, "text": found.text[start:stop], "group": group, **_sure(predicted, word)})
        told.append({"words": words})
    entities = [
        {"sentence": at.sentence, "first": at.first, "stop": at.stop, "group": index[at.label]}
        | {"confidence": at.confidence, "margin": at.margin}
        for at in found.entities
    ]
    words = [word for sentence in told for word in sentence["words"]]
    counts = Counter(at["group"] for at in (entities if scheme == "entities" else words))
    return {
        "kind": found.kind,
        "scheme": scheme,
        "classes": list(found.classes),
        "groups": [{"name": name, "count": counts[at]} for at, name in enumerate(groups)],
        "sentences": told,
        "entities": entities,
        "after": found.text[end:],
        "modified": list(found.interventions),
        "remarks": list(found.remarks),
    }


def word_told(predicted: Predictions, word: int, first: int, stop: int) -> dict[str, Any]:
    """One word: its classes, most probable first, and its tokens with those of the words `first` to `stop`."""
    reading = predicted.reading
    probs_C = predicted.probs[word]
    order = probs_C.argsort(descending=True)[:MOST_CLASSES].tolist()
    logits_C = predicted.word_logits[word]
    owners = {at: owner for owner in range(first, stop) for at in (*reading.word_tokens(owner), *reading.read[owner])}
    shown, read = sorted(owners), {at for places in reading.read for at in places}
    return {
        "word": reading.word(word),
        "tag": predicted.tags[word],
        "best": predicted.best[word],
        "next": predicted.runner_up(word),
        "read": list(reading.read[word]),
        "label_token": reading.label_token,
        "margin": float(predicted.margin[word]),
        "classes": [{"at": at, "prob": float(probs_C[at]), "logit": float(logits_C[at])} for at in order],
        "others": len(probs_C) - len(order),
        "tokens": [_token(predicted, at, owners[at] == word, at in read) for at in shown[-MOST_TOKENS:]],
        "left_out": max(0, len(shown) - MOST_TOKENS),
    }


def _token(predicted: Predictions, at: int, own: bool, read: bool) -> dict[str, Any]:
    """A sub-token: what the classifier says there, even where no label is read."""
    tokens = predicted.reading.tokens
    best = predicted.logits[at].softmax(-1).topk(min(3, len(predicted.classes)))
    top = [{"at": int(index), "prob": float(prob)} for prob, index in zip(best.values, best.indices, strict=True)]
    return {
        "position": at,
        "piece": tokens.display[at],
        "id": tokens.ids[at],
        "own": own,
        "read": read,
        "top": top,
        "margin": top[0]["prob"] - top[1]["prob"],
    }


def _sure(predicted: Predictions, word: int) -> dict[str, Any]:
    return {
        "tag": predicted.tags[word],
        "next": predicted.runner_up(word),
        "confidence": float(predicted.confidence[word]),
        "margin": float(predicted.margin[word]),
    }
