"""Temporary folders of this process, which no process leaves behind.

They lie in one folder that is removed when the process ends, also where ctrl-c or SIGTERM ends it. A process that was
killed cannot do that: the next one that needs a temporary folder removes what is left. A lock, which the system takes
away from a process that has died, tells its folder from that of a living one.
"""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "gemma2-workbench-"
_LOCK = ".lock"


def folder(purpose: str) -> Path:
    """A new, empty folder that goes away with the process; `purpose` is part of its name.

    Raises:
        OSError: there is no room or no permission for temporary files.
    """
    return Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=_root(os.getpid())))


@cache
def _root(pid: int) -> Path:
    """The folder of the process `pid`, this one; a child that was forked gets its own."""
    sweep()
    place = Path(tempfile.gettempdir())
    # The lock is there before the folder is, so that no other process ever sees the folder without it.
    handle, name = tempfile.mkstemp(suffix=_LOCK, prefix=PREFIX, dir=place)
    os.close(handle)
    lock = FileLock(name)
    lock.acquire()
    root = Path(name.removesuffix(_LOCK))
    root.mkdir(mode=0o700)
    atexit.register(_remove, root, lock, pid)
    return root


def _remove(root: Path, lock: FileLock, pid: int) -> None:
    """Remove the folder of this process; a forked child leaves that of its parent alone."""
    if os.getpid() == pid:
        shutil.rmtree(root, ignore_errors=True)
        Path(lock.lock_file).unlink(missing_ok=True)


def sweep() -> None:
    """Remove the folders of processes that have died; other users' and living processes' stay."""
    for lock_file in Path(tempfile.gettempdir()).glob(f"{PREFIX}*{_LOCK}"):
        try:
            # A link would lead elsewhere, and what belongs to somebody else is not ours to remove.
            status = lock_file.lstat()
            if lock_file.is_symlink() or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
                continue
            with FileLock(lock_file, timeout=0):
                root = lock_file.with_suffix("")
                if not root.is_symlink():
                    shutil.rmtree(root, ignore_errors=True)
                lock_file.unlink(missing_ok=True)
        except (Timeout, OSError):
            continue
