"""`--auth`: users and passwords, given on the command line or as a file."""

import stat
import sys
from pathlib import Path

MAX_BYTES = 1 << 20


def accounts(given: str | None) -> dict[str, str]:
    """Passwords by user.

    Args:
        given: USER:PASSWORD, or a file with one such line per user; lines that begin with # and empty ones say nothing.

    Raises:
        ValueError: neither, or a line that is none, or a user without a password or named twice.
        OSError: the file cannot be read.
    """
    if given is None:
        return {}
    lines, where = _lines(given)
    found: dict[str, str] = {}
    for number, line in lines:
        user, colon, password = line.partition(":")
        # The password itself is never repeated.
        place = f"line {number} of {where}" if where else "--auth"
        if not (colon and user and password) or not line.isprintable():
            raise ValueError(f"{place} is not USER:PASSWORD, both of printable characters; or name a file that exists")
        if user in found:
            raise ValueError(f"{place} names the user {user!r} again; give each user one line")
        found[user] = password
    if not found:
        raise ValueError(f"{where} names no user; write a line USER:PASSWORD for each")
    return found


def _lines(given: str) -> tuple[list[tuple[int, str]], str]:
    """The lines with their numbers, and the file they are from, "" for none."""
    file = Path(given)
    try:
        there = file.exists()
    except (OSError, ValueError):  # too long a name for a file, or a null character in it
        there = False
    if not there:
        return [(1, given)], ""
    if not file.is_file() or file.stat().st_size > MAX_BYTES:
        raise ValueError(f"--auth {given} is not a file with lines USER:PASSWORD")
    if stat.S_IMODE(file.stat().st_mode) & 0o077 and sys.platform != "win32":
        print(f"note: other users of this machine may read {given}; `chmod 600` keeps it yours", file=sys.stderr)
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"--auth {given} is not a text file in UTF-8 with lines USER:PASSWORD") from error
    numbered = enumerate(text.splitlines(), start=1)
    return [(number, line) for number, line in numbered if line.strip() and not line.startswith("#")], given
