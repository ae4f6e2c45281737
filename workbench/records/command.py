"""The command line that draws a file again, as text for people; nothing ever runs it."""

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.weights.info import METHODS
from gemma2_workbench.records.values import change_of
from gemma2_workbench.starting import COMMAND


class Command(NamedTuple):
    """The words of a command line; `texts` go to its end behind --, because a text may begin with a dash."""

    flags: Sequence[str]
    texts: Sequence[str] = ()


def command_line(command: Command | None, record: JsonObject, file_name: str) -> str:
    """The command of a record, quoted for a shell; files go by their names without folders.

    Args:
        command: what is made; None is what no flags say, but the record beside the file does.
        record: how the file looks.
        file_name: what the command calls the file.
    """
    if command is None:
        return shlex.join([COMMAND, "redraw", f"{file_name}.json", "--out", file_name])
    words = [COMMAND, *command.flags]
    if record["figure"]["what"] == "figure":
        words += _settings(record)
    return shlex.join([*words, "--out", file_name, *(["--", *command.texts] if command.texts else [])])


def model_flags(model: JsonObject) -> list[str]:
    """The flags that choose a model, and how it runs."""
    flags = [f"--model={model['name']}", f"--dtype={model['dtype']}", f"--device={model['device']}"]
    quantized = model.get("weights", {}).get("quantized")
    if quantized is not None and quantized["method"] in METHODS:
        flags.append(f"--quantize={quantized['method']}")
    return flags


def changes_flags(changes: Sequence[JsonObject]) -> list[str]:
    """The flags that make changes to the model; each is the data of an intervention."""
    made = [change_of(change) for change in changes]
    return [f"{change.FLAG.name}={change.spelled}" for change in made]


def _settings(record: JsonObject) -> list[str]:
    """How a figure looks, as flags; what is the default goes without saying."""
    figure = record["figure"]
    words = [] if figure["venue"] is None else ["--venue", figure["venue"]]
    words += ["--width", str(figure["width"])]
    words += ["--dpi", str(figure["dpi"])] if figure["dpi"] != 300 else []
    words += [f"--{name}" for name in ("title", "dark") if figure[name]]
    return words + (["--columns", str(record["columns"])] if len(record["panels"]) > 1 else [])
