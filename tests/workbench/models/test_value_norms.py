"""Two ways to the same lengths."""

import pytest
import torch

from gemma2_workbench.models import value_norms as module
from gemma2_workbench.models.value_norms import direct, factored, factors_of, value_norms


@pytest.fixture
def values_and_outputs() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    v_GTH, out_NDH = (torch.randn(size, generator=generator) for size in ((2, 40, 8), (4, 24, 8)))
    out_NDH[:, :, 0] *= 1e4  # a value beside a direction that is much longer
    v_GTH[:, :20, 0] = 0
    return v_GTH, out_NDH


def test_lengths_from_factors_are_those_of_the_outputs(values_and_outputs: tuple[torch.Tensor, torch.Tensor]) -> None:
    v_GTH, out_NDH = values_and_outputs
    factors_NHH = factors_of(out_NDH)
    assert factors_NHH is not None
    factored_NT = factored(v_GTH, factors_NHH)
    torch.testing.assert_close(factored_NT, direct(v_GTH, out_NDH), rtol=1e-5, atol=0)
    of_last = torch.linalg.vector_norm(out_NDH[3] @ v_GTH[1, 7])
    torch.testing.assert_close(factored_NT[3, 7], of_last)


def test_a_head_that_adds_nothing_has_lengths_of_0(values_and_outputs: tuple[torch.Tensor, torch.Tensor]) -> None:
    v_GTH, out_NDH = values_and_outputs
    out_NDH[1] = 0
    assert factors_of(out_NDH) is None
    norms_NT = value_norms(v_GTH, torch.nn.Linear(1, 1), 0, lambda: out_NDH)
    assert not norms_NT[1].any()
    assert norms_NT[0].all()


def test_factors_are_kept_until_a_weight_changes(values_and_outputs: tuple[torch.Tensor, torch.Tensor]) -> None:
    v_GTH, out_NDH = values_and_outputs
    model, made = torch.nn.Linear(24, 32), []

    def outputs() -> torch.Tensor:
        made.append(1)
        return model.weight.detach().view(4, 8, 24).mT

    before_NT = value_norms(v_GTH, model, 0, outputs)
    torch.testing.assert_close(value_norms(v_GTH, model, 0, outputs), before_NT)
    assert len(made) == 1
    model.weight.data.mul_(3)  # which torch does not count
    torch.testing.assert_close(value_norms(v_GTH, model, 0, outputs), 3 * before_NT)


def test_what_was_run_before_changes_no_bit(
    values_and_outputs: tuple[torch.Tensor, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHEAP", 0)  # a large layer
    long_GTH, out_NDH = values_and_outputs
    short_GTH, model = long_GTH[:, 20:28], torch.nn.Linear(1, 1)
    first_NT = value_norms(short_GTH, model, 0, lambda: out_NDH)
    value_norms(long_GTH, model, 0, lambda: out_NDH)
    assert torch.equal(value_norms(short_GTH, model, 0, lambda: out_NDH), first_NT)
    assert torch.equal(first_NT, direct(short_GTH, out_NDH))
