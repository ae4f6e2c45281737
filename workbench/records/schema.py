"""What a record holds, as pydantic models: strict kinds, bounds, no unknown keys; see `record` for what it all means.

A record may come from a stranger, so everything that decides how much work a redrawing is has a limit here.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.records.kinds import (
    LARGEST,
    MOST_IDS,
    MOST_PANELS,
    MOST_RUNS,
    Changes,
    Commit,
    Count,
    Dtype,
    Ids,
    Index,
    Name,
    Options,
    Sha256,
    Text,
)
from gemma2_workbench.records.look import Look
from gemma2_workbench.views import view_named

# What the values of a view's options are, by their kind; a range is written out, other kinds are checked by the view.
_KINDS = {"range": str, "layer": int | None, "head": int | None, "token": int | None}


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
        shown, runs = {panel.run for panel in self.panels}, 1 + len(self.further_runs)
        if max(shown) >= runs:
            raise ValueError(f"a panel shows run {max(shown)}, and there are {runs}")
        if len(shown) < runs:
            raise ValueError(f"there are {runs} runs, and the panels show {len(shown)}")
        kinds = {option.name: option.kind for option in view_named(self.view).options}
        for panel in self.panels:
            options = self.options | panel.options
            if options.keys() != kinds.keys():
                raise ValueError(f"the options of view {self.view!r} are {', '.join(sorted(kinds)) or 'none'}")
            odd = next(
                (name for name, kind in kinds.items() if not isinstance(options[name], _KINDS.get(kind, object))), None
            )
            if odd is not None:
                raise ValueError(f"the option {odd!r} of view {self.view!r} is of another kind")
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
    label_token: Literal["first", "last", "mean"] | None = None
    panels: Annotated[list[ReasonPanel], Field(min_length=1, max_length=1)]


Record = OfRuns | OfMasks | OfReason
KINDS: dict[str | None, type[Record]] = {None: OfRuns, "mask": OfMasks, "reason": OfReason}
