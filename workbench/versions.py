"""Versions of everything that a number or a picture depends on, for records and cards."""

import platform
from importlib.metadata import PackageNotFoundError, version

TOOL = "gemma2-workbench"
PACKAGES = (TOOL, "torch", "transformers", "numpy", "pandas", "matplotlib", "plotly", "pyarrow")


def versions(*more: str) -> dict[str, str]:
    """The version of Python and of every package of `PACKAGES` and of `more`."""
    found = {"python": platform.python_version()}
    for name in (*PACKAGES, *more):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
