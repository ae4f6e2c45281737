"""What Explore may ask, in one list."""

from typing import Any

from gemma2_workbench.apps.explorer.change import CHANGE, CHANGEABLE
from gemma2_workbench.apps.explorer.claim import CLAIM, FEEDER
from gemma2_workbench.apps.explorer.compare import COMPARE
from gemma2_workbench.apps.explorer.mask_lab import MASKS
from gemma2_workbench.apps.explorer.overlap import OVERLAP
from gemma2_workbench.apps.explorer.patching import PATCHING
from gemma2_workbench.apps.explorer.prediction import CONTRIBUTIONS, LENS
from gemma2_workbench.apps.explorer.run import RUN, SAVED
from gemma2_workbench.apps.explorer.scores import RANDOM_REPEATS
from gemma2_workbench.apps.explorer.softcap import LOGITS, SATURATION
from gemma2_workbench.apps.explorer.sweeps.examples import EXAMPLES
from gemma2_workbench.apps.explorer.sweeps.head_page import HEAD_PAGE
from gemma2_workbench.apps.explorer.sweeps.origins import ORIGIN
from gemma2_workbench.apps.explorer.sweeps.scores import SWEEP
from gemma2_workbench.apps.page.questions import Handler

HANDLERS: tuple[Handler[Any], ...] = (
    RUN,
    SAVED,
    CHANGE,
    CHANGEABLE,
    COMPARE,
    OVERLAP,
    PATCHING,
    LENS,
    CONTRIBUTIONS,
    CLAIM,
    FEEDER,
    RANDOM_REPEATS,
    SATURATION,
    LOGITS,
    MASKS,
    SWEEP,
    HEAD_PAGE,
    EXAMPLES,
    ORIGIN,
)
