"""The flags that change the model for one run, and the interventions that they mean: both from the registry."""

import argparse

from gemma2_workbench.traces.interventions import INTERVENTIONS, Intervention


def add_changes(command: argparse.ArgumentParser) -> None:
    """The flags; what is drawn is then of a modified model, and says so."""
    group = command.add_argument_group("a modified model", "of which title, caption and record say that it is one")
    for kind in INTERVENTIONS:
        flag = kind.FLAG
        group.add_argument(flag.name, metavar=flag.metavar, action="append", default=[], help=flag.help)


def changes_of(options: argparse.Namespace) -> tuple[Intervention, ...]:
    """The interventions that the flags mean.

    Raises:
        ValueError: a flag's value that means none, or a flag twice that is given once.
    """
    changes: list[Intervention] = []
    for kind in INTERVENTIONS:
        given = getattr(options, kind.FLAG.name.removeprefix("--").replace("-", "_"))
        if len(given) > 1 and not kind.FLAG.several:
            raise ValueError(f"{kind.FLAG.name} is given {len(given)} times; give it once")
        changes += map(kind.parse, given)
    return tuple(changes)
