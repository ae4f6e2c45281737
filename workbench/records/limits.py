"""How much work a redrawing does at most: the record that asks for it may be a stranger's.

What a record can say at all is limited by its schema; here is what follows from it once the model is there.
"""

import math
from collections.abc import Sequence

from gemma2_workbench.figures.spec import Panel, Panels
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import tokenize
from gemma2_workbench.records.drawing import Drawing
from gemma2_workbench.records.product import Product
from gemma2_workbench.records.run import Run
from gemma2_workbench.views import view_named

# Twice what Gemma 2 reads, and less for a reason, for which every word may be read again for every other one.
MOST_TOKENS, MOST_TOKENS_OF_A_REASON = 16_384, 2_048
MOST_CELLS, MOST_PIXELS = 2**25, 200_000_000


def check_tokens(texts: Sequence[tuple[Source, str]], most: int) -> None:
    """Refuse texts that would keep the machine busy for long.

    Raises:
        ValueError: they have more than `most` tokens together.
    """
    count = sum(len(tokenize(loaded.tokenizer, text)) for loaded, text in texts)
    if count > most:
        raise ValueError(
            f"the texts of the record have {count:,} tokens, and at most {most:,} are run again; give --trace where "
            "the record is of a view"
        )


def check_cells(drawing: Drawing, runs: Sequence[Run]) -> None:
    """Refuse tables that are larger than any table of one view by far."""
    ranges = [option for option in view_named(drawing.view).options if option.kind == "range"]
    cells = 0
    for part in drawing.parts:
        trace = runs[part.run].trace
        sides = [len(option.checked(part.options[option.name], trace)) for option in ranges]
        cells += math.prod(sides or [len(trace.tokens), len(trace.layers)])
    if cells > MOST_CELLS:
        raise ValueError(f"the tables of the record have {cells:,} cells, and at most {MOST_CELLS:,} are drawn again")


def check_pixels(product: Product) -> None:
    """Refuse a picture that no memory holds."""
    look, content = product.look, product.content
    if look.suffix not in (".png", ".pdf", ".svg") or not isinstance(content, Panel | Panels):
        return
    from gemma2_workbench.figures import paper

    wide = paper.inches(look.width, look.venue)
    tall = paper.height(content, look.width, venue=look.venue, title=look.title)
    if (pixels := int(wide * tall * look.dpi**2)) > MOST_PIXELS:
        raise ValueError(
            f"the figure of the record is {wide:.1f} by {tall:.1f} inches and has {pixels:,} pixels at {look.dpi} dpi; "
            f"at most {MOST_PIXELS:,} are drawn again"
        )
