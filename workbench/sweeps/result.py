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
from gemma2_workbench.sweeps.examples import SIDES, Places
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.intervals import Z95, drawn, spread
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.statistics import OF_QUERIES, STATISTICS
from gemma2_workbench.sweeps.store import parts_of
from gemma2_workbench.sweeps.tally import Side

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
MANIFEST = "manifest.json"
_FILES = ("heads", "examples", "texts")


@dataclass(frozen=True, eq=False)
class Sweep:
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
        return cls(found.identity, found.counts, damaged, _heads(found), _examples(found), _texts(found))

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
        except (OSError, KeyError, TypeError, ValueError) as error:
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


def _heads(found: Partial) -> pd.DataFrame:
    """One row per layer, head and statistic."""
    F, L, N = found.tally.tokens.count.shape
    layer, head, statistic = (axis.transpose(1, 2, 0).ravel() for axis in _places(F, L, N))
    columns: dict[str, Any] = {
        "layer": layer,
        "head": head,
        "kv_head": head // (N // found.identity.kv_heads),
        "kind": np.array([each.split(",")[0] for each in found.identity.layers], dtype=object)[layer],
        "statistic": np.array([each.name for each in STATISTICS], dtype=object)[statistic],
    }
    for over, side in (("tokens", found.tally.tokens), ("texts", found.tally.texts)):
        columns |= {f"{over}_{name}": values for name, values in _numbers(side).items()}
    columns["error"] = np.sqrt(columns["texts_variance"] / columns["texts_count"].clip(1))
    means = found.tally.replicates.means
    columns["replicates"] = list(means.transpose(2, 3, 1, 0).reshape(-1, len(means)))
    return pd.DataFrame(columns)


def _numbers(side: Side) -> dict[str, Any]:
    numbers: dict[str, Any] = {"count": side.count, "mean": side.mean, "variance": side.variance}
    numbers |= {name: side.quantile(share) for name, share in QUANTILES.items()}
    flat: dict[str, Any] = {name: values.transpose(1, 2, 0).ravel() for name, values in numbers.items()}
    return flat | {"histogram": list(side.bins.transpose(1, 2, 0, 3).reshape(-1, side.bins.shape[-1]))}


def _places(F: int, L: int, N: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Layer, head and statistic of every number, [F, L, N] each."""
    statistic, layer, head = np.indices((F, L, N))
    return layer, head, statistic


def _examples(found: Partial) -> pd.DataFrame:
    """One row per place, by layer, head, statistic, side and rank."""
    frames = [_side(side, found.examples.places[side]) for side in SIDES]
    order = ["layer", "head", "statistic", "side", "rank"]
    frame = pd.concat(frames, ignore_index=True)
    number = {each.name: at for at, each in enumerate(OF_QUERIES)}
    return frame.sort_values(
        order,
        kind="stable",
        ignore_index=True,
        key=lambda column: column.map(number) if column.name == "statistic" else column,
    )


def _side(side: str, places: Places) -> pd.DataFrame:
    F, L, N, k = places.rank.shape
    there = np.isfinite(places.rank)
    layer, head, statistic = (np.broadcast_to(axis[..., None], there.shape)[there] for axis in _places(F, L, N))
    rank = np.broadcast_to(np.arange(k), there.shape)[there]
    names = np.array([each.name for each in OF_QUERIES], dtype=object)
    columns = {"layer": layer, "head": head, "statistic": names[statistic], "side": side, "rank": rank}
    whole = ("value", "document", "piece", "query", "peak", "first")
    columns |= {name: getattr(places, name)[there] for name in whole}
    return pd.DataFrame({**columns, "row": list(places.row[there])})


def _texts(found: Partial) -> pd.DataFrame:
    rows = [(*key, each.name, each.text, list(each.tokens)) for key, each in sorted(found.pieces.items())]
    return pd.DataFrame(rows, columns=["document", "piece", "name", "text", "tokens"])


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()
