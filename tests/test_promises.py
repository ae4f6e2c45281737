"""docs/promises.md: each promise names tests that exist, and no parameter, argument or field is without a row."""

import ast
import inspect
import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
from transformers import Gemma2Config as TransformersConfig
from transformers import PreTrainedConfig
from transformers.modeling_outputs import (
    BaseModelOutputWithPast,
    CausalLMOutputWithPast,
    SequenceClassifierOutputWithPast,
    TokenClassifierOutput,
)

from gemma2_workbench.model import Gemma2ForCausalLM

RETURNED = (
    BaseModelOutputWithPast,
    CausalLMOutputWithPast,
    SequenceClassifierOutputWithPast,
    TokenClassifierOutput,
)

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "promises.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (?!Promise)(.+?) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
TEST = re.compile(r"`([\w/.]+\.py)::(\w+)`")


@cache
def functions(file: Path) -> set[str]:
    """The names of the tests in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_every_promise_has_tests_that_exist(row: tuple[str, ...]) -> None:
    promise, pages, here, tests = row
    assert promise
    assert re.search(r"\b[NE]\b", pages)
    assert here
    named = TEST.findall(tests)
    assert named, f"{promise} names no test"
    assert not TEST.sub("", tests).strip(), "tests stand as `path::name`, nothing else"
    for path, name in named:
        assert name in functions(TESTS / path), f"there is no tests/{path}::{name}"


def test_every_row_was_read() -> None:
    assert len(ROWS) == sum(line.startswith("| ") and not line.startswith("| Promise") for line in PAGE.splitlines())


def test_nothing_is_left_out() -> None:
    promised = " ".join(row[0] for row in ROWS)
    inherited = {field.name for field in fields(PreTrainedConfig)}
    # In 5.x `rope_theta` is a part of `rope_parameters`; the other came after both pages.
    new = {"rope_parameters", "use_bidirectional_attention"}
    parameters = {field.name for field in fields(TransformersConfig)} - inherited - new | {"rope_theta"}
    assert len(parameters) == 24
    arguments = inspect.signature(Gemma2ForCausalLM.forward).parameters.keys() - {"self", "unknown"}
    returned = {field.name for kind in RETURNED for field in fields(kind)}
    named = " ".join([promised, *(row[2] for row in ROWS)])
    assert not {name for name in parameters | returned if f"`{name}`" not in promised}
    assert not {name for name in arguments if f"`{name}" not in named}
