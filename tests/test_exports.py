"""Public names are what `__all__` says, each once, and all of them exist."""

import importlib

import pytest


@pytest.mark.parametrize("package", ["gemma2_workbench.model", "gemma2_workbench"])
def test_exported_names(package: str) -> None:
    module = importlib.import_module(package)
    assert len(set(module.__all__)) == len(module.__all__) > 5
    for name in module.__all__:
        assert getattr(module, name).__doc__ or name.isupper()
