"""What if the softcap were another one: the run repeated through the whole model with another cap, and what changes.

Everything "after" is of a *modified model*: computed exactly, but not what the released weights do.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.models.gemma2 import LoadedModel
from gemma2_workbench.traces.capture import capture, predict
from gemma2_workbench.traces.interventions import Intervention, SetFinalSoftcap, SetSoftcap
from gemma2_workbench.traces.readers.prediction import Prediction
from gemma2_workbench.traces.softcap import visible_blocks
from gemma2_workbench.traces.trace import Trace


@dataclass(frozen=True, eq=False)
class Shift:
    """The next-token prediction after the text, before and after a change of the model.

    Attributes:
        change: what was changed, in words.
        before, after: the predictions of the model as it is and as changed.
    """

    change: str
    before: Prediction
    after: Prediction

    @property
    def divergence(self) -> float:
        """KL(before || after), nats."""
        return self.after.divergence_from(self.before)

    @property
    def entropies(self) -> tuple[float, float]:
        """Entropy of the distribution before and after, nats."""
        return self.before.entropy, self.after.entropy


@dataclass(frozen=True, eq=False)
class OtherSoftcap:
    """One run with the model's own attention softcap and with another one.

    Attributes:
        cap: the other cap, None is off.
        before: the run as it was.
        after: the same text through the modified model.
        shift: the change of the prediction; None for models without a language-model head.
    """

    cap: float | None
    before: Trace
    after: Trace
    shift: Shift | None


def other_softcap(
    loaded: LoadedModel,
    before: Trace,
    cap: float | None,
    baseline: Prediction | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> OtherSoftcap:
    """Repeat the run of `before` with another cap on the attention logits of all layers.

    Args:
        loaded: the model of the run.
        before: a run of the unmodified model.
        cap: a positive number, or None for no cap.
        baseline: the prediction after the text by the unmodified model, where it is known; saves one pass.
        progress: called with (layers done, layers) after each layer of the repeated run.

    Raises:
        ValueError: the run is of another or of a modified model, or the cap cannot be.
    """
    _check(loaded, before)
    change = SetSoftcap(cap)
    after = capture(loaded, before.tokens.text, interventions=[change], parity=False, progress=progress)
    return OtherSoftcap(cap, before, after, _shift(loaded, before, change, baseline))


def other_final_softcap(
    loaded: LoadedModel, before: Trace, cap: float | None, baseline: Prediction | None = None
) -> Shift:
    """The prediction after the text of `before` with another cap on the final logits (None: no cap).

    Raises:
        ValueError: as `other_softcap`, or the model has no language-model head.
    """
    _check(loaded, before)
    shift = _shift(loaded, before, SetFinalSoftcap(cap), baseline)
    if shift is None:
        raise ValueError(f"{loaded.name} has no language-model head, and so no final softcap")
    return shift


def moved_rows(before: Trace, after: Trace, layer: int, head: int) -> Tensor:
    """Queries whose strongest key before is not a strongest key after, int64 [n]; ties count as strongest."""
    moved: list[Tensor] = []
    pairs = zip(visible_blocks(before, layer, head), visible_blocks(after, layer, head), strict=True)
    for (rows, _, _, old_QS), (_, _, _, new_QS) in pairs:
        top_Q1 = old_QS.nan_to_num(nan=-torch.inf).argmax(-1, keepdim=True)
        new_QS = new_QS.nan_to_num(nan=-torch.inf)
        lower_Q = new_QS.gather(-1, top_Q1)[:, 0] < new_QS.amax(-1)
        moved.append(lower_Q.nonzero()[:, 0] + rows.start)
    return torch.cat(moved)


def _shift(loaded: LoadedModel, before: Trace, change: Intervention, baseline: Prediction | None) -> Shift | None:
    if loaded.unembedding is None:
        return None
    ids = before.tokens.ids
    own = predict(loaded, ids) if baseline is None else baseline
    return Shift(change.sentence, own, predict(loaded, ids, [change]))


def _check(loaded: LoadedModel, before: Trace) -> None:
    if before.interventions:
        raise ValueError(
            f"the run is of a modified model ({', '.join(before.changes)}); give one of the unmodified model"
        )
    if (before.model.source, before.model.weights_sha256) != (loaded.source, loaded.weights_sha256):
        raise ValueError(f"the run is of {before.model.source}, not of {loaded.source}; load the model of the run")
