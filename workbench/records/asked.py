"""What only the old record can tell, because it is how the file was asked for and no run shows it.

That is the name that a model goes by where `--model` says where it is now, the trace file that is not given again, the
name that the command gives the file, the block size of a run, and choices without a meaning (columns of one panel or of
a table, the side of no pads). All of it is said in a note where it is out of the ordinary; the rest of a record, its
command included, follows from these and from the run.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gemma2_workbench.figures.text import one_line
from gemma2_workbench.model.equation import BLOCK_ROWS
from gemma2_workbench.records.drawing import Drawing
from gemma2_workbench.records.reading import Known
from gemma2_workbench.records.record import Shown, command_for
from gemma2_workbench.records.situation import Situation


def as_asked(
    shown: Shown, fresh: Mapping[str, Any], known: Known, with_traces: bool
) -> tuple[dict[str, Any], list[str]]:
    """The new record with what only the old one can tell, and notes about that."""
    # As JSON holds it: tuples are lists.
    record, old, notes = json.loads(json.dumps(fresh)), known.record, []
    pairs = zip([record, *record.get("further_runs", [])], [old, *old.get("further_runs", [])], strict=True)
    for mine, its in pairs:
        notes += _name_as(mine, its)
        if its.get("trace") != mine.get("trace"):
            notes += _trace_as(mine, its, with_traces)
    if "label_token" not in old:  # a file from before this could be chosen
        record.pop("label_token", None)
    name = _named_in(old["command"]) or ""
    if Path(name).suffix.lower() != known.file.suffix.lower():
        name = known.file.name
    if name != known.file.name:
        notes.append(f"the command calls the file {name!r}")
    record["command"] = command_for(shown, record, name)
    return record, list(dict.fromkeys(notes))


def _name_as(mine: dict[str, Any], its: Mapping[str, Any]) -> Iterator[str]:
    """The same weights may have gone by another name in the old record."""
    model, identity = mine["model"], ("weights_sha256", "revision")
    if model is None or its["model"] is None or model["name"] == its["model"]["name"]:
        return
    if any(model.get(name) for name in identity) and all(model[name] == its["model"][name] for name in identity):
        yield f"{one_line(model['name'], 80)} has the weights of what the record calls {its['model']['name']!r}"
        model |= {name: its["model"][name] for name in ("name", "source")}


def _trace_as(mine: dict[str, Any], its: Mapping[str, Any], with_traces: bool) -> Iterator[str]:
    """A trace that was not given, or is called otherwise now, goes by what the old record says."""
    trace, mine["trace"] = its["trace"], its["trace"]
    if trace is not None and with_traces:
        yield f"the record calls the trace {trace['name']!r}"
    elif trace is not None:
        yield (
            "the text was run again, because no --trace was given; the trace of the record, "
            f"{trace['name']!r} (sha256 {trace['sha256']}), was not compared"
        )


def _named_in(command: str) -> str | None:
    """The name that a command gives its file, if it is a bare name."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    name = next((after for word, after in zip(words, words[1:], strict=False) if word == "--out"), "")
    return name if name and name == Path(name).name and name.isprintable() else None


def without_meaning(known: Known) -> Iterator[str]:
    """What the record says and neither the file nor its command shows."""
    drawing = known.drawing
    for run in known.runs:
        if run.block_rows != BLOCK_ROWS:
            yield f"run in blocks of {run.block_rows} query rows, as the record says; its command takes {BLOCK_ROWS}"
    if isinstance(drawing, Drawing | Situation):
        free = known.look.what == "table" or len(drawing.parts) == 1
        usual = drawing.usual_columns
        if free and drawing.columns != usual:
            yield f"{drawing.columns} columns mean nothing for such a file; usual are {usual}"
    if isinstance(drawing, Situation) and not drawing.setting.padding and drawing.setting.side != "left":
        yield f"pads on the {drawing.setting.side} mean nothing, because there are none"
