"""What `gemma2_workbench` offers; each name is imported when it is first used."""

from .classification.classification import Classification
from .classification.classify import classify
from .generation.generate import generate
from .generation.generated import Generated
from .heads.head_scores import HeadScores
from .heads.kinds import HEAD_KINDS, HeadKind
from .heads.random_repeats import score_heads
from .heads.search import find_heads
from .heads.types import head_types
from .masks.drawn import MaskFigure
from .masks.visualizer import AttentionMaskVisualizer
from .models.gemma2.source import LoadedModel
from .models.language_model import token_id
from .models.layers import LayerInfo
from .models.loading import load
from .models.parity.statement import Parity, ParityError
from .models.reading.names import ModelNotFoundError
from .models.reading.shipped import embedded
from .models.tokens import Tokens, tokenize
from .patching.grid import PatchGrid
from .patching.patch import patch_grid
from .records.saving import save_figure, save_table
from .sweeps.compare import SweepPair, compare_sweeps
from .sweeps.corpus import Corpus
from .sweeps.head_page import Example, HeadPage, head_page
from .sweeps.result import Sweep
from .sweeps.settings import SweepSettings
from .sweeps.sweep import merge_sweep, sweep
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
from .traces.over_heads import over_heads
from .traces.pair import Pair, compare
from .traces.readers.contributions import Contributions
from .traces.readers.lens import Lens
from .traces.readers.prediction import Prediction
from .traces.rollout import rollout
from .traces.stages import STAGES, Stage
from .traces.trace import Trace
from .views import PAIR_VIEWS, SWEEP_PAIR_VIEWS, SWEEP_VIEWS, VIEWS, View, table, view_named

__all__ = [
    "Corpus",
    "Example",
    "HeadPage",
    "SWEEP_PAIR_VIEWS",
    "SWEEP_VIEWS",
    "Sweep",
    "SweepPair",
    "SweepSettings",
    "compare_sweeps",
    "head_page",
    "merge_sweep",
    "sweep",
    "HEAD_KINDS",
    "PAIR_VIEWS",
    "STAGES",
    "VIEWS",
    "AblateHead",
    "AblateHeads",
    "AttentionMaskVisualizer",
    "Classification",
    "Contributions",
    "Estimate",
    "Generated",
    "HeadKind",
    "HeadScores",
    "LayerInfo",
    "Lens",
    "LoadedModel",
    "MaskFigure",
    "ModelNotFoundError",
    "Pair",
    "Parity",
    "ParityError",
    "Patch",
    "PatchGrid",
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
    "find_heads",
    "generate",
    "head_types",
    "lens",
    "load",
    "load_trace",
    "over_heads",
    "patch_grid",
    "predict",
    "rollout",
    "save_figure",
    "save_table",
    "save_trace",
    "score_heads",
    "table",
    "token_id",
    "tokenize",
    "view_named",
]
