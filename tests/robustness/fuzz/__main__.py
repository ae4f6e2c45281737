"""`python -m tests.robustness.fuzz`: ten thousand bad inputs, none of which may hang, break or pass in silence.

Prints a table of the kinds and the first faults, each with the command that tries it again; exit code 1 where there are
any. `tests/robustness/fuzz/case.py` says what is right.
"""

import argparse
import os
import sys
from contextlib import suppress

from tests.robustness.fuzz.kinds import KINDS, tasks
from tests.robustness.fuzz.pool import verdicts
from tests.robustness.fuzz.report import Report


def main() -> int:
    """Try what the flags choose."""
    options = _options()
    # For the workers, before they import anything.
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False"}
    os.environ |= {"COLUMNS": "100", "OMP_NUM_THREADS": "1"}
    if options.case is not None:
        chosen = [(kind, options.seed, options.case) for kind in options.kinds]
    else:
        chosen = tasks(options.cases, options.seed, options.kinds)
    report = Report()
    with suppress(KeyboardInterrupt):  # what was found until then is told
        for verdict in verdicts(chosen, options.workers):
            report.add(verdict)
            if sys.stderr.isatty() or len(report.found) % 500 == 0:
                sys.stderr.write(report.progress(len(chosen)) + ("\r" if sys.stderr.isatty() else "\n"))
    sys.stdout.write(f"{report.told(options.show)}\n")
    return 0 if len(report.found) == len(chosen) and not report.faults else 1


def _options() -> argparse.Namespace:
    command = argparse.ArgumentParser("python -m tests.robustness.fuzz", description=__doc__.partition("\n")[0])
    command.add_argument("--cases", type=int, default=10_000, help="how many; default 10000")
    command.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS), help="default: all")
    command.add_argument("--seed", type=int, default=0, help="other numbers give other inputs; default 0")
    command.add_argument("--case", type=int, help="only the case with this number")
    command.add_argument("--workers", type=int, default=2, help="processes; default 2")
    command.add_argument("--show", type=int, default=10, help="faults to show of each kind; default 10")
    return command.parse_args()


if __name__ == "__main__":
    sys.exit(main())
