"""The state of a run that is under way: transformers' checkpoints in FOLDER/checkpoints, and whose they are.

They are read back by transformers' Trainer: weights from safetensors, optimiser, schedule and random numbers with
`torch.load(weights_only=True)`, which runs no code from the file; the pickled training_args.bin beside them is never
read. They are meant for the user who made them; what is handed on is the finished folder: safetensors, JSON, a card.
"""

import json
import shutil
from pathlib import Path

from gemma2_workbench.atomic import checked_folder, make_folder, write
from gemma2_workbench.json_types import JsonObject

FOLDER = "checkpoints"
RECORD = "run.json"


def prepare(out: Path, record: JsonObject, resume: bool) -> Path | None:
    """Begins a run in an empty folder (None), or gives the checkpoint to go on from; after `check_folder`.

    Args:
        out: the folder.
        record: data and settings of the run; a resumed run must have those it was begun with.
        resume: whether to go on.

    Raises:
        ValueError: it was begun with other data or settings.
    """
    place = out / FOLDER / RECORD
    if not resume:
        make_folder(place.parent)
        write(place, json.dumps(record))
        return None
    begun = json.loads(place.read_text(encoding="utf-8"))
    for key, value in record.items():
        if begun.get(key) != value:
            raise ValueError(f"{out} was begun with {key} {begun.get(key)}, now it is {value}; resume with the same")
    return newest(out)


def check_folder(out: Path, resume: bool) -> None:
    """Refuse a folder that a new run would write over, or that a resumed one finds nothing in.

    Raises:
        ValueError: the message says what is there and what to do.
        OSError: it is a file, or cannot be made or written.
    """
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file; name a folder")
    checked_folder(out)
    if resume and newest(out) is None:
        if (out / "model.safetensors").exists():
            raise ValueError(
                f"{out} is finished, there is nothing to resume; train it further with --model {out} --out NEW"
            )
        raise ValueError(f"{out} holds no checkpoint to resume from; start without --resume (in an empty folder)")
    if resume:
        return
    held = [path for path in out.rglob("*") if path.is_file() and path != out / FOLDER / RECORD]
    if not held:
        return
    if newest(out) is not None:
        raise ValueError(
            f"--out {out} holds a run that is not finished; --resume goes on with it, or name another folder"
        )
    raise ValueError(f"--out {out} is not empty ({held[0].relative_to(out)}); name a new folder")


def newest(out: Path) -> Path | None:
    """The newest checkpoint that was written to its end, or None."""
    found = [path for path in (out / FOLDER).glob("checkpoint-*") if _whole(path)]
    return max(found, key=lambda path: int(path.name.split("-")[1]), default=None)


def discard_unfinished(out: Path) -> None:
    """Remove checkpoints that a full disk or a second ctrl-c cut short."""
    for path in (out / FOLDER).glob("checkpoint-*"):
        if not _whole(path):
            shutil.rmtree(path, ignore_errors=True)


def _whole(checkpoint: Path) -> bool:
    """Whether the Trainer wrote a checkpoint to its end: its state is what it writes last."""
    try:
        step_of(checkpoint)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def step_of(checkpoint: Path) -> tuple[int, int]:
    """Steps done and steps in all."""
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    return state["global_step"], state["max_steps"]
