"""The kinds of values that a record consists of, each with its limits, and what is wrong with one in words."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from gemma2_workbench.figures.text import one_line
from gemma2_workbench.traces.interventions import Intervention, from_data

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


def change_of(data: Mapping[str, object]) -> Intervention:
    """The change to the model that a record names.

    Raises:
        ValueError: it is none, or a part of it is of another kind.
    """
    return from_data({name: value for name, value in data.items() if name != "sentence"})


def _is_change(data: dict[str, object]) -> dict[str, object]:
    if not isinstance(data.get("sentence"), str):
        raise ValueError("'sentence' is missing, or no text")
    change_of(data)
    return data


Changes = Annotated[list[Annotated[dict[Name, object], AfterValidator(_is_change)]], Field(max_length=MOST_PANELS)]


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
