"""What only the old record can tell, because it is how the file was requested and no run shows it.

That is the name that a model goes by where `--model` says where it is now, the trace file that is not given again, the
folder of a sweep, the name that the command gives the file, the block size of a run, and choices without a meaning
(columns of one panel or of a table, the side of no pads). All of it is said in a note where it is out of the ordinary;
the rest of a record, its command included, follows from these and from the run.
"""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

from gemma2_workbench.figures.text import one_line
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.model.equation import rows_for
from gemma2_workbench.records.reading import StoredRecord
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.record import command_for


def restored(
    recipe: Recipe, fresh: JsonObject, stored: StoredRecord, with_traces: bool
) -> tuple[JsonObject, list[str]]:
    """The new record with what only the old one can tell, and notes about that."""
    # As JSON holds it: tuples are lists.
    record, old, notes = json.loads(json.dumps(fresh)), stored.record, []
    for mine, its in zip(recipe.sources(record), recipe.sources(old), strict=True):
        notes += _name_as(mine, its)
        notes += _folder_as(mine, its)
        if its.get("trace") != mine.get("trace"):
            notes += _trace_as(mine, its, with_traces)
    for name in recipe.SCHEMA.ADDED:
        if name not in old:
            record.pop(name, None)
    name = _named_in(old["command"]) or ""
    if Path(name).suffix.lower() != stored.file.suffix.lower():
        name = stored.file.name
    if name != stored.file.name:
        notes.append(f"the command calls the file {name!r}")
    record["command"] = command_for(recipe, record, name)
    return record, list(dict.fromkeys(notes))


def _name_as(mine: JsonObject, its: JsonObject) -> Iterator[str]:
    """The same weights may have gone by another name in the old record."""
    model, old, identity = mine.get("model"), its.get("model"), ("weights_sha256", "revision")
    if model is None or old is None or model["name"] == old["name"]:
        return
    if any(model.get(name) for name in identity) and all(model[name] == old[name] for name in identity):
        yield f"{one_line(model['name'], 80)} has the weights of what the record calls {old['name']!r}"
        model |= {name: old[name] for name in ("name", "source")}


def _folder_as(mine: JsonObject, its: JsonObject) -> Iterator[str]:
    """The same sweep may lie in another folder now."""
    if mine.get("folder") != its.get("folder"):
        yield f"the record calls the sweep {its['folder']!r}" if its["folder"] else "the record is of an unsaved sweep"
        mine["folder"] = its["folder"]


def _trace_as(mine: JsonObject, its: JsonObject, with_traces: bool) -> Iterator[str]:
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


def without_meaning(recipe: Recipe, stored: StoredRecord) -> Iterator[str]:
    """What the record says and neither the file nor its command shows."""
    for run in stored.checked.runs:
        usual = rows_for(max(1, len(run.ids)))
        if run.block_rows != usual:
            yield f"run in blocks of {run.block_rows} query rows, as the record says; its command takes {usual}"
    yield from recipe.unseen(stored.output)
