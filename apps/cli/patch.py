"""`gemma2-workbench patch`: activation patching, printed, or as a figure or its numbers with a record."""

import argparse

from gemma2_workbench.apps.cli.model import given_text, loaded_model
from gemma2_workbench.apps.cli.numeric import indices
from gemma2_workbench.apps.cli.output import OF_A_FIGURE, output_of, refuse, save
from gemma2_workbench.apps.cli.progress import counted
from gemma2_workbench.apps.cli.rows import rows_text
from gemma2_workbench.patching.grid import PatchGrid
from gemma2_workbench.patching.patch import patch_grid
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.patch_recipe import PatchRecipe
from gemma2_workbench.traces.interventions.intervention import is_index

_MOST = 10  # rows


def run(options: argparse.Namespace) -> None:
    """Patch, and print or write the grid."""
    if options.out is None:
        refuse(options, OF_A_FIGURE, "is of a file; give --out as well")
        print(_printed(_made(options).grid))
        return
    output = output_of(options, "a patching is")
    save(produced(_made(options), output, options.out.name), options.out, options.latex)


def _made(options: argparse.Namespace) -> PatchRecipe:
    """The grid that the flags ask for."""
    chosen = {name: indices(name, getattr(options, name)) for name in ("layers", "positions", "heads")}
    clean, corrupted = (given_text(text) for text in (options.clean, options.corrupted))
    loaded = loaded_model(options)
    with counted("run") as progress:
        grid = patch_grid(
            loaded,
            clean,
            corrupted,
            options.what,
            options.by,
            token=_token(options.token),
            against=_token(options.against),
            progress=progress,
            **chosen,
        )
    return PatchRecipe(grid, **chosen)


def _token(text: str | None) -> str | int | None:
    """A token as text, or the number of `#5`."""
    return int(text[1:]) if text is not None and text[:1] == "#" and is_index(text[1:]) else text


def _printed(grid: PatchGrid) -> str:
    """The baselines, and the patched runs with the largest effect."""
    table = grid.table()
    largest = table.sort_values("change", ascending=False, kind="stable", key=lambda column: column.abs()).head(_MOST)
    place = ["position", "token"] if grid.by == "position" else ["head"]
    more = f"\n({len(table) - _MOST} more: --out FILE.csv)" if len(table) > _MOST else ""
    return f"{grid.sentence}\n{rows_text(largest.reindex(columns=['layer', *place, 'change', 'share']))}{more}"
