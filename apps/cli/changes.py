"""The flags that change the model for one run, and the interventions that they mean."""

import argparse
from collections.abc import Callable
from typing import Any

from gemma2_workbench.limits import short
from gemma2_workbench.traces.interventions import (
    AblateHead,
    Intervention,
    SetCausal,
    SetFinalSoftcap,
    SetSoftcap,
    SetWindow,
)


def add_changes(command: argparse.ArgumentParser) -> None:
    """The flags; what is drawn is then of a modified model, and says so."""
    group = command.add_argument_group("a modified model", "of which title, caption and record say that it is one")
    group.add_argument(
        "--softcap", metavar="X", help="cap on the attention logits, or off; X@0,2: in layers 0 and 2 only"
    )
    group.add_argument("--window", metavar="N", help="window of the local layers, or off; N@0,2: in layers 0 and 2")
    group.add_argument("--final-softcap", metavar="X", help="cap on the final logits, or off")
    group.add_argument("--causal", choices=("on", "off"), help="off: every token sees both sides")
    group.add_argument("--ablate", metavar="L.H", action="append", default=[], help="head H of layer L set to zero")


def changes_of(options: argparse.Namespace) -> tuple[Intervention, ...]:
    """The interventions that the flags mean.

    Raises:
        ValueError: a flag's value that means none.
    """
    changes: list[Intervention] = []
    if options.softcap is not None:
        value, layers = _located("--softcap", options.softcap)
        changes.append(_made("--softcap", value, float, lambda cap: SetSoftcap(cap, layers)))
    if options.window is not None:
        value, layers = _located("--window", options.window)
        changes.append(_made("--window", value, int, lambda window: SetWindow(window, layers)))
    if options.final_softcap is not None:
        changes.append(_made("--final-softcap", options.final_softcap, float, SetFinalSoftcap))
    if options.causal is not None:
        changes.append(SetCausal(options.causal == "on"))
    return (*changes, *map(_head, options.ablate))


def _located(flag: str, text: str) -> tuple[str, tuple[int, ...] | None]:
    """A value and the layers behind its @, None for all."""
    value, at, layers = text.partition("@")
    if not at:
        return value, None
    numbers = layers.split(",")
    if not all(map(_is_index, numbers)):
        raise ValueError(f"{flag} {short(text)} is not allowed; write the layers as {short(value)}@0,2")
    return value, tuple(map(int, numbers))


def _made(flag: str, text: str, kind: type[int] | type[float], change: Callable[[Any], Intervention]) -> Intervention:
    """The intervention of a number, or of None for off."""
    try:
        return change(None if text == "off" else kind(text))
    except ValueError:
        words = "a whole number" if kind is int else "a finite number"
        raise ValueError(f"{flag} {short(text)} is not allowed; give {words} above 0, or off") from None


def _head(text: str) -> AblateHead:
    layer, _, head = text.partition(".")
    if not (_is_index(layer) and _is_index(head)):
        raise ValueError(f"--ablate {short(text)} is not allowed; write layer.head, for example 1.2")
    return AblateHead(int(layer), int(head))


def _is_index(text: str) -> bool:
    """Whether it is the number of a layer or head, which has few digits."""
    return text.isdecimal() and len(text) < 10
