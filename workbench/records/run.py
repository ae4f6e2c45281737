"""`Run`: a trace with what its record says beyond it: the file it came from, the token that its lens follows."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gemma2_workbench.generation.generated import Generated
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.language_model import token_id
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.capture import MAPS, capture
from gemma2_workbench.traces.file import load_trace
from gemma2_workbench.traces.interventions import Intervention, as_data
from gemma2_workbench.traces.reader import Progress
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views.view import View

FOLLOWS = ("lens", "contributions")  # readings of a token that is followed


@dataclass(frozen=True)
class Run:
    """One run to draw.

    Attributes:
        trace: the numbers.
        file: name and SHA-256 of the trace file it was read from; None for a text that was run.
        token: the token that its lens follows everywhere; None is the one that really comes next.
    """

    trace: Trace
    file: tuple[str, str] | None = None
    token: str | None = None


def opened(path: Path) -> Run:
    """The run in a trace file.

    Raises:
        OSError, ValueError: as `load_trace`.
    """
    trace = load_trace(path)
    with path.open("rb") as stream:
        return Run(trace, (path.name, hashlib.file_digest(stream, "sha256").hexdigest()))


def run_text(
    loaded: Source,
    text: str | Generated,
    changes: Sequence[Intervention] = (),
    *,
    read: Sequence[str] = MAPS,
    token: str | None = None,
    block_rows: int | None = None,
    parity: bool = True,
    progress: Progress | None = None,
) -> Run:
    """Run a text; `token` is what its lens and its contributions follow instead of the token that comes next.

    `read` names readings that are kept beside those of the maps; a lens and contributions are kept together.
    `progress` is called as by `capture`.

    Raises:
        ValueError, MemoryError, ParityError: as `capture` and `token_id`.
    """
    with_lens = not set(FOLLOWS).isdisjoint(read)
    followed = token_id(loaded, token) if with_lens and token is not None else None
    kept = tuple(dict.fromkeys((*MAPS, *read, *(FOLLOWS if with_lens else ()))))
    trace = capture(
        loaded,
        text,
        interventions=changes,
        read=kept,
        token=followed,
        block_rows=block_rows,
        parity=parity,
        progress=progress,
    )
    return Run(trace, token=token)


def described(run: Run, view: View) -> JsonObject:
    """The part of a record that says which run it is, and which token its lens follows where the view shows it."""
    trace, parity = run.trace, run.trace.parity
    # JSON has no NaN, which a parity that was not checked consists of.
    numbers = {name: getattr(parity, name) for name in ("output_max_diff", "probs_max_diff", "tolerance")}
    return {
        "model": trace.model.as_data(),
        "text": trace.tokens.text,
        "ids": list(trace.tokens.ids),
        "block_rows": trace.block_rows,
        "overrides": [{**as_data(change), "sentence": change.sentence} for change in trace.interventions],
        "modified_model": bool(trace.interventions),
        "parity": {
            "sentence": parity.sentence,
            "reference": parity.reference,
            "tokens": parity.tokens,
            **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
        },
        "trace": None if run.file is None else {"name": run.file[0], "sha256": run.file[1]},
        "lens": {"token": run.token} if "lens" in view.needs else None,
        **({} if trace.generation is None else {"generation": asdict(trace.generation)}),
    }
