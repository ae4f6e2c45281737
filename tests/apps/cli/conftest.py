"""Commands here find the embedded models loaded."""

import pytest


@pytest.fixture(autouse=True)
def models_are_loaded(loaded_once: None) -> None:
    pass
