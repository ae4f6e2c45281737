"""Drawing a file again from its record, and saying whether it came out the same to the byte.

The whole record is made again too and compared with the old one, leaf by leaf.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gemma2_workbench.records.again import Again
from gemma2_workbench.records.artifact import Artifact, produced
from gemma2_workbench.records.comparing import differences
from gemma2_workbench.records.limits import check_cells, check_pixels
from gemma2_workbench.records.reading import StoredRecord, sha256_of
from gemma2_workbench.records.restored import restored, without_meaning
from gemma2_workbench.suffixes import MAP_SUFFIXES

_UNEXPLAINED = (
    "neither model, text, numbers nor versions; so the file was changed after it was written, or fonts or libraries "
    "of this system draw it otherwise"
)


@dataclass(frozen=True)
class Redrawn:
    """The file made again.

    Attributes:
        artifact: its bytes and its record.
        same: whether its bytes are those that the record speaks of.
        differences: what the record says otherwise than the new one, or than its copy inside or beside the file.
        notes: what else there is to know.
    """

    artifact: Artifact
    same: bool
    differences: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the bytes are the same and all that the record says is true, but for the versions of packages."""
        return self.same and all(sentence.startswith("version of ") for sentence in self.differences)

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.same:
            otherwise = f"; yet the record says otherwise: {'; '.join(self.differences)}" if self.differences else ""
            return f"same bytes (sha256 {self.artifact.sha256}){otherwise}"
        return "other bytes. What differs: " + "; ".join(self.differences)


def drawn_again(
    stored: StoredRecord,
    traces: Sequence[Path] = (),
    model: str | None = None,
    *,
    download: bool = False,
    sweeps: Sequence[Path] = (),
) -> Redrawn:
    """Make the file of a record again, as its recipe says: load its model, run its text, draw the same options.

    Args:
        stored: a record that was read.
        traces: trace files to take instead of running texts, one for each run of the record, in its order.
        model: name, folder or hub id where the weights are now; default: where the record says.
        download: fetch a hub model that the record names; without it nothing leaves this machine.
        sweeps: folders of the sweeps of the record, in its order; default: those that it names, where we are.

    Raises:
        OSError: a trace or the model cannot be read.
        ValueError: a trace is not the one that the record names, the record does not fit the model, or it asks for
            more than a redrawing does.
    """
    runs = stored.checked.runs
    if traces and len(traces) != len(runs):
        if not runs:
            raise ValueError("the record is of no run that a trace holds; leave --trace out")
        raise ValueError(f"the record is of {len(runs)} runs; give --trace so many files, or none")
    if sweeps and not stored.checked.sweep_count:
        raise ValueError("the record is of no sweep; leave --sweep out")
    again = Again(traces, model, download, sweeps)
    recipe = stored.recipe.make_again(stored.checked, again)
    try:
        if stored.output.suffix not in MAP_SUFFIXES:
            check_cells(recipe)
        provenance = "anonymous" if stored.checked.anonymous else "full"
        fresh = produced(recipe, stored.output, stored.file.name, provenance)
    except ValueError:
        _check_lengths(stored, again)
        raise
    check_pixels(fresh)
    record, notes = restored(recipe, fresh.record, stored, bool(traces))
    artifact = replace(fresh, record=record)
    same = artifact.sha256 == stored.sha256
    found = differences(stored.record, record)
    if not same and found and replace(artifact, record=stored.record).sha256 == stored.sha256:
        notes.append("with the old record inside, the bytes are the same: nothing that is drawn or written differs")
    unexplained = () if same or found else (_UNEXPLAINED,)
    notes = (*again.notes, *notes, *without_meaning(recipe, stored))
    return Redrawn(artifact, same, (*found, *unexplained, *stored.beside, *_replaced(stored)), notes)


def _check_lengths(stored: StoredRecord, again: Again) -> None:
    """Refuse runs of other lengths than then, which the options of the record need not fit."""
    for record, run in again.made:
        then, now = len(record.ids), len(run.trace.tokens)
        if then != now:
            raise ValueError(
                f"{stored.file.name} cannot be drawn again: its text has {now} tokens now and had {then} then; the "
                "text in the record was changed, or the model has another tokenizer"
            )


def _replaced(stored: StoredRecord) -> Iterator[str]:
    if stored.file.is_file() and sha256_of(stored.file) != stored.sha256:
        yield f"{stored.file.name} is not the file that the record speaks of: it was changed or replaced"
