"""Memory that is freed is kept where nobody has decided otherwise, and given back when nothing is done."""

import os
import subprocess
import sys
import threading

import pytest

from gemma2_workbench.apps.allocator import WhenIdle

# Whether 100 MB that were freed are still held, and whether they are after they were given back.
HELD = """
import psutil, numpy
from gemma2_workbench.apps.allocator import give_back, keep_freed_memory
keep_freed_memory()
held = lambda: psutil.Process().memory_info().rss
before = held()
blocks = [numpy.ones(1_000_000) for _ in range(13)]
del blocks
kept = held() - before
give_back()
print(kept > 80e6, held() - before > 80e6)
"""


@pytest.mark.skipif(not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"), reason="only glibc is asked")
@pytest.mark.parametrize(
    ("chosen", "said"), [({}, "True False"), ({"MALLOC_TRIM_THRESHOLD_": "100000"}, "False False")]
)
def test_freed_memory_is_kept_unless_its_owner_decided(chosen: dict[str, str], said: str) -> None:
    made = subprocess.run(
        [sys.executable, "-c", HELD], env=os.environ | chosen, capture_output=True, text=True, check=True
    )
    assert made.stdout.strip() == said


def test_it_is_given_back_once_when_nothing_was_done() -> None:
    times, acted = [], threading.Event()

    def act() -> None:
        times.append(1)
        acted.set()

    idle = WhenIdle(act, 0.05)
    for _ in range(3):
        idle.done()
    assert acted.wait(10)
    idle.done()
    idle.stop()
    acted.clear()
    assert not acted.wait(0.2)
    assert len(times) == 1
