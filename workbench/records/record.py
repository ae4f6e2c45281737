"""The record of a file: which model, which text, which view with which options, which versions made it.

Layout: `tool`, `record` (its version), `versions`; the run (`model`, `text`, `ids`, `block_rows`, `overrides`,
`modified_model`, `parity`, `trace`, `lens`) and `further_runs` alike; `view`, `options` (those that all panels share,
defaults filled in), `panels` (each with its `run`, its own options and its caption), `columns`; `figure` (what it is,
format, venue, width, dpi, title, dark); `scales` (of a figure: each panel's colour scale, null where it has none);
`numbers` (rows and checksum of the table behind it); `command`.
A file of masks (`kind`: mask) is of no run: `model` (its name, its own window, where it was read from, what was read),
`text`, `ids` and `names` of the tokens, each null if none was given; `setting` (`workbench.masks.setting.Setting`) and
the same as a `sentence`; `layers` and `passes` that are shown; `changes` against the model.
A file of the reason for a label, or of labels (`kind`: reason), has `model`, `text`, `ids` (of the sentence, or of all
that is shown), `overrides` and `modified_model` as a run has them; `show`: what is shown; `question`: number of the
`word`, its `label`, the class `against` which it is held, and all that as a `sentence`, null where the labels of all
words are shown; `method` of the saliency; `layer` and `head` of the attention.
Nothing in it depends on when and where it was made, but for the name of a model's folder, so that the same file can be
made again. `schema` has the kinds and limits of all parts; `redraw` makes all of them again and compares them, but for
those that `asked` lists.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from gemma2_workbench.maps import Maps
from gemma2_workbench.records.command import command_of, mask_command, why_command
from gemma2_workbench.records.drawing import Drawing
from gemma2_workbench.records.look import Look
from gemma2_workbench.records.reason import Reason
from gemma2_workbench.records.run import Run, described
from gemma2_workbench.records.situation import Situation
from gemma2_workbench.versions import TOOL, versions
from gemma2_workbench.views import view_named

VERSION = 1
_COMMANDS = {Drawing: command_of, Situation: mask_command, Reason: why_command}
Shown = Drawing | Situation | Reason


def record_of(
    drawing: Shown, look: Look, runs: Sequence[Run], numbers: pd.DataFrame | Maps, file_name: str
) -> dict[str, Any]:
    """Everything that says how a file came to be, as JSON can hold it.

    Args:
        drawing: what is drawn.
        look: how.
        runs: the runs that the drawing's parts count; none for a situation or a reason.
        numbers: the table behind the figure, or the table or the maps themselves.
        file_name: what the command calls the file.
    """
    record = {
        "tool": TOOL,
        "record": VERSION,
        "versions": versions(),
        **(_of_runs(drawing, runs) if isinstance(drawing, Drawing) else drawing.as_record()),
        "figure": asdict(look),
        "numbers": {"rows": _rows(numbers), "sha256": checksum(numbers)},
    }
    return record | {"command": command_for(drawing, record, file_name)}


def command_for(drawing: Shown, record: Mapping[str, Any], file_name: str) -> str:
    """The command line that makes the file of a record, which it calls `file_name`."""
    return _COMMANDS[type(drawing)](record, file_name)


def _of_runs(drawing: Drawing, runs: Sequence[Run]) -> dict[str, Any]:
    """The runs, and what is drawn of them."""
    first, *further = (described(run, "lens" in view_named(drawing.view).needs) for run in runs)
    options = [part.options for part in drawing.parts]
    varied = [name for name in options[0] if len({each[name] for each in options}) > 1]
    captions = drawing.captions([run.trace for run in runs])
    return {
        **first,
        "further_runs": further,
        "view": drawing.view,
        "options": {name: value for name, value in options[0].items() if name not in varied},
        "panels": [
            {"run": part.run, "options": {name: part.options[name] for name in varied}, "caption": caption}
            for part, caption in zip(drawing.parts, captions, strict=True)
        ],
        "columns": drawing.columns,
    }


def checksum(numbers: pd.DataFrame | Maps) -> str:
    """SHA-256 over the exact values of maps, or over the names and the exact values of all columns of a table."""
    digest = hashlib.sha256()
    if isinstance(numbers, Maps):
        digest.update(np.ascontiguousarray(numbers.values).data)
        return digest.hexdigest()
    for name, column in numbers.items():
        digest.update(f"{name}\n".encode())
        if is_numeric_dtype(column.dtype) and isinstance(column.dtype, np.dtype):
            digest.update(np.ascontiguousarray(column.to_numpy()).data)
        else:
            # Tokens repeat: each is hashed once, then where it stands.
            places, words = pd.factorize(column)
            digest.update("\0".join(map(str, words)).encode(errors="surrogatepass"))
            digest.update(places.data)
    return digest.hexdigest()


def _rows(numbers: pd.DataFrame | Maps) -> int:
    """Rows of a table, numbers of maps."""
    return numbers.values.size if isinstance(numbers, Maps) else len(numbers)
