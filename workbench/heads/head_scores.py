"""`HeadScores`: what heads do on repeated random tokens, as means over sequences with their standard errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.brief import brief
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.tidy import tidy
from gemma2_workbench.traces.interventions import Intervention
from gemma2_workbench.traces.trace import ModelInfo

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("layer", "head", "kv_head", "kind", "metric", "value", "error")


@dataclass(frozen=True, eq=False)
class HeadScores:
    """Scores of every head that depend on no sentence. L layers, N heads.

    Attributes:
        model: which weights.
        layers: the L layers.
        kv_heads: key/value heads.
        sequences: how many sequences were run.
        length: random tokens of each, which come twice.
        seed: of the random tokens.
        interventions: what was changed in the model; empty is the real model.
        scores: means over the sequences by name (`heads.scores.SCORES`), float64 [L, N].
        errors: standard errors of these means, float64 [L, N]; NaN for one sequence.
    """

    model: ModelInfo
    layers: tuple[LayerInfo, ...]
    kv_heads: int
    sequences: int
    length: int
    seed: int
    interventions: tuple[Intervention, ...]
    scores: Mapping[str, np.ndarray]
    errors: Mapping[str, np.ndarray]

    @property
    def heads(self) -> int:
        """N."""
        return next(iter(self.scores.values())).shape[1]

    @property
    def sentence(self) -> str:
        """What was run, in words."""
        changes = "".join(f", {change.sentence}" for change in self.interventions)
        return (
            f"{self.model.name}{changes}: means over {self.sequences} sequences of {self.length} random tokens, each "
            f"sequence twice (seed {self.seed})"
        )

    def __repr__(self) -> str:
        layer, head = np.unravel_index(np.nanargmax(self.scores["induction"]), self.scores["induction"].shape)
        best = f"strongest induction head L{layer}H{head} {self.scores['induction'][layer, head]:.2f}"
        return brief(self, f"of {len(self.layers)} layers x {self.heads} heads", best, self.sentence)

    def table(self) -> pd.DataFrame:
        """One row per layer, head and score (`metric`): its mean (`value`) and the standard error of it (`error`)."""
        numbers = {
            "value": np.stack(list(self.scores.values())),
            "error": np.stack([self.errors[name] for name in self.scores]),
        }
        axes = {"metric": list(self.scores), "layer": range(len(self.layers)), "head": range(self.heads)}
        frame = tidy(numbers, axes)
        kinds = np.asarray([info.kind for info in self.layers], dtype=object)
        shared = self.heads // self.kv_heads
        frame = frame.assign(kv_head=frame["head"] // shared, kind=kinds[frame["layer"]])
        return frame.reindex(columns=list(COLUMNS))
