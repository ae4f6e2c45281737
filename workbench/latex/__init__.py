"""LaTeX: coloured text, tables and figure environments as source that compiles, whatever the tokens are."""

from gemma2_workbench.latex.boxes import colorbox, colorboxes
from gemma2_workbench.latex.environment import MARK, caption, inclusion
from gemma2_workbench.latex.tabular import booktabs
from gemma2_workbench.latex.words import escaped

__all__ = ["MARK", "booktabs", "caption", "colorbox", "colorboxes", "escaped", "inclusion"]
