"""`gemma2-workbench redraw`: a figure or a table again from its record, compared to the byte.

Nothing is written without `--out`, so no file is replaced by accident, and nothing is fetched from the network without
`--download` or `--model`. The exit code is 0 where the bytes are the same and the record is true, and 1 where either is
not; versions of packages may differ.
"""

import argparse
import sys

from gemma2_workbench.export import check_target
from gemma2_workbench.figures.text import one_line
from gemma2_workbench.records.reading import read_record
from gemma2_workbench.records.redraw import drawn_again


def run(options: argparse.Namespace) -> int:
    """Draw again, write it if asked, say whether it is the same; 1 if it is not."""
    if options.trace and (options.model is not None or options.download):
        raise ValueError("--trace takes the place of running the text, and --model and --download are of running it")
    known = read_record(options.record)
    if options.out is not None:
        check_target(options.out)
        if options.out.suffix.lower() != known.output.suffix:
            raise ValueError(f"the record is of a {known.output.suffix} file; {options.out.name!r} must end so")
    if known.checked.runs and not options.trace:
        named = [run.model.name if options.model is None else options.model for run in known.checked.runs]
        names = dict.fromkeys(one_line(name, 80) or "''" for name in named)
        print(f"running the text through {', '.join(names)}", file=sys.stderr)
    redrawn = drawn_again(known, options.trace, options.model, download=options.download, sweeps=options.sweep)
    for note in redrawn.notes:
        print(f"note: {note}", file=sys.stderr)
    if options.out is not None:
        redrawn.artifact.save(options.out)
    print(f"{options.out or known.file.name}: {redrawn.sentence}")
    return 0 if redrawn.holds else 1
