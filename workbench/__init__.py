"""See how Gemma 2 attends: load a model, capture a text, look at it through views, export figures and tables."""

from workbench.capture import capture
from workbench.estimate import Estimate, estimate
from workbench.loading import LoadedModel, ModelNotFoundError, embedded, load
from workbench.parity import Parity, ParityError
from workbench.stages import STAGES, LayerInfo, Stage
from workbench.tokens import Tokens, tokenize
from workbench.trace import Trace
from workbench.views import VIEWS, View, view_named

__all__ = [
    "STAGES",
    "VIEWS",
    "Estimate",
    "LayerInfo",
    "LoadedModel",
    "ModelNotFoundError",
    "Parity",
    "ParityError",
    "Stage",
    "Tokens",
    "Trace",
    "View",
    "capture",
    "embedded",
    "estimate",
    "load",
    "tokenize",
    "view_named",
]
