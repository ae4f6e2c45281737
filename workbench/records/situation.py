"""`Situation`: masks that are drawn without any run, and where their layers and tokens come from, as plain data.

It stands where a `Drawing` of runs stands: from it follow the numbers, the figure and its part of the record. Every
panel is one layer in one pass.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Self

import pandas as pd

from gemma2_workbench.figures.spec import FigureSpec, Panels, TokenMap
from gemma2_workbench.maps import Maps
from gemma2_workbench.masks.layers import LayerMask, layer_masks
from gemma2_workbench.masks.origin import Given, Origin
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.masks.words import heading
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views.mask import figure
from gemma2_workbench.views.view import LONGEST

KIND = "mask"
MOST_CELLS = 4 * LONGEST**2
NOT_READ = "no weights, a mask does not depend on them"


@dataclass(frozen=True)
class Situation:
    """The masks of some layers in some passes.

    Attributes:
        setting: the situation.
        layers: the layers that are shown.
        passes: the passes that are shown, from 0.
        columns: panels in a row.
        origin: the model it is of; None for layers that were made up.
        given: the text; None where there are positions only.

    Raises:
        ValueError: no layer or pass, one that does not exist, or not one name and id per token.
    """

    setting: Setting
    layers: tuple[int, ...]
    passes: tuple[int, ...]
    columns: int = 1
    origin: Origin | None = None
    given: Given | None = None

    def __post_init__(self) -> None:
        """Check that there is something to draw, and that it is no larger than a picture."""
        if not self.layers or not self.passes or self.columns < 1:
            raise ValueError("a figure of masks has a layer, a pass and a column")
        for layer in self.layers:
            self.setting.window_of(layer)
        count = len(self.setting.passes)
        odd = next((step for step in self.passes if not 0 <= step < count), None)
        if odd is not None:
            raise ValueError(f"pass {odd} does not exist; allowed: 0..{count - 1}")
        if (self.setting.slots or 0) > LONGEST:
            raise ValueError(f"{self.setting.slots} slots are too many for a picture; at most {LONGEST}")
        if self.given is not None and len(self.given.ids) != len(self.given.names):
            raise ValueError(f"there are {len(self.given.ids)} ids for {len(self.given.names)} names")
        self.setting.labels(None if self.given is None else self.given.names)
        keys = max(self.setting.length, self.setting.slots or 0)
        cells = sum(len(self.setting.passes[step].rows) for step in self.passes) * keys * len(self.layers)
        if cells > MOST_CELLS:
            raise ValueError(f"{cells} cells are too many, at most {MOST_CELLS}; choose one layer and one pass")

    @classmethod
    def of(
        cls,
        setting: Setting,
        origin: Origin | None = None,
        given: Given | None = None,
        *,
        layer: int | None = None,
        step: int | None = None,
        columns: int | None = None,
    ) -> Self:
        """One layer or one of each kind, in one pass or in all; without `columns`, the layers are side by side."""
        layers = kinds_of(setting) if layer is None else (layer,)
        passes = tuple(range(len(setting.passes))) if step is None else (step,)
        shown = cls(setting, layers, passes, origin=origin, given=given)
        return replace(shown, columns=shown.usual_columns if columns is None else columns)

    def as_record(self) -> dict[str, Any]:
        """Its part of a record, see `records.record`."""
        given, changes = self.given, self.changes
        read = f"configuration{'' if given is None else ' and tokenizer'}; {NOT_READ}"
        return {
            "kind": KIND,
            "model": None if self.origin is None else {**asdict(self.origin), "read": read},
            "text": None if given is None else given.text,
            "ids": None if given is None else list(given.ids),
            "names": None if given is None else list(given.names),
            "setting": {**asdict(self.setting), "layers": list(self.setting.layers)},
            "sentence": heading(self.setting),
            "layers": list(self.layers),
            "passes": list(self.passes),
            "panels": [
                {"layer": mask.layer, "pass": step, "caption": caption}
                for (step, mask), caption in zip(self._masks, self.captions(), strict=True)
            ],
            "columns": self.columns,
            "modified_model": bool(changes),
            "changes": list(changes),
        }

    @property
    def usual_columns(self) -> int:
        """Panels in a row where nobody says how many."""
        return len(self.layers) if len(self.layers) > 1 else min(len(self.passes), 2)

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """Pass and layer of every panel: the layers of a pass side by side."""
        return tuple((step, layer) for step in self.passes for layer in self.layers)

    @property
    def changes(self) -> tuple[str, ...]:
        """Where it differs from the model, in words."""
        return () if self.origin is None else self.origin.changes(self.setting)

    @cached_property
    def _masks(self) -> tuple[tuple[int, LayerMask], ...]:
        """Every panel's pass and its mask."""
        known = {layer: layer_masks(self.setting, layer) for layer in self.layers}
        return tuple((step, known[layer][step]) for step, layer in self.parts)

    def tables(self, traces: Sequence[Trace] = ()) -> list[pd.DataFrame]:
        """The table of every panel: the columns of the mask view, and the pass in front. There are no traces."""
        names = None if self.given is None else self.given.names
        tables = [mask.table(names) for _, mask in self._masks]
        for (_, mask), frame in zip(self._masks, tables, strict=True):
            frame.insert(0, "pass", mask.call.label)
        return tables

    def table(self, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """The tables of all panels as one."""
        return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)

    def maps(self, traces: Sequence[Trace] = ()) -> Maps:
        """Nothing: masks have reasons and no numbers.

        Raises:
            ValueError: always.
        """
        raise ValueError("masks are saved as a figure or as a table; maps of numbers are of attention")

    def figure(self, traces: Sequence[Trace], tables: Sequence[pd.DataFrame]) -> FigureSpec:
        """The figure as the mask view draws it; its title says where the situation differs from the model."""
        note = f" (modified model: {'; '.join(self.changes)})" if self.changes else ""
        figures = [_numbered(figure(frame)) if self.given is None else figure(frame) for frame in tables]
        if len(figures) == 1:
            (_, mask), several = self._masks[0], len(self.setting.passes) > 1
            return replace(figures[0], title=f"{figures[0].title}{f', {mask.call.label}' * several}{note}")
        panels = [replace(each, title=caption) for each, caption in zip(figures, self.captions(), strict=True)]
        return Panels(tuple(panels), self.columns, f"Masks{note}")

    def captions(self, traces: Sequence[Trace] = ()) -> list[str]:
        """Layer and pass of every panel, for example `local layer 0, prefill` or `global layer 1, decode 12`."""
        return [_caption(mask) for _, mask in self._masks]


def kinds_of(setting: Setting) -> tuple[int, ...]:
    """The first layer of each kind."""
    return tuple(setting.layers.index(kind) for kind in dict.fromkeys(setting.layers))


def _numbered(drawn: TokenMap) -> TokenMap:
    """Positions where there are no tokens to name."""
    rows, columns = (
        tuple(name or str(at) for at, name in enumerate(names, start))
        for names, start in ((drawn.rows, drawn.row_start), (drawn.columns, drawn.column_start))
    )
    return replace(drawn, rows=rows, columns=columns)


def _caption(mask: LayerMask) -> str:
    """A prefill of the whole prompt needs no positions."""
    whole = mask.call.name == "prefill" and len(mask.call.rows) == mask.setting.prompt
    return f"{mask.setting.layers[mask.layer]} layer {mask.layer}, {mask.call.name if whole else mask.call.label}"
