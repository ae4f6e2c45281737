"""`gemma2-workbench sweep`: every head over a corpus, in shards or on Ray, and its parts merged."""

import argparse
import sys
from pathlib import Path

import torch

from gemma2_workbench import scratch
from gemma2_workbench.apps.allocator import keep_freed_memory
from gemma2_workbench.apps.cli.output import refuse
from gemma2_workbench.apps.cli.progress import counted
from gemma2_workbench.apps.cli.rows import rows_text
from gemma2_workbench.atomic import checked_folder
from gemma2_workbench.limits import short, whole
from gemma2_workbench.models.machine.devices import chosen_dtype
from gemma2_workbench.starting import COMMAND, STOPPED, Stopped
from gemma2_workbench.sweeps.corpus import Corpus, Texts
from gemma2_workbench.sweeps.engines import local, on_ray
from gemma2_workbench.sweeps.engines import slurm as array
from gemma2_workbench.sweeps.engines.job import Job
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.result import MANIFEST, Sweep
from gemma2_workbench.sweeps.sets import SETS, built_in
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.store import part_of, parts_of
from gemma2_workbench.sweeps.sweep import merge_sweep, sweep
from gemma2_workbench.traces.interventions.intervention import is_index

_MOST = 10  # rows
_SETTINGS = ("tokens", "stride", "top", "sample", "seed", "block")


def run(options: argparse.Namespace) -> None:
    """Sweep; a whole one is merged and written, a shard leaves its part."""
    out = checked_folder(options.out)
    shard = _shard(options.shard)
    workers = whole("--workers", options.workers, 1)
    if shard[1] > 1 and (workers > 1 or options.engine == "ray"):
        raise ValueError("--shard is for one process a shard; leave it, or leave --workers and --engine, out")
    corpus = _corpus(options)
    job = Job(options.model, options.dtype, options.device, corpus, _settings(options), out, keep_freed_memory)
    try:
        with counted("block") as progress:
            if options.engine == "ray":
                on_ray.run(job, workers, options.gpus_per_worker, progress)
            elif workers > 1:
                local.run(job, workers, progress)
            else:
                sweep(job.loaded(), corpus, job.settings, out=out, shard=shard, progress=progress)
        if shard[1] == 1:
            _written(out)
            return
    except KeyboardInterrupt as stop:
        raise Stopped.of(stop, _kept(out, shard)) from None
    print(f"shard {options.shard} is done; when all are: {COMMAND} sweep merge {out}")


def _kept(out: Path, shard: tuple[int, int]) -> str:
    """What a sweep that was stopped has done, and how it goes on."""
    number, of = shard
    parts = parts_of(out) if of == 1 else [part_of(out, shard)]
    begun = [Partial.beginning_of(path) for path in parts if path.exists()]
    done = sum(len(blocks) for _, blocks in begun)
    if not done:
        return f"{STOPPED} before a block of texts was done; nothing is kept"
    blocks = len(range(number, begun[0][0].blocks, of))
    return f"{STOPPED}: {done} of {blocks} blocks of texts are kept in {out}; the same command goes on from there"


def merged(options: argparse.Namespace) -> None:
    """Put the parts together."""
    _written(options.folder)


def slurm(options: argparse.Namespace) -> None:
    """Print the script."""
    _settings(options)
    chosen_dtype(options.dtype, torch.device("cpu"))  # of the device only the cluster knows
    shards, hours, cpus = (whole(f"--{name}", getattr(options, name), 1) for name in ("shards", "hours", "cpus"))
    words = [COMMAND, "sweep", *options.corpus, f"--out={options.out}", f"--model={options.model}"]
    chosen = [*_SETTINGS, "column", "split", "set", "size", "length", "dtype", "device"]
    words += [f"--{name}={value}" for name in chosen if (value := getattr(options, name)) is not None]
    gpus = whole("--gpus", options.gpus, 0)
    print(array.script(words, str(options.out), shards, hours=hours, cpus=cpus, gpus=gpus), end="")


def _written(folder: Path) -> None:
    """Merge the parts of a folder, write the tables, and print the strongest heads."""
    parts = parts_of(folder)
    if not parts:
        raise FileNotFoundError(f"{folder} holds no part of a sweep")
    found = merge_sweep([Partial.load(path) for path in parts])
    found.save(folder)
    print(
        f"{found.sentence}\n{_strongest(found)}\nwritten to {folder}: heads, examples and texts as .parquet, {MANIFEST}"
    )
    for problem in found.damaged[:_MOST]:
        print(f"not read: {problem}", file=sys.stderr)
    if more := len(found.damaged[_MOST:]):
        print(f"not read: {more} more, see manifest.json", file=sys.stderr)


def _strongest(found: Sweep) -> str:
    """The strongest head of each statistic of queries that is a share."""
    heads = found.heads.loc[
        found.heads["statistic"].isin(("induction", "previous_token", "duplicate_token", "first_token"))
    ]
    best = heads.sort_values("texts_mean", ascending=False, kind="stable").groupby("statistic", sort=False).head(3)
    return rows_text(best.reindex(columns=["statistic", "layer", "head", "kind", "texts_mean", "error"]))


def _corpus(options: argparse.Namespace) -> Texts:
    """The corpus; standard input goes to a file first, for it is read more than once."""
    if options.set is not None:
        if options.corpus:
            raise ValueError(f"--set {short(options.set)} is a corpus of its own; leave it, or the files, out")
        return built_in(options.set, options.size, options.length, options.seed)
    refuse(options, ("size", "length"), "is of --set repeats")
    if not options.corpus:
        raise ValueError(f"there is no corpus; give files or folders, or --set: {', '.join(SETS)}")
    if "-" not in options.corpus:
        return Corpus.of([Path(each) for each in options.corpus], options.column, options.split)
    if options.corpus != ["-"]:
        raise ValueError("- is standard input alone; give files, or -")
    path = scratch.folder("sweep") / "standard input.txt"
    with path.open("wb") as file:
        while data := sys.stdin.buffer.read(1 << 20):
            file.write(data)
        if not file.tell():
            raise ValueError("standard input is empty; pipe one text a line into it")
    return Corpus.of([path], options.column, options.split)


def _settings(options: argparse.Namespace) -> SweepSettings:
    return SweepSettings(**{name: getattr(options, name) for name in _SETTINGS})


def _shard(text: str) -> tuple[int, int]:
    """The numbers of `2/7`."""
    parts = text.split("/")
    if len(parts) != 2 or not all(map(is_index, parts)) or int(parts[0]) >= int(parts[1]):
        raise ValueError(f"--shard {short(repr(text))} is not allowed; write I/N, I from 0 to N - 1, such as 0/16")
    return int(parts[0]), int(parts[1])
