"""Kernels in torch's threads: every piece is taken once, by however many there are."""

import sys
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
import torch

from gemma2_workbench import threads
from gemma2_workbench.model.hooks import Span
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.traces import fused
from gemma2_workbench.traces.fused import LayerSums
from gemma2_workbench.traces.text import Text

HEADS, TOKENS, CAP = 5, 90, 20.0


@pytest.fixture
def gather() -> Callable[[], LayerSums]:
    """Gives the sums of a layer whose stages were gathered in one block."""
    rng = np.random.default_rng(0)
    raw_NQS = torch.from_numpy(rng.normal(0, 10, (HEADS, TOKENS, TOKENS)).astype(np.float32))
    scores_NQS = CAP * (raw_NQS / CAP).tanh()
    hidden_QS = torch.ones(TOKENS, TOKENS).triu(1).bool()
    probs_NQS = scores_NQS.masked_fill(hidden_QS, -torch.inf).softmax(-1)
    text, span = Text(torch.from_numpy(rng.integers(0, 9, TOKENS))), Span(range(TOKENS), range(TOKENS))

    def gathered() -> LayerSums:
        layer, places = LayerSums(text, CAP, HEADS), text.places(span, Mask())
        for add, stage in ((layer.add_logits, raw_NQS), (layer.add_scores, scores_NQS), (layer.add_probs, probs_NQS)):
            add(stage, places)
        return layer

    return gathered


@pytest.mark.parametrize("there_is", [True, False], ids=["OpenMP", "none"])
def test_any_number_of_threads_gives_the_same_bytes(
    gather: Callable[[], LayerSums], monkeypatch: pytest.MonkeyPatch, there_is: bool
) -> None:
    monkeypatch.setattr(fused, "_GRAIN", 0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    alone = gather()
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    if not there_is:
        monkeypatch.setattr(threads, "_parallel", lambda: None)
    together = gather()
    for name in ("log_sum", "entropy", "received", "first_token", "thumbnail"):
        assert torch.equal(getattr(alone, name), getattr(together, name)), name
    for field in fields(alone.saturation):
        assert torch.equal(getattr(alone.saturation, field.name), getattr(together.saturation, field.name))


def test_the_threads_are_those_of_torch() -> None:
    is_gcc = sys.platform == "linux" and "OpenMP" in torch.__config__.parallel_info()
    assert not is_gcc or threads._parallel() is not None


def test_memory_in_another_order_is_refused() -> None:
    with pytest.raises(ValueError, match="row after row"):
        threads.words_of(np.zeros((3, 4)).T)
