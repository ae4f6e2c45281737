"""What a record holds, as pydantic models: strict kinds, bounds, no unknown keys; see `record` for what it all means.

A record may come from a stranger, so everything that decides how much work a redrawing is has a limit here.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from workbench.figures.scale import Scale
from workbench.figures.text import one_line
from workbench.interventions import Intervention, from_data
from workbench.masks.setting import Setting
from workbench.provenance.look import Look
from workbench.views import view_named

MOST_RUNS, MOST_PANELS = 64, 4096
MOST_IDS = 2**17
LARGEST = 2**31

Text = Annotated[str, Field(max_length=2**22)]
Name = Annotated[str, Field(max_length=1024)]
Index = Annotated[int, Field(ge=0, le=LARGEST)]
Count = Annotated[int, Field(ge=1, le=LARGEST)]
Ids = Annotated[list[Index], Field(max_length=MOST_IDS)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Commit = Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
Dtype = Literal["float32", "bfloat16", "float16", "float64"]
Value = Annotated[int, Field(ge=-LARGEST, le=LARGEST)] | float | Name | None
Options = Annotated[dict[Name, Value], Field(max_length=64)]


def change_of(data: Mapping[str, Any]) -> Intervention:
    """The change to the model that a record names.

    Raises:
        ValueError: it is none, or a part of it is of another kind.
    """
    change = from_data({name: value for name, value in data.items() if name != "sentence"})
    values = {field.name: getattr(change, field.name) for field in fields(change)}
    try:
        TypeAdapter(type(change)).validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        raise ValueError(said(error)) from error
    return change


def _is_change(data: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(data.get("sentence"), str):
        raise ValueError("'sentence' is missing, or no text")
    change_of(data)
    return data


Changes = Annotated[list[Annotated[dict[Name, Any], AfterValidator(_is_change)]], Field(max_length=MOST_PANELS)]


class Part(BaseModel):
    """A part of a record."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Weights(Part):
    """Which model, and how it was run."""

    name: Name
    source: Name
    revision: Commit | None
    weights_sha256: Sha256 | None
    dtype: Dtype
    device: Name


class Checked(Part):
    """The comparison with transformers; a number that is not finite is null."""

    sentence: Text
    reference: Name
    tokens: Index
    output_max_diff: float | None
    probs_max_diff: float | None
    tolerance: float | None


class TraceFile(Part):
    """The trace file that a run was read from."""

    name: Name
    sha256: Sha256


class Lens(Part):
    """The token that a lens follows."""

    token: Name | None


class RunPart(Part):
    """One run."""

    model: Weights
    text: Text
    ids: Ids
    block_rows: Count
    overrides: Changes
    modified_model: bool
    parity: Checked
    trace: TraceFile | None
    lens: Lens | None


class Numbers(Part):
    """The table behind a file."""

    rows: Annotated[int, Field(ge=0, le=2**40)]
    sha256: Sha256


class FilePart(Part):
    """What every record says of its file."""

    tool: Name
    record: int
    versions: Annotated[dict[Name, Name], Field(max_length=64)]
    columns: Annotated[int, Field(ge=1, le=MOST_PANELS)]
    figure: Look
    scales: Annotated[list[Scale | None], Field(max_length=MOST_PANELS)] | None = None
    numbers: Numbers
    command: Text

    @model_validator(mode="after")
    def _table_has_no_look(self) -> Self:
        plain = Look("table", self.figure.format) if self.figure.what == "table" else self.figure
        if self.figure != plain:
            raise ValueError("a table has no venue, width, dpi, title or dark of its own")
        return self


class Panel(Part):
    """A run through some values of the view's options."""

    run: Index
    options: Options
    caption: Text


class OfRuns(FilePart, RunPart):
    """The record of a view."""

    further_runs: Annotated[list[RunPart], Field(max_length=MOST_RUNS - 1)]
    view: Name
    options: Options
    panels: Annotated[list[Panel], Field(min_length=1, max_length=MOST_PANELS)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        shown, known = {panel.run for panel in self.panels}, set(range(1 + len(self.further_runs)))
        if shown != known:
            odd = ", ".join(map(str, sorted(shown ^ known)))
            raise ValueError(f"the panels and the runs do not fit: run {odd} is shown, or is there, alone")
        names = {option.name for option in view_named(self.view).options}
        for panel in self.panels:
            if {*self.options, *panel.options} != names:
                raise ValueError(f"the options of view {self.view!r} are {', '.join(sorted(names)) or 'none'}")
        return self


class Layers(Part):
    """The model whose masks are drawn."""

    name: Name
    source: Name
    revision: Commit | None
    window: Count | None
    causal: bool | None
    read: Name


class MaskPanel(Part):
    """One layer in one pass."""

    layer: Index
    step: Index = Field(alias="pass")
    caption: Text


class OfMasks(FilePart):
    """The record of masks, which are of no run."""

    kind: Literal["mask"]
    model: Layers | None
    text: Text | None
    ids: Ids | None
    names: Annotated[list[Name], Field(max_length=MOST_IDS)] | None
    setting: Setting
    sentence: Text
    layers: Annotated[list[Index], Field(min_length=1, max_length=MOST_PANELS)]
    passes: Annotated[list[Index], Field(min_length=1, max_length=MOST_PANELS)]
    panels: Annotated[list[MaskPanel], Field(min_length=1, max_length=MOST_PANELS)]
    modified_model: bool
    changes: Annotated[list[Text], Field(max_length=64)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len({self.text is None, self.ids is None, self.names is None}) > 1:
            raise ValueError("'text', 'ids' and 'names' are there together, or all null")
        if len(self.layers) * len(self.passes) > MOST_PANELS:
            raise ValueError(f"a record has at most {MOST_PANELS} panels")
        if max(self.setting.window, len(self.setting.layers)) > LARGEST:
            raise ValueError(f"a window is at most {LARGEST}")
        return self


class Asked(Part):
    """What is asked about which word."""

    word: Index
    label: Name | None
    against: Name | None
    sentence: Text


class ReasonPanel(Part):
    """The one panel of a reason."""

    caption: Text


class OfReason(FilePart):
    """The record of a reason for a label, or of labels."""

    kind: Literal["reason"]
    model: Weights
    text: Text
    ids: Ids
    overrides: Changes
    modified_model: bool
    show: Name
    question: Asked | None
    method: Name | None
    layer: Index | None
    head: Index | None
    panels: Annotated[list[ReasonPanel], Field(min_length=1, max_length=1)]


Record = OfRuns | OfMasks | OfReason
KINDS: dict[str | None, type[Record]] = {None: OfRuns, "mask": OfMasks, "reason": OfReason}


def said(error: ValidationError) -> str:
    """The first thing that is wrong, with its path, as half a sentence."""
    first = error.errors(include_url=False, include_input=False)[0]
    path = one_line(".".join(map(str, first["loc"])), 120)
    words = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("missing", "missing_argument"):
        return f"{path!r} is missing"
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{path!r} is unknown"
    return one_line(f"{path!r}: {words[:1].lower()}{words[1:]}" if path else words, 400)
