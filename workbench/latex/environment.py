"""A figure environment for a file that was saved: the line that includes it, and a caption that says what is shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

from gemma2_workbench.figures.paper import VENUES, inches
from gemma2_workbench.figures.spec import FigureSpec, Panels, Scale
from gemma2_workbench.figures.ticks import tick_text
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.latex.words import escaped
from gemma2_workbench.models.tier import tier_words
from gemma2_workbench.traces.stages import STAGES

MARK = "% figure environment made by gemma2-workbench"  # tells a file of ours from an author's
_INCLUDED = (".pdf", ".png")
_NAME = re.compile(r"[\w./: +=@-]+")
_ENDS = {"sequential": ("light", "dark"), "diverging": ("blue", "red")}


def inclusion(
    path: str | os.PathLike[str],
    caption: str,
    *,
    width: str | float = "single",
    venue: str | None = None,
    label: str | None = None,
) -> str:
    r"""A `figure` environment with the saved file at its own width.

    Args:
        path: the file, as the paper's folder sees it.
        caption: plain text, see `caption`; it also stands above as the alternative text for screen readers.
        width, venue: what the figure was saved with. A figure over both columns of a page becomes `figure*`.
        label: what follows `fig:`; the file's name, if None.

    Raises:
        ValueError: LaTeX cannot include such a file or name, or an unknown width or venue.
    """
    target = Path(path)
    if target.suffix.lower() not in _INCLUDED:
        raise ValueError(f"LaTeX includes {' and '.join(_INCLUDED)}; got {target.name!r}: {_instead(target)}")
    if not _NAME.fullmatch(target.as_posix()):
        raise ValueError(
            f"LaTeX cannot include a file called {target.as_posix()!r}; use letters, digits, spaces and - _ + = @ . /"
        )
    star, room = _room(width, venue)
    tag = re.sub(r"[^A-Za-z0-9:-]+", "-", label if label is not None else target.stem).strip("-")
    return "\n".join(
        [
            MARK,
            "% needs \\usepackage{graphicx}",
            f"% alternative text: {' '.join(caption.split())}",
            rf"\begin{{figure{star}}}[t]",
            r"  \centering",
            rf"  \includegraphics[width={room}]{{{target.as_posix()}}}",
            rf"  \caption{{{escaped(caption)}}}",
            rf"  \label{{fig:{tag}}}",
            rf"\end{{figure{star}}}",
            "",
        ]
    )


def caption(spec: FigureSpec, record: JsonObject | None = None) -> str:
    """A draft of the caption as plain text: what is shown, of which model and text, on which scale.

    Args:
        spec: the figure.
        record: its record (see `records`), if there is one; the model, the options, the number of
            tokens and what was changed in the model are read from it.
    """
    record = record or {}
    sentences = [_what(spec)]
    options = _options(record.get("options") or {}, sentences[0])
    model = record.get("model") or {}
    if options:
        sentences.append(f"Shown: {options}")
    if model:
        revision = f", revision {model['revision']}" if model.get("revision") else ""
        sentences.append(f"Model: {model['name']}{revision}, {model['dtype']}")
        sentences += [tier_words(model["maps_only"])] if model.get("maps_only") else []
    sentences.append(_texts(record))
    sentences += _scales(spec)
    changes = [str(change["sentence"]).rstrip(".") for change in record.get("overrides") or ()]
    if changes or record.get("modified_model"):
        sentences.append("Modified model: " + ("; ".join(changes) or "see the record"))
    return " ".join(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in sentences if sentence)


def _room(width: str | float, venue: str | None) -> tuple[str, str]:
    r"""The star of `figure*` and the width that is the figure's own."""
    inches(width, venue)
    if not isinstance(width, str):
        return "", f"{width:g}in"
    if width == "single":
        return "", r"\columnwidth"
    both = width == "double" if venue is None else VENUES[venue]["single"] != VENUES[venue][width]
    return "*" if both else "", r"\textwidth"


def _instead(target: Path) -> str:
    r"""What to do with a file that a figure environment cannot hold."""
    return r"it is source already, \input it" if target.suffix.lower() == ".tex" else "save the figure as .pdf"


def _texts(record: JsonObject) -> str:
    """How long the text is, or each of several, in the order of the runs."""
    runs = [record, *(record.get("further_runs") or ())]
    if record.get("ids") is None:
        return ""
    counts = [str(len(run["ids"])) for run in runs]
    if len(set(counts)) == 1:
        several = "Text" if len(runs) == 1 else f"{len(runs)} texts"
        return f"{several} of {counts[0]} {'token' if counts[0] == '1' else 'tokens'}{' each' * (len(runs) > 1)}"
    return f"Texts of {', '.join(counts[:-1])} and {counts[-1]} tokens"


def _what(spec: FigureSpec) -> str:
    """The titles, with the letters of the panels."""
    if not isinstance(spec, Panels):
        return spec.title
    letters = "abcdefghijklmnopqrstuvwxyz"
    parts = [f"({a}) {part.title}" for a, part in zip(letters, spec.figures, strict=False) if part.title]
    return ". ".join(filter(None, [spec.title, "; ".join(parts)]))


def _options(options: JsonObject, title: str) -> str:
    """The options that were chosen and that the title does not name."""
    named = title.lower()
    words = []
    for name, value in options.items():
        label = STAGES[value].label if name == "stage" and value in STAGES else str(value)
        if value is not None and f"{name} {label}".lower() not in named and not (name == "stage" and label in named):
            words.append(f"{name} {label}")
    return ", ".join(words)


def _scales(spec: FigureSpec) -> list[str]:
    """One sentence for every colour scale of the figure."""
    parts = spec.figures if isinstance(spec, Panels) else (spec,)
    scales = [scale for part in parts if (scale := getattr(part, "scale", None)) is not None]
    return list(dict.fromkeys(sentence for scale in scales if (sentence := _scale(scale))))


def _scale(scale: Scale) -> str:
    if scale.kind == "categorical":
        return ""
    low, high = _ENDS[scale.kind]
    power = "" if scale.power == 1 else f", proportional to the value to the power {scale.power:g}"
    if scale.power == 0.5:
        power = ", proportional to the square root of the value"
    middle = " over 0 (white)" if scale.kind == "diverging" else ""
    ends = [tick_text(float(f"{end:.3g}")) for end in (scale.low, scale.high)]
    return f"colours: {scale.label} from {ends[0]} ({low}){middle} to {ends[1]} ({high}){power}"
