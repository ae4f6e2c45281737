"""How the process keeps the memory that it frees, for commands and the page's server.

glibc gives the memory of each large tensor back to the system at once, so that the next one pays for its pages anew:
faults of pages took a quarter of a capture of 2,048 tokens. Here it is kept, up to a limit, and given back when nothing
is worked out for a while. The library never does this: a process belongs to whoever starts it.
"""

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from functools import cache

# Numbers of malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
# Free memory at the end of the heap that is kept, and the size from which on a block is mapped, and so given back at
# once, on its own: the largest that glibc takes.
KEPT_BYTES, MAPPED_BYTES = 256 * 1024**2, 32 * 1024**2
# Whoever sets one of these has decided.
SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")
IDLE_SECONDS = 10.0


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library of this process where it is glibc and nobody has set its allocator; None elsewhere."""
    if sys.platform != "linux" or any(name in os.environ for name in SETTINGS):
        return None
    try:
        is_glibc = (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
        library = ctypes.CDLL(None) if is_glibc else None
    except (ValueError, OSError):  # another C library knows no such name
        return None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


def keep_freed_memory() -> None:
    """Have freed memory kept for the next tensors."""
    library = _glibc()
    if library is not None:
        library.mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
        library.mallopt(_MMAP_THRESHOLD, MAPPED_BYTES)


def give_back() -> None:
    """Give what is free back to the system."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


class WhenIdle:
    """Calls `act` when nothing was done for `seconds`, once.

    Args:
        act: what is to be called, in a thread of its own.
        seconds: after `done` was called last.
    """

    def __init__(self, act: Callable[[], None] = give_back, seconds: float = IDLE_SECONDS) -> None:
        self._act, self._seconds = act, seconds
        self._timer: threading.Timer | None = None

    def done(self) -> None:
        """Something was done just now."""
        self.stop()
        self._timer = threading.Timer(self._seconds, self._act)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Something begins, or all ends."""
        if self._timer is not None:
            self._timer.cancel()
