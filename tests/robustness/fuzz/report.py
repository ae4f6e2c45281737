"""What a run of many cases found: a progress line, a table of the kinds, the faults."""

import time
from collections.abc import Iterator

from tests.robustness.fuzz.trying import Verdict

ALIKE = 3  # cases to describe of a reason
COLUMNS = ("kind", "cases", "refused", "accepted", "faults", "slowest")


class Report:
    """Verdicts as they come in."""

    def __init__(self) -> None:
        self.found: list[Verdict] = []
        self._since = time.monotonic()

    def add(self, verdict: Verdict) -> None:
        """Take in one more."""
        self.found.append(verdict)

    @property
    def faults(self) -> list[Verdict]:
        """The cases that went wrong."""
        return [verdict for verdict in self.found if verdict.state == "fault"]

    def progress(self, of: int) -> str:
        """How far it is, where there are `of` cases."""
        spent = time.monotonic() - self._since
        left = spent / len(self.found) * (of - len(self.found))
        return f"{len(self.found)} of {of} cases, {len(self.faults)} faults, {spent:.0f} s, {left:.0f} s to go   "

    def told(self, most: int) -> str:
        """The table, and the first faults of each kind; of several with the same reason one stands for all."""
        kinds = list(dict.fromkeys(verdict.kind for verdict in self.found))
        rows = [COLUMNS, *(self._row(kind, [v for v in self.found if v.kind == kind]) for kind in sorted(kinds))]
        rows.append(self._row("all", self.found))
        widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join([*lines, *(line for kind in sorted(kinds) for line in self._faults(kind, most))])

    def _row(self, name: str, found: list[Verdict]) -> tuple[str, ...]:
        counts = [sum(verdict.state == state for verdict in found) for state in ("refused", "accepted", "fault")]
        slowest = max((verdict.seconds for verdict in found), default=0.0)
        return name, str(len(found)), *map(str, counts), f"{slowest:.1f} s"

    def _faults(self, kind: str, most: int) -> Iterator[str]:
        reasons: dict[str, list[Verdict]] = {}
        for verdict in sorted((v for v in self.faults if v.kind == kind), key=lambda verdict: verdict.number):
            reasons.setdefault(verdict.why[:60], []).append(verdict)
        shown = sorted(reasons.values(), key=len, reverse=True)[:most]
        for alike in shown:
            first = alike[0]
            yield f"\n{first.again}   ({len(alike)} alike)"
            for verdict in alike[:ALIKE]:
                yield f"  {verdict.description}".encode(errors="backslashreplace").decode()
            yield f"  -> {first.why}".encode(errors="backslashreplace").decode()
        if len(reasons) > len(shown):
            yield f"\n... and {len(reasons) - len(shown)} other faults of {kind}: --show {len(reasons)}"
