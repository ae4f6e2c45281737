"""See how Gemma 2 attends: load a model, capture a text, look at it through views, export figures and tables."""

from workbench.capture import capture
from workbench.classification.labelled import Classification, classify
from workbench.contributions import Contributions, contributions
from workbench.estimate import Estimate, estimate
from workbench.interventions import AblateHead, SetCausal, SetFinalSoftcap, SetSoftcap, SetWindow, applied
from workbench.lens import Lens, lens, token_id
from workbench.loading import LoadedModel, load
from workbench.names import ModelNotFoundError, embedded
from workbench.parity import Parity, ParityError
from workbench.prediction import Prediction, predict
from workbench.provenance.saving import save_figure, save_table
from workbench.stages import STAGES, LayerInfo, Stage
from workbench.tokens import Tokens, tokenize
from workbench.trace import Trace
from workbench.views import VIEWS, View, view_named

__all__ = [
    "STAGES",
    "VIEWS",
    "AblateHead",
    "Classification",
    "Contributions",
    "Estimate",
    "LayerInfo",
    "Lens",
    "LoadedModel",
    "ModelNotFoundError",
    "Parity",
    "ParityError",
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
    "predict",
    "save_figure",
    "save_table",
    "token_id",
    "tokenize",
    "view_named",
]
