"""What records of all kinds hold, as pydantic models: strict, bounded, no unknown keys; `record` says what it means.

A record may come from a stranger, so everything that decides how much work a redrawing is has a limit here.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.generation.generated import Generation
from gemma2_workbench.models.weights.info import WeightsInfo
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.values import (
    MOST_PANELS,
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


class SubRecord(BaseModel):
    """A part of a record."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Weights(SubRecord):
    """Which model, and how it was run."""

    name: Name
    source: Name
    revision: Commit | None
    weights_sha256: Sha256 | None
    dtype: Dtype
    device: Name
    weights: WeightsInfo = WeightsInfo()
    maps_only: Text = ""


class Checked(SubRecord):
    """The comparison with transformers; a number that is not finite is null."""

    sentence: Text
    reference: Name
    tokens: Index
    output_max_diff: float | None
    probs_max_diff: float | None
    tolerance: float | None


class TraceFile(SubRecord):
    """The trace file that a run was read from."""

    name: Name
    sha256: Sha256


class Lens(SubRecord):
    """The token that a lens follows."""

    token: Name | None


class RunPart(SubRecord):
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
    generation: Generation | None = None  # only where the model wrote a part of the text


class Numbers(SubRecord):
    """The table behind a file."""

    rows: Annotated[int, Field(ge=0, le=2**40)]
    sha256: Sha256


class FilePart(SubRecord):
    """What every record says of its file.

    Attributes:
        ADDED: what files of earlier versions do not say, and are not compared in.
    """

    ADDED: ClassVar[tuple[str, ...]] = ()

    tool: Name
    record: int
    versions: Annotated[dict[Name, Name], Field(max_length=64)]
    columns: Annotated[int, Field(ge=1, le=MOST_PANELS)]
    figure: Output
    scales: Annotated[list[Scale | None], Field(max_length=MOST_PANELS)] | None = None
    numbers: Numbers
    command: Text
    anonymous: Literal[True] | None = None

    @property
    def runs(self) -> list[RunPart]:
        """The runs of language models that it shows; none by default."""
        return []

    @property
    def sweep_count(self) -> int:
        """Of how many sweeps it is; none by default."""
        return 0

    @model_validator(mode="after")
    def _table_has_no_look(self) -> Self:
        plain = Output("table", self.figure.format) if self.figure.what == "table" else self.figure
        if self.figure != plain:
            raise ValueError("a table has no venue, width, dpi, title or dark of its own")
        return self


class ViewPanel(SubRecord):
    """A panel of a view: some values of its options."""

    options: Options
    caption: Text
