"""What the system says of a file that is being written, as one sentence: no room, no permission, no such name."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_REASONS = {
    errno.ENOSPC: "there is no room left on its disk; make room, or save elsewhere",
    errno.EDQUOT: "there is no room left for you on its disk; make room, or save elsewhere",
    errno.EFBIG: "it would be larger than a file may be here; save less, or elsewhere",
    errno.EIO: "it could not be written to its end; look at the room on its disk, or save elsewhere",
    errno.EACCES: "you have no permission to write there; save elsewhere",
    errno.EPERM: "you have no permission to write there; save elsewhere",
    errno.EROFS: "the folder is read-only; save elsewhere",
    errno.ENAMETOOLONG: "its name is too long; choose a shorter one",
    errno.ELOOP: "it is a link that leads to itself; save elsewhere",
    errno.ENOTDIR: "a part of its path is a file, no folder; save elsewhere",
}
# How the writers of other libraries tell what the system told them.
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")
_TORCH_WRITER = "inline_container.cc"
_SHOWN = 200


@contextmanager
def told(path: Path, *parts: Path) -> Iterator[None]:
    """What the system says of `path` while it is written, as one sentence; `parts` are written in its place.

    Raises:
        OSError: of the same class, with the sentence.
    """
    try:
        yield
    except OSError as error:
        own = error.filename is None or any(str(error.filename).startswith(str(place)) for place in (path, *parts))
        if error.errno is None or not own:
            raise
        raise type(error)(reason(path, error.errno)) from error
    except Exception as error:
        found = _SYSTEM_ERROR.search(str(error))
        if found is None and _TORCH_WRITER not in str(error):
            raise
        raise OSError(reason(path, int(found[1]) if found else errno.EIO)) from error


def reason(path: str | os.PathLike[str], number: int) -> str:
    """One sentence for a number of `errno` that writing to `path` gave."""
    name = str(path)
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    return f"{shown} cannot be written: {_REASONS.get(number) or os.strerror(number)}"
