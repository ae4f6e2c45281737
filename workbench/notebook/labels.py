"""Labels in a notebook: the text with its entities, or words, marked; of a text as a whole, all classes as bars."""

from html import escape

from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.labels import types_of
from gemma2_workbench.classification.schemes import scheme_of
from gemma2_workbench.figures.colours import series
from gemma2_workbench.figures.text import one_line
from gemma2_workbench.notebook.frame import frame, safe, section, sentence
from gemma2_workbench.notebook.static import bars

MOST_MARKS, MOST_CHARACTERS = 250, 6000
Mark = tuple[int, int, str, float]  # start, end, label, confidence


def labels_html(result: Classification) -> str:
    """The page of a classification."""
    words = sum(len(sentence.reading.words) for sentence in result.sentences)
    facts = [f"{result.kind} labels", f"{len(result.classes)} classes"]
    facts += [] if result.kind == "sequence" else [f"{words} words in {len(result.sentences)} sentences"]
    notes = "".join(sentence(f"Modified model: {change}", flag=True) for change in result.interventions)
    notes += "".join(map(sentence, result.remarks))
    return frame(result.model.name, facts, notes, _text(result), _classes(result))


def _classes(result: Classification) -> str:
    if result.kind != "sequence":
        return ""
    probs = result.sentences[0].probs[0]
    best = probs.topk(min(10, len(probs)))
    names = [result.classes[at] for at in best.indices.tolist()]
    return section("The likeliest classes.", bars(names, {"probability": best.values.tolist()}))


def _text(result: Classification) -> str:
    marks = [] if result.kind == "sequence" else _marks(result)
    end = min(len(result.text), MOST_CHARACTERS, *(mark[0] for mark in marks[MOST_MARKS : MOST_MARKS + 1]))
    colours = {
        name: series(at) for at, name in enumerate(dict.fromkeys([*_names(result), *(mark[2] for mark in marks)]))
    }
    pieces, at = [], 0
    for start, stop, label, confidence in marks:
        if stop > end:
            break
        pieces += [_shown(result.text[at:start]), _mark(result.text[start:stop], label, confidence, colours[label])]
        at = stop
    pieces.append(_shown(result.text[at:end]))
    rest = f"The first {end:,} of {len(result.text):,} characters." if end < len(result.text) else ""
    caption = "" if result.kind == "sequence" else "Labels with their confidence."
    return section(caption, f'<div class="text" dir="auto">{"".join(pieces)}</div>', rest)


def _names(result: Classification) -> tuple[str, ...]:
    return types_of(result.classes) if scheme_of(result.classes) else result.classes


def _marks(result: Classification) -> list[Mark]:
    """What is marked: the entities, or without a scheme every word."""
    if scheme_of(result.classes):
        return [(one.start, one.end, one.label, one.confidence) for one in result.entities]
    return [
        (one.reading.start + start, one.reading.start + end, tag, confidence)
        for one in result.sentences
        for (start, end), tag, confidence in zip(one.reading.words, one.tags, one.confidence.tolist(), strict=True)
    ]


def _mark(text: str, label: str, confidence: float, colour: str) -> str:
    return f'<mark style="--c:{colour}">{_shown(text)}<small>{safe(label)} {confidence:.2f}</small></mark>'


def _shown(text: str) -> str:
    """Text with its own line breaks."""
    return "\n".join(escape(one_line(line)) for line in text.split("\n"))
