"""`Store`: the folder of a sweep: what each shard has done so far, so that it goes on where it was stopped."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gemma2_workbench.atomic import make_folder
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.partial import Partial

PARTS = "parts"
_EVERY = 30.0  # seconds between two writes; what a killed shard does again at most


class Store:
    """The part of one shard.

    Args:
        folder: of the sweep, may not exist yet.
        identity: what is swept.
        shard: (i, n).

    Raises:
        ValueError: the folder holds another sweep, or a part of it is damaged.
        OSError: it cannot be written.
    """

    def __init__(self, folder: Path, identity: Identity, shard: tuple[int, int]) -> None:
        of = shard[1]
        make_folder(folder / PARTS)
        self._path = part_of(folder, shard)
        self._whole = True
        for path in parts_of(folder):
            if not path.stem.endswith(f"-of-{of:05}"):
                raise ValueError(f"{folder} holds {path.name}, of another number of shards or workers; go on with that")
            if different := identity.differences(Partial.beginning_of(path)[0]):
                raise ValueError(
                    f"{folder} holds another sweep ({'; '.join(different)}); choose another folder, or delete it"
                )
        self.found = Partial.load(self._path) if self._path.exists() else Partial.empty(identity)
        self._written = time.monotonic()

    def add(self, found: Partial) -> None:
        """Add what some blocks gave, and write all of it now and then.

        Raises:
            ValueError: as `Partial.join`.
            OSError: the file cannot be written.
        """
        self._whole = False
        self.found.join(found)
        self._whole = True
        if time.monotonic() - self._written > _EVERY:
            self._write()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all that was added at the end, also where it ends with an exception, such as ctrl-c.

        Raises:
            OSError: the file cannot be written.
        """
        try:
            yield
        finally:
            # What is half joined is of no use: what was written before it is.
            if self._whole:
                self._write()

    def _write(self) -> None:
        self.found.save(self._path)
        self._written = time.monotonic()


def part_of(folder: Path, shard: tuple[int, int]) -> Path:
    """The file of a shard (i, n)."""
    number, of = shard
    return folder / PARTS / f"shard-{number:05}-of-{of:05}.safetensors"


def parts_of(folder: Path) -> list[Path]:
    """The parts that a folder holds, by name."""
    return sorted((folder / PARTS).glob("shard-*.safetensors"))
