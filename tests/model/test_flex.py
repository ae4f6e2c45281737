"""The fused path of a plain pass: the numbers of the blocks, and the blocks wherever it cannot be."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.nn.attention.flex_attention import flex_attention

from gemma2_workbench.model import flex
from gemma2_workbench.model.hooks import attached


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[torch.Tensor]]:
    """What torch's own flex_attention gave, uncompiled on the CPU, where the path is otherwise not taken."""
    made: list[torch.Tensor] = []

    @torch.compiler.disable
    def uncompiled(*args: Any, **options: Any) -> torch.Tensor:
        made.append(flex_attention(*args, **options))
        return made[-1]

    monkeypatch.setattr(torch.nn.attention.flex_attention, "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG", True)
    monkeypatch.setattr(flex, "kernel", lambda: uncompiled)
    monkeypatch.setattr(flex, "FEWEST", 2)
    monkeypatch.setattr(flex, "suits", lambda _q, mask, rows, keys: mask.keep is None and rows == keys)
    flex._good.clear()
    yield made
    flex._good.clear()


@pytest.mark.parametrize("config", [{}, {"attn_logit_softcapping": None}, {"is_causal": False}, {"sliding_window": 99}])
def test_the_fused_numbers_are_those_of_the_blocks(
    twins: Callable[..., Any], token_ids: Callable[..., torch.Tensor], calls: list[torch.Tensor], config: dict[str, Any]
) -> None:
    ours, _ = twins(**config)
    ids = token_ids(2, 23)
    with torch.no_grad():
        ours(ids)  # the first layer of each kind is compared with the blocks
        fused = ours(ids).logits
        assert len(calls) == 2 * len(ours.model.layers)
        assert all(flex._good.values())
        with attached(ours, {"layers.*.self_attn.attn_probs": lambda _module, _args, _out: None}):
            watched = ours(ids).logits
        assert len(calls) == 2 * len(ours.model.layers)
    torch.testing.assert_close(fused, watched, rtol=1e-4, atol=1e-4)


def test_a_kernel_that_fails_or_differs_is_not_used(
    twins: Callable[..., Any],
    token_ids: Callable[..., torch.Tensor],
    calls: list[torch.Tensor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, ids = twins()[0], token_ids(1, 9)
    with attached(ours, {"layers.*.self_attn.attn_probs": lambda _module, _args, _out: None}), torch.no_grad():
        exact = ours(ids).logits
    monkeypatch.setattr(flex, "kernel", lambda: lambda q, *_args, **_options: q)
    with torch.no_grad():
        assert torch.equal(ours(ids).logits, exact)
        assert torch.equal(ours(ids).logits, exact)
    assert not any(flex._good.values())
    flex._good.clear()

    def absent() -> None:
        raise ImportError("there is no compiler")

    monkeypatch.setattr(flex, "kernel", absent)
    with torch.no_grad():
        assert torch.equal(ours(ids).logits, exact)
    assert not calls
