"""The record of a file: which model, which text, which view with which options, which versions made it.

Layout: `tool`, `record` (its version), `versions`; the run (`model`, `text`, `ids`, `block_rows`, `overrides`,
`modified_model`, `parity`, `trace`, `lens`, and where the model wrote a part of the text `generation`) and
`further_runs` alike; `view`, `options` (those that all panels share,
defaults filled in), `panels` (each with its `run`, its own options and its caption), `columns`; `figure` (what it is,
format, venue, width, dpi, title, dark); `scales` (of a figure: each panel's colour scale, null where it has none);
`numbers` (rows and checksum of the table behind it); `command`.
A file of masks (`kind`: mask) is of no run: `model` (its name, its own window, where it was read from, what was read),
`text`, `ids` and `names` of the tokens, each null if none was given; `setting` (`masks.setting.Setting`) and
the same as a `sentence`; `layers` and `passes` that are shown; `changes` against the model.
A file of the reason for a label, or of labels (`kind`: reason), has `model`, `text`, `ids` (of the sentence, or of all
that is shown), `overrides` and `modified_model` as a run has them; `show`: what is shown; `question`: number of the
`word`, its `label`, the class `against` which it is held, and all that as a `sentence`, null where the labels of all
words are shown; `method` of the saliency; `layer` and `head` of the attention.
A file of a pair (`kind`: pair) has two runs, `before` and `after`, how many `tokens` both texts have, and `view`,
`options`, `panels` and `columns` as the record of a view.
A file of sweeps (`kind`: sweep, or sweeps for two that are compared) names in `sweeps` the folder of each, the checksum
of its manifest, which holds those of its tables, and model, texts and settings; the rest is as the record of a view has
it.
A record for a double-blind submission is `anonymous`, see that module; others do not have this key.
Nothing in it depends on when and where it was made, but for the name of a model's folder, so that the same file can be
made again. `schema` and the recipes have the kinds and limits of all parts; `redraw` makes all of them again and
compares them, but for those that `restored` lists.
"""

import hashlib
from dataclasses import asdict

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.maps import Maps
from gemma2_workbench.records.command import command_line
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.versions import TOOL, versions

VERSION = 1


def record_of(recipe: Recipe, output: Output, numbers: pd.DataFrame | Maps, file_name: str) -> JsonObject:
    """Everything that says how a file came to be, as JSON can hold it.

    Args:
        recipe: what is shown.
        output: how.
        numbers: the table behind the figure, or the table or the maps themselves.
        file_name: what the command calls the file.
    """
    record = {
        "tool": TOOL,
        "record": VERSION,
        "versions": versions(),
        **recipe.as_record(),
        "figure": asdict(output),
        "numbers": {"rows": _rows(numbers), "sha256": checksum(numbers)},
    }
    return record | {"command": command_for(recipe, record, file_name)}


def command_for(recipe: Recipe, record: JsonObject, file_name: str) -> str:
    """The command line that makes the file of a record, which it calls `file_name`."""
    return command_line(recipe.command(record), record, file_name)


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
