"""The five stages of one attention cell. Imports nothing heavy: the command line names them in its help."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One stage of the attention equation.

    Attributes:
        name: its name everywhere: hook point, route, file, option.
        label: what to write on an axis or a button.
        formula: how it comes from the stage before; i is the query, j the key.
        signed: whether values can be negative (drawn on a diverging scale).
        masked: whether hidden cells have no value.
        high: the largest value that there can be, None where there is no bound.
    """

    name: str
    label: str
    formula: str
    signed: bool
    masked: bool
    high: float | None = None


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("attn_logits", "raw logit", "a_ij = q_i . k_j / sqrt(query_pre_attn_scalar)", True, False),
        Stage("attn_scores", "after softcap", "s_ij = c tanh(a_ij / c)", True, False),
        Stage("attn_masked", "after mask", "s_ij where the mask lets query i see key j", True, True),
        Stage("attn_probs", "probability", "p_ij = exp(s_ij) / sum over visible k of exp(s_ik)", False, True, 1.0),
        Stage("contribution", "contribution", "|| p_ij W_O v_j ||, before the post-attention norm", False, True),
    )
}


def checked_stage(name: str) -> Stage:
    """The stage called `name`.

    Raises:
        ValueError: there is no such stage.
    """
    if name not in STAGES:
        raise ValueError(f"there is no stage {name!r}; the stages are {', '.join(STAGES)}")
    return STAGES[name]
