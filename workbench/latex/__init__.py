"""LaTeX: coloured text, tables and figure environments as source that compiles, whatever the tokens are."""

from workbench.latex.boxes import colorbox, colorboxes
from workbench.latex.environment import MARK, caption, inclusion
from workbench.latex.tabular import booktabs
from workbench.latex.words import escaped

__all__ = ["MARK", "booktabs", "caption", "colorbox", "colorboxes", "escaped", "inclusion"]
