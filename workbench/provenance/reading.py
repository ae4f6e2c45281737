"""Reading a record from the sidecar or from inside the file; foreign, cut off and newer ones are refused.

A record is data from anywhere. It is checked before anything is done with it, and its command is never run.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.classification.reasons.question import Question
from workbench.interventions import from_data
from workbench.provenance.drawing import Drawing, Part
from workbench.provenance.embedded import embedded_record
from workbench.provenance.look import Look
from workbench.provenance.reason import KIND as REASON
from workbench.provenance.reason import question_of
from workbench.provenance.record import TOOL, VERSION
from workbench.provenance.run import MODEL
from workbench.provenance.schema import DRAWING, FIGURE, FILE, NUMBERS, RUN, TEXT, check
from workbench.provenance.situation import KIND as MASK
from workbench.provenance.situation import Situation
from workbench.views import view_named


@dataclass(frozen=True)
class Known:
    """A record that was checked, the file it is about, and the SHA-256 that this file had."""

    record: dict[str, Any]
    file: Path
    sha256: str

    @property
    def look(self) -> Look:
        """How the file looks."""
        return Look(**self.record["figure"])

    @property
    def drawing(self) -> Drawing | Situation | Question:
        """What the file shows; of a reason, the question that it answers."""
        if self.record.get("kind") == MASK:
            return Situation.of_record(self.record)
        if self.record.get("kind") == REASON:
            return question_of(self.record)
        shared = self.record["options"]
        parts = tuple(Part(panel["run"], shared | panel["options"]) for panel in self.record["panels"])
        return Drawing(self.record["view"], parts, self.record["columns"])

    @property
    def runs(self) -> list[dict[str, Any]]:
        """The runs, each with the keys of RUN; masks of a situation and reasons are of none."""
        return [self.record, *self.record["further_runs"]] if self.record.get("kind") is None else []


def read_record(path: Path) -> Known:
    """The record in a sidecar (.json), or inside a .pdf, .svg, .png, .html, .parquet or .tex file.

    Raises:
        OSError: the file is missing or unreadable.
        ValueError: it holds no record of this workbench, one that was cut off or changed, or one of a newer version.
    """
    if not path.is_file():
        raise OSError(f"there is no file {path}")
    beside = path.suffix.lower() == ".json"
    text = path.read_text(encoding="utf-8", errors="replace") if beside else embedded_record(path)
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} holds no JSON, or it was cut off ({error})") from error
    if not isinstance(record, dict) or record.get("tool") != TOOL:
        raise ValueError(f"{path.name} is JSON, but no record of {TOOL}")
    version = record.get("record")
    if not isinstance(version, int) or version > VERSION:
        raise ValueError(f"{path.name} is a record of version {version}, this workbench reads {VERSION}; update it")
    file = path.with_suffix("") if beside else path
    sha256 = record.pop("sha256", None) if beside else hashlib.sha256(path.read_bytes()).hexdigest()
    if not isinstance(sha256, str):
        raise ValueError(f"{path.name} is incomplete: 'sha256' is missing")
    known = Known(record, file, sha256)
    try:
        _check(known)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path.name} is a record that was changed or cut off: {_reason(error)}") from error
    return known


def _check(known: Known) -> None:
    """Every part has its kind, and what is drawn exists; raises whatever the mistake raises."""
    record = known.record
    kind = record.get("kind")
    if kind not in (None, MASK, REASON):
        raise ValueError(f"it is of kind {kind!r}; allowed: none, {MASK!r} or {REASON!r}")
    check(record, DRAWING | FILE if kind is None else FILE)
    check(record["numbers"], {"rows": int, "sha256": str})
    check(record["figure"], FIGURE)
    _ = known.look
    for run in known.runs:
        _check_run(run)
    drawing = known.drawing
    if isinstance(drawing, Drawing):
        _check_drawing(drawing, record["panels"], len(known.runs))
    if isinstance(drawing, Question):
        _check_model(record)


def _check_run(run: dict[str, Any]) -> None:
    check(run, RUN)
    _check_model(run)
    check(run["parity"], {"sentence": str, "tokens": int})
    check(run["trace"] or {"sha256": "", "name": ""}, {"sha256": str, "name": str})
    check(run["lens"] or {"token": None}, {"token": TEXT})
    if run["block_rows"] < 1:
        raise ValueError("'block_rows' must be at least 1")


def _check_model(run: dict[str, Any]) -> None:
    """The model, what is changed in it, and the tokens that it read."""
    check(run["model"], {name: str if name in ("name", "source", "dtype", "device") else TEXT for name in MODEL})
    if not all(isinstance(token, int) for token in run["ids"]):
        raise ValueError("'ids' must be whole numbers")
    for change in run["overrides"]:
        from_data({name: value for name, value in change.items() if name != "sentence"})
        check(change, {name: NUMBERS for name in change} | {"kind": str, "sentence": str})


def _check_drawing(drawing: Drawing, panels: list[dict[str, Any]], runs: int) -> None:
    for panel in panels:
        check(panel, {"run": int, "options": dict, "caption": str})
        if not 0 <= panel["run"] < runs:
            raise ValueError(f"a panel shows run {panel['run']}, and there are {runs}")
    view = view_named(drawing.view)
    for part in drawing.parts:
        if part.options.keys() != {option.name for option in view.options}:
            raise ValueError(f"the options of view {view.name!r} are not {', '.join(part.options) or 'none'}")


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
