"""A sample of the bad inputs of `make fuzz`: 200 of them, the same in every run.

A case that fails names the command that tries it alone.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemma2_workbench import tokenize
from tests.robustness.fuzz.bases import Bases
from tests.robustness.fuzz.commands import called
from tests.robustness.fuzz.kinds import KINDS, tasks
from tests.robustness.fuzz.report import Report
from tests.robustness.fuzz.stock import wrong_ids
from tests.robustness.fuzz.trying import tried

SAMPLE = tasks(200, 0, list(KINDS))


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bases]:
    """What the cases spoil, at a place where `~` leads too."""
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "HOME", str(folder))
        patch.setitem(os.environ, "COLUMNS", "100")
        yield Bases(Path(folder)).made()


# As commands run: there a warning is a line, and no exception.
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", KINDS)
def test_no_bad_input_hangs_breaks_or_passes_in_silence(bases: Bases, kind: str):
    report = Report()
    for of_kind, seed, number in SAMPLE:
        if of_kind == kind:
            report.add(tried(kind, seed, number, bases))
    assert not report.faults, report.told(20)


@settings(deadline=None, max_examples=50)  # the first text loads the model
@given(st.text(st.characters(categories=None), max_size=40))
def test_any_text_has_the_ids_of_the_tokenizer_or_is_refused(bases: Bases, text: str):
    answer = called(tokenize, bases.loaded.tokenizer, text)
    assert not answer.failure
    assert answer.refused or wrong_ids(bases.loaded.tokenizer, text, list(answer.value.ids)) is None
