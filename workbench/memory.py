"""How much memory may still be taken: what the machine has free, within the limits of the container."""

from collections.abc import Iterator
from pathlib import Path

import psutil

CGROUPS, MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
# Control groups of version 2 and of version 1: names of limit and usage, and of the cache that is given back at need.
VERSIONS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def available_bytes() -> int:
    """Bytes that can be taken without swapping and without breaking the limit of any control group of this process."""
    return max(0, min([psutil.virtual_memory().available, *_left_in_groups(CGROUPS, MEMBERSHIP)]))


def _left_in_groups(root: Path, membership: Path) -> Iterator[int]:
    """What each limit on this process leaves; nothing where there are no control groups, as outside Linux."""
    for folder in _groups(root, membership):
        for limit, usage, cache in VERSIONS:
            # Nothing more is read of a group without a limit: of most there is none.
            most = _number(folder / limit)
            if most is not None and (used := _number(folder / usage)) is not None:
                yield most - used + _statistics(folder).get(cache, 0)


def _groups(root: Path, membership: Path) -> Iterator[Path]:
    """The folders of the groups of this process and of all groups around them, as far as they can be seen."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "memory" in controllers.split(","):
            base = root / "memory" if controllers else root
            # Inside a container the path may be the one outside it; then only the root is there.
            parts = [part for part in path.split("/") if part not in ("", "..")]
            folders = (base.joinpath(*parts[:depth]) for depth in range(len(parts) + 1))
            yield from (folder for folder in folders if folder.is_dir())


def _number(file: Path) -> int | None:
    """The number in a file; None where there is none, as where the limit is `max`."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _statistics(folder: Path) -> dict[str, int]:
    """The numbers of memory.stat by name."""
    try:
        lines = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return {}
    return {name: int(value) for name, value in (line.split() for line in lines)}
