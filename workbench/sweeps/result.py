"""`Sweep`: what every head does over a corpus, as tables: heads, examples, and the texts of the examples."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gemma2_workbench.atomic import make_folder, write_all
from gemma2_workbench.brief import brief
from gemma2_workbench.display import Drawable
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.intervals import Z95, drawn, spread
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.statistics import STATISTICS
from gemma2_workbench.sweeps.store import parts_of
from gemma2_workbench.sweeps.tables import examples_table, heads_table, texts_table

MANIFEST = "manifest.json"
_FILES = ("heads", "examples", "texts")


@dataclass(frozen=True, eq=False)
class Sweep(Drawable):
    """Scores of all heads over a corpus. L layers, N heads.

    Attributes:
        identity: model, corpus and settings.
        counts: windows and tokens that were run.
        damaged: texts that could not be read, and why.
        heads: a row for each layer, head and statistic: count, mean, variance, quantiles and histogram, over all
            queries (`tokens_`) and over the means of the texts (`texts_`); `error` is the standard error of the latter,
            `replicates` the means of a bootstrap over documents.
        examples: a row for each place that was kept: where, how strong, and the row of probabilities around its peak.
        texts: a row for each window that an example stands in: name, text, tokens.
        folder: where it was read from; None for one that was made just now.
    """

    identity: Identity
    counts: dict[str, int]
    damaged: tuple[str, ...]
    heads: pd.DataFrame
    examples: pd.DataFrame
    texts: pd.DataFrame
    folder: Path | None = None

    @classmethod
    def of(cls, found: Partial) -> "Sweep":
        """The tables of what was found."""
        damaged = tuple(problem for _, problem in sorted(found.damaged.items()))
        return cls(found.identity, found.counts, damaged, heads_table(found), examples_table(found), texts_table(found))

    def __repr__(self) -> str:
        return brief(self, self.sentence)

    @property
    def sentence(self) -> str:
        """What was run, in words."""
        of, counts = self.identity, self.counts
        skipped = f", {len(self.damaged)} texts could not be read" if self.damaged else ""
        return (
            f"{of.model['name']}: {len(of.layers)} layers x {of.heads} heads over {of.documents:,} texts, "
            f"{counts['tokens']:,} tokens in {counts['windows']:,} windows{skipped}"
        )

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many layers and heads there are to choose from."""
        return {"layer": len(self.identity.layers), "head": self.identity.heads}

    @cached_property
    def means(self) -> pd.DataFrame:
        """A row for each layer, head and statistic: its mean over the texts, and `low` and `high`, its 95 % interval.

        The interval is mean +- 1.96 standard deviations of the bootstrap over documents, cut off where the statistic
        ends; NaN for a single text.
        """
        rows = self.heads
        error = Z95 * np.where(rows["texts_count"] > 1, spread(drawn(rows["replicates"].tolist())), np.nan)
        shares = rows["statistic"].isin([each.name for each in STATISTICS if each.share])
        place = rows[["layer", "head", "kv_head", "kind", "statistic"]]
        return place.assign(
            texts=rows["texts_count"],
            mean=rows["texts_mean"],
            low=(rows["texts_mean"] - error).clip(lower=0),
            high=(rows["texts_mean"] + error).clip(upper=np.where(shares, 1.0, np.inf)),
        )

    @cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """The mean of every statistic over the texts, [L, N]."""
        return self._grid("texts_mean")

    @cached_property
    def errors(self) -> dict[str, np.ndarray]:
        """The standard errors of `scores`, [L, N]."""
        return self._grid("error")

    def save(self, folder: Path) -> Path:
        """Write heads.parquet, examples.parquet, texts.parquet and manifest.json; equal sweeps give equal bytes.

        Raises:
            OSError: the folder cannot be written.
        """
        make_folder(folder)
        write_all({folder / name: data for name, data in self._files().items()})
        return folder

    @cached_property
    def sha256(self) -> str:
        """Checksum of its manifest, which holds those of its other files."""
        data = (self.folder / MANIFEST).read_bytes() if self.folder else self._files()[MANIFEST]
        return hashlib.sha256(data).hexdigest()

    @classmethod
    def load(cls, folder: Path) -> "Sweep":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no sweep, or one that was not merged.
            ValueError: the files are damaged, or of another version.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise FileNotFoundError(f"{folder} holds no sweep: {_missing(folder)}")
        try:
            manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
            tables = {name: _table(folder / f"{name}.parquet", manifest["files"][name]) for name in _FILES}
            identity, damaged = Identity.from_data(manifest["sweep"]), tuple(manifest["damaged"])
            return cls(identity, manifest["counts"], damaged, **tables, folder=folder)
        except KeyError as error:
            raise ValueError(f"{folder} holds no sweep that can be read: {MANIFEST} has no {error}") from None
        except (OSError, TypeError, ValueError) as error:
            raise ValueError(f"{folder} holds no sweep that can be read: {error}") from None

    def _files(self) -> dict[str, bytes]:
        """What `save` writes, by name."""
        tables = {name: _parquet(getattr(self, name)) for name in _FILES}
        manifest = {
            "sweep": self.identity.as_data(),
            "counts": self.counts,
            "damaged": list(self.damaged),
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in tables.items()},
        }
        written = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
        return {f"{name}.parquet": data for name, data in tables.items()} | {MANIFEST: written}

    def _grid(self, column: str) -> dict[str, np.ndarray]:
        shape = (len(self.identity.layers), self.identity.heads)
        return {
            str(name): rows.sort_values(["layer", "head"])[column].to_numpy(dtype=float).reshape(shape)
            for name, rows in self.heads.groupby("statistic", sort=False)
        }


def _missing(folder: Path) -> str:
    """Why a folder has no manifest."""
    if not folder.is_dir():
        return "there is no such folder"
    if parts := len(parts_of(folder)):
        return f"its {parts} parts were not put together; run the shards to their end, then sweep merge {folder}"
    return f"there is no {MANIFEST}"


def _table(path: Path, sha256: str) -> pd.DataFrame:
    """A table of a sweep, if it is the one that the manifest names."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"{path.name} is not the file that {MANIFEST} names: it was changed, or is of another sweep")
    return pd.read_parquet(io.BytesIO(data))


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()
