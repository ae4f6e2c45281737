"""See how Gemma 2 attends: load a model, capture a text, look at it through views, export figures and tables."""

import lazy_loader

from gemma2_workbench import display
from gemma2_workbench import starting as starting  # so that ctrl-c is one line while the others load
from gemma2_workbench import waiting as waiting  # before torch, which reads it once

# The rooms are put together here: results show themselves by a room above them.
display.answered_by("gemma2_workbench.notebook")

# From __init__.pyi, name by name: a command that only prints its help need not load torch.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
