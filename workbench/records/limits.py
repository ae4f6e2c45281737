"""How much work a redrawing does at most: the record that asks for it may be a stranger's.

What a record can say at all is limited by its schema; here is what follows from it once the model is there.
"""

from gemma2_workbench.figures.spec import Panel, Panels
from gemma2_workbench.records.artifact import Artifact
from gemma2_workbench.records.recipe import Recipe

MOST_CELLS, MOST_PIXELS = 2**25, 200_000_000


def check_cells(recipe: Recipe) -> None:
    """Refuse tables that are larger than any table of one view by far."""
    if recipe.cells > MOST_CELLS:
        raise ValueError(
            f"the tables of the record have {recipe.cells:,} cells, and at most {MOST_CELLS:,} are drawn again"
        )


def check_pixels(artifact: Artifact) -> None:
    """Refuse a picture that no memory holds."""
    output, content = artifact.output, artifact.content
    if output.suffix not in (".png", ".pdf", ".svg") or not isinstance(content, Panel | Panels):
        return
    from gemma2_workbench.figures import paper

    wide = paper.inches(output.width, output.venue)
    tall = paper.height(content, output.width, venue=output.venue, title=output.title)
    if (pixels := int(wide * tall * output.dpi**2)) > MOST_PIXELS:
        raise ValueError(
            f"the figure of the record is {wide:.1f} by {tall:.1f} inches and has {pixels:,} pixels at {output.dpi} "
            f"dpi; at most {MOST_PIXELS:,} are drawn again"
        )
