"""`patching`: activation patching of a text from the run on screen, at every layer and position or head."""

from typing import Annotated

import numpy as np
from pydantic import Field, JsonValue

from gemma2_workbench.apps.explorer.named_token import named_token
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.serving.limits import checked_text
from gemma2_workbench.models.readable import readable, readable_piece
from gemma2_workbench.patching.grid import PatchGrid
from gemma2_workbench.patching.patch import patch_grid
from gemma2_workbench.records.patch_recipe import PatchRecipe

Chosen = Annotated[tuple[int, ...], Field(strict=False, min_length=1)]


class Patching(Question):
    """A run, which is the clean one, and a corrupted text; what is patched, and the two tokens where they are named.

    In a grid by head `positions` are patched together, in one by position `heads`; all of them by default.
    """

    run: str
    text: str
    what: str
    by: str
    token: str | None = None
    against: str | None = None
    positions: Chosen | None = None
    heads: Chosen | None = None


def patched(session: Session, asked: Patching, tell: Tell) -> JsonValue:
    """The logit difference of every patched run [L][columns], and the baselines; columns are positions or heads."""
    return _told(_grid(session, asked, tell))


def patch_recipe(session: Session, asked: Patching) -> PatchRecipe:
    """The same grid, to be saved."""
    grid = _grid(session, asked, _untold)
    return PatchRecipe(grid, positions=asked.positions, heads=asked.heads)


def _untold(done: int, of: int, what: str = "layers") -> None:
    """A file has no place for progress; on the page the grid was computed before it is saved."""


def _grid(session: Session, asked: Patching, tell: Tell) -> PatchGrid:
    what_ifs = WhatIfs(session)
    loaded, clean = what_ifs.model(asked.run), what_ifs.trace(asked.run).tokens.text

    def patch() -> PatchGrid:
        return patch_grid(
            loaded,
            clean,
            checked_text(asked.text),
            asked.what,
            asked.by,
            token=None if asked.token is None else named_token(loaded, asked.token),
            against=None if asked.against is None else named_token(loaded, asked.against),
            positions=asked.positions,
            heads=asked.heads,
            progress=lambda done, of: tell(done, of, "patched runs"),
        )

    return session.kept.get(("patching", asked), patch)


def _told(grid: PatchGrid) -> JsonValue:
    return {
        "what": grid.what,
        "by": grid.by,
        "names": [vars(readable_piece(name)) for name in grid.names],
        "clean": grid.clean_difference,
        "corrupted": grid.corrupted_difference,
        "comparable": grid.comparable,
        "values": _rows(grid.values),
        "shares": _rows(grid.shares),
        "text": grid.corrupted.text,
        "words": list(grid.corrupted.words),
        "tokens": list(grid.corrupted.display),
        "readable": [vars(each) for each in readable(grid.corrupted)],
        "there": {str(here): there for here, there in grid.pairs},
    }


def _rows(values: np.ndarray) -> JsonValue:
    return [[float(value) if np.isfinite(value) else None for value in row] for row in values]


PATCHING = Handler("patching", Patching, patched)
