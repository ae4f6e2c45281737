"""transformers changes torch's default dtype, of the whole process, while it loads a model: no number may follow it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pandas as pd
import pytest
import torch

from gemma2_workbench import LoadedModel, Trace, capture, load
from gemma2_workbench.classification.explanations import Request, answered
from gemma2_workbench.maps import stack

READ = ("attention", "folds", "lens", "contributions", "prediction")


class Numbers(NamedTuple):
    """What is compared."""

    trace: Trace
    maps: bytes
    reasons: list[pd.DataFrame]


@pytest.fixture(scope="module")
def models() -> tuple[LoadedModel, LoadedModel]:
    return load("tiny"), load("tiny-ner")


@pytest.fixture
def right(models: tuple[LoadedModel, LoadedModel]) -> Numbers:
    return numbers(*models)


@pytest.fixture
def beside_a_load(right: Numbers) -> Iterator[None]:
    """What a thread meets while another one loads a bfloat16 model."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    yield
    torch.set_default_dtype(before)


def numbers(speaker: LoadedModel, classifier: LoadedModel) -> Numbers:
    # With parity: transformers' model is made and run too.
    trace = replace(capture(speaker, "Anna met Bob", read=READ), seconds=0.0)
    # The weights of integrated gradients are captum's own, and follow the default.
    saliency = Request("Anna met Bob", method="gradient_x_input")
    asked = [saliency, *(Request("Anna met Bob", show=show) for show in ("heads", "removals"))]
    return Numbers(trace, stack(trace).values.tobytes(), [answered(classifier, question).table for question in asked])


def test_a_load_beside_it_changes_no_number(
    models: tuple[LoadedModel, LoadedModel], right: Numbers, beside_a_load: None
):
    found = numbers(*models)
    assert found.trace == right.trace
    assert found.maps == right.maps
    for table, expected in zip(found.reasons, right.reasons, strict=True):
        pd.testing.assert_frame_equal(table, expected, check_exact=True)
