"""`convert_google_checkpoint`: a checkpoint of google/gemma_pytorch as a folder that transformers and `load` open."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import GenerationConfig

from gemma2_workbench.atomic import filling, make_folder, write
from gemma2_workbench.model.config import Gemma2Config
from gemma2_workbench.model.google.beginnings import begin, begun, end
from gemma2_workbench.model.google.checkpoint import GoogleCheckpoint
from gemma2_workbench.model.google.fit import FLOATS, check_fit
from gemma2_workbench.model.google.names import parts
from gemma2_workbench.model.google.shards import Shard, packed
from gemma2_workbench.model.google.sizes import DTYPES, SIZES
from gemma2_workbench.model.google.tokenizer import copy_tokenizer, tokenizer_files

SHARD_BYTES = 1_000_000_000
# Done and of how many, in bytes of this run: the rest of one that was interrupted.
Report = Callable[[int, int], None]
# <end_of_turn>
_END_OF_TURN = 107


@dataclass(frozen=True)
class _Job:
    """All that a conversion is given, checked."""

    checkpoint: GoogleCheckpoint
    folder: Path
    config: Gemma2Config
    shards: Sequence[Shard]
    tokenizer: list[Path]
    instruct: bool

    def identity(self) -> str:
        """The same if the same command is given again, wherever the checkpoint lies now."""
        config = self.config.to_dict() | {"transformers_version": None}
        chosen = [config, [shard.file for shard in self.shards], self.instruct]
        told = json.dumps([self.checkpoint.identity(), *chosen], default=str, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


def convert_google_checkpoint(
    checkpoint: str | Path,
    out: str | Path,
    size: str | Gemma2Config,
    *,
    dtype: str | torch.dtype | None = None,
    tokenizer: str | Path | None = None,
    instruct: bool = False,
    shard_bytes: int = SHARD_BYTES,
    report: Report | None = None,
) -> Path:
    """Make a model folder (safetensors, config.json, generation_config.json) of a checkpoint of google/gemma_pytorch.

    Fused query-key-value weights are split, int8 weights multiplied by their factors, tables of rotary angles dropped;
    the head stays tied. Memory is that of one file of the result. What is interrupted goes on where it stopped when it
    is called again with the same arguments; a file of the result is there whole or not at all.

    Args:
        checkpoint: a .ckpt file, or a folder with one or with pytorch_model.bin.index.json and its parts.
        out: the folder to make.
        size: "2b", "9b" or "27b", or the configuration of another model of this format.
        dtype: float32, bfloat16 or float16; default: that of the checkpoint (of its norms, if weights are int8).
        tokenizer: tokenizer.model, tokenizer.json or a folder with either, copied beside the weights.
        instruct: generation also ends at <end_of_turn>, as instruction-tuned models are to.
        shard_bytes: how large a file may be; a tensor that is larger has one of its own.
        report: called with (bytes done, bytes to do).

    Returns:
        The folder.

    Raises:
        OSError: a file that is missing, damaged or cut off; a folder that cannot be written, holds another model or has
            no room.
        ValueError: tensors that do not fit the size, each named; a file with more than tensors; an unknown size
            or dtype.
    """
    job = _checked(Path(checkpoint), Path(out), size, dtype, tokenizer, instruct, shard_bytes)
    identity = job.identity()
    resumed = begun(job.folder, identity)
    left = [shard for shard in job.shards if not (resumed and shard.is_whole(job.folder))]
    _check_room(job.folder, sum(shard.bytes for shard in left))
    make_folder(job.folder)
    tell = _counter(report, sum(shard.bytes for shard in left) + (0 if resumed else job.checkpoint.bytes))
    if not resumed:
        job.checkpoint.check_sums(tell)
        begin(job.folder, identity)
    for shard in left:
        shard.write(job.folder, job.checkpoint.tensors(shard.sources))
        tell(shard.bytes)
    _write_rest(job)
    end(job.folder)
    return job.folder


def _checked(
    path: Path,
    folder: Path,
    size: str | Gemma2Config,
    dtype: str | torch.dtype | None,
    tokenizer: str | Path | None,
    instruct: bool,
    shard_bytes: int,
) -> _Job:
    """The job, refused before anything is written where it cannot be done."""
    wanted = None if dtype is None else str(dtype).removeprefix("torch.")
    if wanted not in (None, *DTYPES):
        raise ValueError(f"dtype={str(dtype)!r} is not possible; use {', '.join(DTYPES)}, or None for the checkpoint's")
    config = _config(size)
    files = [] if tokenizer is None else tokenizer_files(Path(tokenizer))
    checkpoint = GoogleCheckpoint(path)
    try:
        check_fit(checkpoint.headers, config, size if isinstance(size, str) else None)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    chosen = getattr(torch, wanted) if wanted else _stored(checkpoint)
    config.dtype = chosen
    config.architectures = ["Gemma2ForCausalLM"]
    return _Job(checkpoint, folder, config, packed(parts(config), chosen, shard_bytes), files, instruct)


def _config(size: str | Gemma2Config) -> Gemma2Config:
    if isinstance(size, Gemma2Config):
        return Gemma2Config.from_dict(size.to_dict())
    if size not in SIZES:
        raise ValueError(f"size={size!r} is unknown; Gemma 2 has {', '.join(SIZES)}")
    return Gemma2Config(**SIZES[size])


def _stored(checkpoint: GoogleCheckpoint) -> torch.dtype:
    """The dtype of a checkpoint: that of its embeddings, or of its last norm, which is never int8."""
    found = [checkpoint.headers[name].dtype for name in ("embedder.weight", "model.norm.weight")]
    return next(dtype for dtype in found if dtype in FLOATS)


def _check_room(folder: Path, needed: int) -> None:
    """Refuse a disk that will be full; what else is written there meanwhile is found out on the way."""
    place = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OSError(
            f"{folder} needs {needed / 1e9:.1f} GB more, but its disk has {free / 1e9:.1f} GB free; make room, or name "
            "a folder on another disk"
        )


def _counter(report: Report | None, of: int) -> Callable[[int], None]:
    """What is called with the bytes since the last call, and tells the sum."""
    done = 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        if report is not None:
            report(min(done, of), of)

    return tell


def _write_rest(job: _Job) -> None:
    """Write what is small: tokenizer, how to generate, the index, and last config.json, by which a model is known."""
    copy_tokenizer(job.tokenizer, job.folder)
    if len(job.shards) > 1:
        where = {part.name: shard.file for shard in job.shards for part in shard.parts}
        index = {"metadata": {"total_size": sum(shard.bytes for shard in job.shards)}, "weight_map": where}
        write(job.folder / "model.safetensors.index.json", json.dumps(index, indent=2) + "\n")
    ends = job.config.eos_token_id
    with filling(job.folder) as part:
        GenerationConfig(
            bos_token_id=job.config.bos_token_id,
            eos_token_id=[ends, _END_OF_TURN] if job.instruct else ends,
            pad_token_id=job.config.pad_token_id,
        ).save_pretrained(part)
        job.config.save_pretrained(part)
