"""The command line that draws a file again, as text for people; nothing ever runs it."""

import shlex
from collections.abc import Mapping
from typing import Any

from gemma2_workbench.traces.interventions import from_data
from gemma2_workbench.views import view_named


def command_of(record: Mapping[str, Any], file_name: str) -> str:
    """The command of a record, quoted for a shell; files go by their names without folders."""
    figure = record["figure"]
    words = ["gemma2-workbench", figure["what"], record["view"]]
    runs = [record, *record["further_runs"]]
    for run in runs:
        words += [f"--text={run['text']}"] if run["trace"] is None else ["--trace", run["trace"]["name"]]
    if record["trace"] is None:
        model = record["model"]
        words += [f"--model={model['name']}", f"--dtype={model['dtype']}", f"--device={model['device']}"]
        for change in record["overrides"]:
            words += flags_of(change)
        if record["lens"] is not None and record["lens"]["token"] is not None:
            words.append(f"--token={record['lens']['token']}")
    words += _options(record)
    if figure["what"] == "figure":
        words += _settings(record)
    return shlex.join([*words, "--out", file_name])


def mask_command(record: Mapping[str, Any], file_name: str) -> str:
    """The command of a record of masks."""
    setting, model = record["setting"], record["model"]
    words = ["gemma2-workbench", "mask", f"--tokens={setting['tokens']}", f"--window={setting['window']}"]
    words += ["--layers", *setting["layers"]] if model is None else [f"--model={model['name']}"]
    words += [f"--padding={setting['padding']}", f"--side={setting['side']}"] if setting["padding"] else []
    defaults = {"decode": 0, "chunk": None, "cache": "dynamic", "slots": None}
    words += [f"--{name}={setting[name]}" for name, default in defaults.items() if setting[name] != default]
    if setting["causal"] != (True if model is None else model["causal"]):
        words.append(f"--causal={'on' if setting['causal'] else 'off'}")
    for name, flag in (("layers", "layer"), ("passes", "pass")):
        words += [f"--{flag}={record[name][0]}"] if len(record[name]) == 1 else []
    if record["figure"]["what"] == "figure":
        words += _settings(record)
    words += ["--out", file_name]
    # Behind --, because a text may begin with a dash.
    return shlex.join(words if record["text"] is None else [*words, "--", record["text"]])


def why_command(record: Mapping[str, Any], file_name: str) -> str:
    """The command of a record of a reason, or of labels."""
    model, asked = record["model"], record["question"] or {}
    words = ["gemma2-workbench", "why", f"--show={record['show']}"]
    values = {**asked, **{name: record[name] for name in ("method", "layer", "head")}}
    values["label-token"] = record.get("label_token")
    words += [f"--{name}={value}" for name, value in values.items() if name != "sentence" and value is not None]
    words += [f"--model={model['name']}", f"--dtype={model['dtype']}", f"--device={model['device']}"]
    for change in record["overrides"]:
        words += flags_of(change)
    if record["figure"]["what"] == "figure":
        words += _settings(record)
    # Behind --, because a text may begin with a dash.
    return shlex.join([*words, "--out", file_name, "--", record["text"]])


def flags_of(change: Mapping[str, Any]) -> list[str]:
    """The flag that makes one change to the model; `change` is the data of an intervention."""
    made = from_data({name: value for name, value in change.items() if name != "sentence"})
    return [f"{made.FLAG.name}={made.spelled}"]


def _options(record: Mapping[str, Any]) -> list[str]:
    """The view's options; one that differs between panels takes all its values, the default is left out."""
    wholes = [f"0:{len(run['ids'])}" for run in (record, *record["further_runs"])]
    panels = [(record["options"] | panel["options"], wholes[panel["run"]]) for panel in record["panels"]]
    words: list[str] = []
    for name in [option.name for option in view_named(record["view"]).options]:
        values = dict.fromkeys(options[name] for options, _ in panels)
        if None not in values and any(options[name] != whole for options, whole in panels):
            words += [f"--{name}", *map(str, values)]
    return words


def _settings(record: Mapping[str, Any]) -> list[str]:
    """How a figure looks, as flags; what is the default goes without saying."""
    figure = record["figure"]
    words = [] if figure["venue"] is None else ["--venue", figure["venue"]]
    words += ["--width", str(figure["width"])]
    words += ["--dpi", str(figure["dpi"])] if figure["dpi"] != 300 else []
    words += [f"--{name}" for name in ("title", "dark") if figure[name]]
    return words + (["--columns", str(record["columns"])] if len(record["panels"]) > 1 else [])
