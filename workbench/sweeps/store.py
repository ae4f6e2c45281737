"""`Store`: the folder of a sweep: what each shard has done so far, so that it goes on where it was stopped."""

import time
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
        number, of = shard
        make_folder(folder / PARTS)
        self._path = folder / PARTS / f"shard-{number:05}-of-{of:05}.safetensors"
        for path in parts_of(folder):
            if not path.stem.endswith(f"-of-{of:05}"):
                raise ValueError(f"{folder} holds {path.name}, of another number of shards or workers; go on with that")
            if different := identity.differences(Partial.identity_of(path)):
                raise ValueError(
                    f"{folder} holds another sweep ({'; '.join(different)}); choose another folder, or delete it"
                )
        self.found = Partial.load(self._path) if self._path.exists() else Partial.empty(identity)
        self._written = time.monotonic()

    def keep(self, last: bool = False) -> None:
        """Write what was found, now and then, and after the last block.

        Raises:
            OSError: the file cannot be written.
        """
        if last or time.monotonic() - self._written > _EVERY:
            self.found.save(self._path)
            self._written = time.monotonic()


def parts_of(folder: Path) -> list[Path]:
    """The parts that a folder holds, by name."""
    return sorted((folder / PARTS).glob("shard-*.safetensors"))
