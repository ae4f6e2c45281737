"""What an interrupted conversion leaves in its folder, so that it goes on where it stopped, or is refused."""

import json
import shutil
from pathlib import Path

from gemma2_workbench.atomic import write

# There while a conversion is under way; its sums have been compared once it is.
UNDER_WAY = ".gemma2-conversion.json"
# What a killed process leaves: our own, and what safetensors writes to before it takes the name that it was given.
_HALF_WRITTEN = (".gemma2-*.part", ".tmp??????")


def begun(folder: Path, identity: str) -> bool:
    """Whether `folder` holds the beginning of this very conversion; half-written files in it are removed.

    Args:
        folder: where to convert to.
        identity: of the checkpoint and all that was chosen.

    Raises:
        FileExistsError: it holds a model, or the beginning of another conversion.
    """
    note = folder / UNDER_WAY
    if not note.is_file():
        held = next(
            (file.name for file in [folder / "config.json", *folder.glob("*.safetensors")] if file.exists()), ""
        )
        if held:
            raise FileExistsError(f"{folder} holds a model already ({held}); name a new folder")
        return False
    if _identity(note) != identity:
        raise FileExistsError(
            f"{folder} holds the beginning of another conversion, of another checkpoint or with other settings; "
            "go on with those, or name a new folder"
        )
    for half in [file for pattern in _HALF_WRITTEN for file in folder.glob(pattern)]:
        shutil.rmtree(half) if half.is_dir() else half.unlink()
    return True


def begin(folder: Path, identity: str) -> None:
    """Note what is converted here."""
    write(folder / UNDER_WAY, json.dumps({"identity": identity}))


def end(folder: Path) -> None:
    """Everything is there."""
    (folder / UNDER_WAY).unlink(missing_ok=True)


def _identity(note: Path) -> object:
    try:
        return json.loads(note.read_bytes()).get("identity")
    except (ValueError, AttributeError):
        return None
