"""Public names are what `__all__` says, sorted, and all of them exist."""

import importlib

import pytest


@pytest.mark.parametrize("package", ["gemma2_workbench.model", "gemma2_workbench"])
def test_exported_names(package: str) -> None:
    module = importlib.import_module(package)
    assert sorted(module.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)) == module.__all__
    for name in module.__all__:
        assert getattr(module, name).__doc__ or name.isupper()
