"""Files appear whole or not at all: the one way in which everything here is written.

New content goes to a file of its own beside the old one, which it replaces in one step at the end. Whatever stops the
work before that (an error, a full disk, ctrl-c) leaves the old file as it was, and nothing else behind.
"""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gemma2_workbench.disk_errors import told

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def checked_target(path: str | os.PathLike[str]) -> Path:
    """The regular file that writing to `path` makes or replaces, checked before any work is done for it.

    A symbolic link is followed: what it points to is written, and the link stays.

    Raises:
        OSError: its folder does not exist or cannot be written; it is a folder, a device, a pipe or a socket; the file
            that is there is read-only; its name is too long. The message says which.
        ValueError: there is a null character in the name.
    """
    given = Path(path)
    if "\0" in str(given):
        raise ValueError(f"{str(given)!r} holds a null character, which no name of a file can; save elsewhere")
    with told(given):
        target = Path(os.path.realpath(given))
        there = _status(given)
        if there is None and target.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if there is not None:
            _check_kind(given, there.st_mode)
        _check_folder(given.parent if given.parent.resolve() == target.parent else target.parent)
        if there is not None and not (there.st_mode & 0o222 and os.access(target, os.W_OK)):
            raise PermissionError(f"{given} is read-only; make it writable, or save elsewhere")
    return target


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """An empty file to write to, which takes the place of `path` at the end of the `with` block, if that ends well.

    An existing file keeps its permissions, a new one gets those that the process gives to new files.

    Raises:
        OSError: as `checked_target`, or the disk is full, in one sentence.
    """
    target = checked_target(path)
    part = target.with_name(f".gemma2-{secrets.token_hex(6)}.part")
    try:
        with told(Path(path), part):
            part.touch(exist_ok=False)
            mode = stat.S_IMODE((target if target.exists() else part).stat().st_mode)
            yield part
            # Some writers make a new file of that name, readable by its owner alone.
            part.chmod(mode)
            part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def write(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Write one file, text as UTF-8; as `replacing`."""
    write_all({Path(path): data})


def write_all(files: Mapping[Path, bytes | str]) -> None:
    """Write files that belong together: all are complete before the first takes its place; as `replacing`."""
    with ExitStack() as stack:
        for path, data in files.items():
            # Escapes, because a name or a token can hold half of a character, which UTF-8 cannot.
            content = data.encode(errors="backslashreplace") if isinstance(data, str) else data
            stack.enter_context(replacing(path)).write_bytes(content)


def checked_folder(path: str | os.PathLike[str]) -> Path:
    """A folder to write into, which may still have to be made, checked before any work is done for it.

    Raises:
        OSError: it is a file, or cannot be made or written.
    """
    folder = Path(path)
    with told(folder):
        if _status(folder) is not None and not folder.is_dir():
            raise NotADirectoryError(f"{folder} is a file; name a folder")
        _check_folder(next(place for place in (folder, *folder.absolute().parents) if _status(place) is not None))
    return folder


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder, and those above it, where it is not there yet; as `checked_folder`."""
    folder = checked_folder(path)
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def filling(path: str | os.PathLike[str], last: str = "config.json") -> Iterator[Path]:
    """A folder to write to, whose files move into the folder `path` at the end of the `with` block, if that ends well.

    Args:
        path: it is made where it is not there; files of the same names are replaced, others stay.
        last: the file that moves last, so that a folder that has it has all.

    Raises:
        OSError: as `make_folder`, or the disk is full.
    """
    folder = make_folder(path)
    part = folder / f".gemma2-{secrets.token_hex(6)}.part"
    try:
        with told(folder, part):
            part.mkdir()
            yield part
            usual = stat.S_IMODE(part.stat().st_mode) & 0o666
            found = sorted((file for file in part.rglob("*") if file.is_file()), key=lambda file: file.name == last)
            for file in found:
                target = folder / file.relative_to(part)
                target.parent.mkdir(parents=True, exist_ok=True)
                file.chmod(usual)
                file.replace(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _status(path: Path) -> os.stat_result | None:
    """What is there, None for nothing."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        # Reported for the folder or the link below, with better words.
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            return None
        raise


def _check_kind(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{path} is a folder; name a file to write")
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise OSError(f"{path} is {kind}, and only files are written; name a file")


def _check_folder(folder: Path) -> None:
    if not folder.exists():
        raise FileNotFoundError(f"the folder {folder} does not exist; make it first, or save elsewhere")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file, no folder; save elsewhere")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"the folder {folder} cannot be written to; save elsewhere")
