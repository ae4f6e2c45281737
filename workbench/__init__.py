"""See how Gemma 2 attends: load a model, capture a text, look at it through views, export figures and tables."""

from gemma2_workbench import starting as starting  # first, so that ctrl-c is one line while the others load
from gemma2_workbench.classification.labelled import Classification, classify
from gemma2_workbench.models.language_model import token_id
from gemma2_workbench.models.loading import LoadedModel, load
from gemma2_workbench.models.names import ModelNotFoundError, embedded
from gemma2_workbench.models.parity import Parity, ParityError
from gemma2_workbench.models.tokens import Tokens, tokenize
from gemma2_workbench.records.saving import save_figure, save_table
from gemma2_workbench.traces.capture import capture, contributions, lens, predict
from gemma2_workbench.traces.estimate import Estimate, estimate
from gemma2_workbench.traces.file import load_trace, save_trace
from gemma2_workbench.traces.interventions import (
    AblateHead,
    AblateHeads,
    Patch,
    SetCausal,
    SetFinalSoftcap,
    SetSoftcap,
    SetWindow,
    applied,
)
from gemma2_workbench.traces.readers.contributions import Contributions
from gemma2_workbench.traces.readers.lens import Lens
from gemma2_workbench.traces.readers.prediction import Prediction
from gemma2_workbench.traces.stages import STAGES, LayerInfo, Stage
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views import VIEWS, View, table, view_named

__all__ = [
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
