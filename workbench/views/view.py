"""What a view is: a table of a trace, a pair or a sweep, and a picture of that table, with options for what to show."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import getdoc
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.limits import whole
from gemma2_workbench.traces.pair import Pair

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace


@runtime_checkable
class OverTexts(Protocol):
    """A sweep, or two of them: numbers of heads over many texts, and no run of any."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many layers and heads there are to choose from, by "layer" and "head"."""
        ...


Subject: TypeAlias = "Trace | Pair | OverTexts"
CheckedValue: TypeAlias = str | int | float | range | tuple[int, ...] | None  # of an option, as a view takes it

# Tokens of each side of one map: a million cells is what a plot and a spreadsheet still take.
LONGEST = 1024
MOST_CELLS = LONGEST**2


@dataclass(frozen=True)
class Option:
    """One choice a view offers.

    Attributes:
        name: keyword of `table`, and `--name` on the command line.
        label: what to write beside the control.
        kind: "layer" and "head" are indices into the trace, "token" is a position, "choice" is one of `choices`,
            "range" is a part of the tokens written `first:stop`, None for all of them. An index may be None where its
            default is None; the view says what that means. "heads" are one or several indices written `0,3`, None for
            all of them, "share" is a number from 0 to 1, "number" a whole one from 1.
        default: value when nothing is chosen.
        choices: allowed values of a "choice".
        none: what an index that is None means, as a caption says it.
        late: whether files of earlier versions do not have it: a record names it only where it is not the default.
    """

    name: str
    label: str
    kind: str
    default: Any
    choices: tuple[str, ...] = ()
    none: str = "default"
    late: bool = False

    def checked(self, value: object, subject: Subject) -> CheckedValue:
        """`value` as this option takes it.

        Raises:
            ValueError: it is not allowed; the message says what is.
        """
        sizes = sizes_of(subject)
        if self.kind == "choice":
            if not isinstance(value, str) or value not in self.choices:
                raise ValueError(f"{self.name}={value!r} is not allowed; choose {', '.join(self.choices)}")
            return value
        if self.kind == "range":
            return _range(self.name, value, sizes["token"])
        if self.kind == "heads":
            return _heads(self.name, value, sizes["head"])
        if self.kind == "share":
            return _share(self.name, value)
        if self.kind == "number":
            return whole(self.name, value, 1)
        if value is None and self.default is None:
            return None
        count = sizes[self.kind]
        if not isinstance(value, int) or not 0 <= value < count:
            raise ValueError(f"{self.name}={value!r} does not exist; allowed: 0..{count - 1}")
        return value


@dataclass(frozen=True)
class View:
    """One way to look at a trace or at a pair. Tab, command, CSV name, export and tests follow from it.

    Attributes:
        name: short name for commands and files.
        title: heading.
        help: what is shown and how to read it; the docstring of the view's module.
        columns: columns of the table, in order.
        options: what can be chosen.
        make_table: (trace, pair, sweep or two sweeps, **options) -> long table.
        figure: table -> what to draw.
        needs: names of the readings that a trace must have (`traces.readers.READERS`).
    """

    name: str
    title: str
    help: str
    columns: tuple[str, ...]
    options: tuple[Option, ...]
    make_table: Callable[..., pd.DataFrame]
    figure: Callable[[pd.DataFrame], FigureSpec]
    needs: tuple[str, ...] = ("attention",)

    def table(self, subject: Subject, **options: object) -> pd.DataFrame:
        """The long table of a trace or pair for some options; the others take their defaults.

        Raises:
            ValueError: an unknown option or value, a part of the text that is too large for a table, or a trace that
                lacks a reading.
        """
        for trace in _runs_of(subject):
            self._check_needs(trace)
        known = {option.name: option for option in self.options}
        for name in options:
            if name not in known:
                raise ValueError(f"view {self.name!r} has no option {name!r}; it has: {', '.join(known) or 'none'}")
        chosen = {name: option.checked(options.get(name, option.default), subject) for name, option in known.items()}
        _check_size({name: value for name, value in chosen.items() if isinstance(value, range)})
        return self.make_table(subject, **chosen)

    def _check_needs(self, trace: Trace) -> None:
        missing = [name for name in self.needs if name not in trace.readings]
        if missing:
            raise ValueError(
                f"the view {self.name!r} needs {' and '.join(self.needs)}, and this trace was captured without "
                f"{' and '.join(missing)}: capture the text again with read={(*trace.readings, *missing)!r}"
            )


def _runs_of(subject: Subject) -> tuple[Trace, ...]:
    """The runs that a view reads."""
    if isinstance(subject, OverTexts):
        return ()
    return (subject.before, subject.after) if isinstance(subject, Pair) else (subject,)


def sizes_of(subject: Subject) -> dict[str, int]:
    """How many layers, heads and tokens there are to choose from; of a pair, the tokens that both texts have.

    What is over many texts has no tokens to choose.
    """
    if isinstance(subject, OverTexts):
        return {**subject.sizes, "token": 0}
    trace = subject.before if isinstance(subject, Pair) else subject
    tokens = len(subject.positions) if isinstance(subject, Pair) else len(trace.tokens)
    return {"layer": len(trace.layers), "head": trace.heads, "token": tokens}


def _range(name: str, value: object, tokens: int) -> range:
    """The tokens that `first:stop` names; all of them for None."""
    if value is None:
        return range(tokens)
    parts = str(value).split(":")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise ValueError(f"{name}={value!r} is not allowed; write first:stop, for example {name}=0:{tokens}")
    chosen = range(int(parts[0]), int(parts[1]))
    if not 0 <= chosen.start < chosen.stop <= tokens:
        raise ValueError(f"{name}={value} must lie within 0:{tokens} and hold at least one token")
    return chosen


def _check_size(ranges: Mapping[str, range]) -> None:
    """Refuse what is too large for a table or a picture: a cell for each combination of the tokens of the ranges."""
    if math.prod(map(len, ranges.values())) <= MOST_CELLS:
        return
    parts = {name: chosen[:LONGEST] for name, chosen in ranges.items()}
    part = " ".join(f"--{name} {shown.start}:{shown.stop}" for name, shown in parts.items())
    raise ValueError(
        f"a map of {' x '.join(str(len(chosen)) for chosen in ranges.values())} tokens is too large for a table or a "
        f"picture, which take {MOST_CELLS:,} cells; choose a part, for example {part}. Attention maps of any size are "
        "saved as .npz or .safetensors"
    )


def _heads(name: str, value: object, count: int) -> tuple[int, ...]:
    """The heads that `0,3` names, each once and in order; all of them for None."""
    if value is None:
        return tuple(range(count))
    parts = str(value).split(",")
    chosen = sorted({int(part) for part in parts if part.strip().isdecimal()})
    if not all(part.strip().isdecimal() for part in parts) or chosen[-1] >= count:
        raise ValueError(f"{name}={value!r} is not allowed; write heads from 0 to {count - 1}, for example {name}=0,1")
    return tuple(chosen)


def _share(name: str, value: object) -> float:
    """A number from 0 to 1."""
    try:
        share = float(value) if isinstance(value, str | int | float) else math.nan
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise ValueError(f"{name}={value!r} is not allowed; write a number from 0 to 1, for example {name}=0.05")
    return share


def help_of(module: ModuleType | str) -> str:
    """The help text of a view: the docstring of its module."""
    return (getdoc(module) if isinstance(module, ModuleType) else module) or ""
