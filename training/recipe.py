"""The recipe: shape, curriculum and schedule of the embedded checkpoint, in one place."""

from dataclasses import dataclass

from gemma2_workbench.json_types import JsonObject
from training.batches import Plan

SHAPE: JsonObject = {
    "vocab_size": 4096,
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 6,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "query_pre_attn_scalar": 32,
    "sliding_window": 32,
    "layer_types": ["sliding_attention", "full_attention"] * 3,
    "attn_logit_softcapping": 50.0,
    "final_logit_softcapping": 30.0,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
}


@dataclass(frozen=True)
class Stage:
    """A stage of the curriculum that ends when heads are there.

    Attributes:
        plan: what its batches are made of.
        score: name of the induction score that ends it, among the figures of the log lines.
        latest: share of the budget after which it ends anyway.
    """

    plan: Plan
    score: str
    latest: float


# First the shortest copies, where the way from the repeated token to its source is soon found; then
# long ones among text, where only a previous-token head and an induction head together find it.
STAGES = (
    Stage(Plan(rows=48, length=32, copies=1.0, longest=15), "induction_14", 0.15),
    Stage(Plan(rows=16, length=128, copies=0.7), "induction_60", 0.40),
)


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        matrix_rate: learning rate of Muon, for the matrices of the layers.
        vector_rate: learning rate of AdamW, for embeddings and norm gains.
        matrix_decay: weight decay of the matrices.
        rows: rows per step once all stages have ended (of 128 tokens, later of 256).
        heads_from: induction score that ends a stage.
        decay_from: progress at which the learning rates start to fall, linearly to zero.
        long_from: progress from which rows are twice as long.
        copies_first: share of copy rows at the start of the budget.
        copies_last: share of copy rows at its end.
        stages: what comes before.
    """

    matrix_rate: float = 0.02
    vector_rate: float = 3e-3
    matrix_decay: float = 0.1
    rows: int = 16
    heads_from: float = 0.6
    decay_from: float = 0.3
    long_from: float = 0.75
    copies_first: float = 0.25
    copies_last: float = 0.10
    stages: tuple[Stage, ...] = STAGES

    def plan(self, progress: float, stage: int) -> Plan:
        """Returns what a batch is made of at that share of the budget (0 to 1), in that stage."""
        if stage < len(self.stages):
            return self.stages[stage].plan
        length = 256 if progress >= self.long_from else 128
        copies = self.copies_first + (self.copies_last - self.copies_first) * progress
        return Plan(rows=self.rows, length=length, copies=copies)

    def ends(self, progress: float, stage: int, found: dict[str, float]) -> bool:
        """True if the stage is over, by the figures of a log line or by its time."""
        if stage >= len(self.stages):
            return False
        current = self.stages[stage]
        return found[current.score] >= self.heads_from or progress >= current.latest

    def rate(self, progress: float, step: int) -> float:
        """Returns the factor of the learning rates: a short ramp, a plateau, a line to zero."""
        ramp = min(1.0, (step + 1) / 50)
        fall = (1.0 - progress) / (1.0 - self.decay_from)
        return ramp * max(0.0, min(1.0, fall))
