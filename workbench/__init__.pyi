"""What `gemma2_workbench` offers; each name is imported when it is first used."""

from .classification.classification import Classification
from .classification.classify import classify
from .models.gemma2 import LoadedModel
from .models.language_model import token_id
from .models.layers import LayerInfo
from .models.loading import load
from .models.names import ModelNotFoundError
from .models.parity import Parity, ParityError
from .models.shipped import embedded
from .models.tokens import Tokens, tokenize
from .records.saving import save_figure, save_table
from .traces.capture import capture, contributions, lens, predict
from .traces.estimate import Estimate, estimate
from .traces.file import load_trace, save_trace
from .traces.interventions import (
    AblateHead,
    AblateHeads,
    Patch,
    SetCausal,
    SetFinalSoftcap,
    SetSoftcap,
    SetWindow,
    applied,
)
from .traces.pair import Pair, compare
from .traces.readers.contributions import Contributions
from .traces.readers.lens import Lens
from .traces.readers.prediction import Prediction
from .traces.stages import STAGES, Stage
from .traces.trace import Trace
from .views import PAIR_VIEWS, VIEWS, View, table, view_named

__all__ = [
    "PAIR_VIEWS",
    "STAGES",
    "VIEWS",
    "AblateHead",
    "AblateHeads",
    "Classification",
    "Contributions",
    "Estimate",
    "LayerInfo",
    "Lens",
    "LoadedModel",
    "ModelNotFoundError",
    "Pair",
    "Parity",
    "ParityError",
    "Patch",
    "Prediction",
    "SetCausal",
    "SetFinalSoftcap",
    "SetSoftcap",
    "SetWindow",
    "Stage",
    "Tokens",
    "Trace",
    "View",
    "applied",
    "capture",
    "classify",
    "compare",
    "contributions",
    "embedded",
    "estimate",
    "lens",
    "load",
    "load_trace",
    "predict",
    "save_figure",
    "save_table",
    "save_trace",
    "table",
    "token_id",
    "tokenize",
    "view_named",
]
