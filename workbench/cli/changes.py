"""The flags that change the model for one run, and the interventions that they mean."""

import argparse
from typing import Any

from workbench.interventions import AblateHead, Intervention, SetCausal, SetFinalSoftcap, SetSoftcap, SetWindow


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
        changes.append(SetSoftcap(_number("--softcap", value, float), layers))
    if options.window is not None:
        value, layers = _located("--window", options.window)
        changes.append(SetWindow(_number("--window", value, int), layers))
    if options.final_softcap is not None:
        changes.append(SetFinalSoftcap(_number("--final-softcap", options.final_softcap, float)))
    if options.causal is not None:
        changes.append(SetCausal(options.causal == "on"))
    return (*changes, *map(_head, options.ablate))


def _located(flag: str, text: str) -> tuple[str, tuple[int, ...] | None]:
    """A value and the layers behind its @, None for all."""
    value, at, layers = text.partition("@")
    if not at:
        return value, None
    numbers = layers.split(",")
    if not all(number.isdecimal() for number in numbers):
        raise ValueError(f"{flag} {text} is not allowed; write the layers as {value}@0,2")
    return value, tuple(map(int, numbers))


def _number(flag: str, text: str, kind: type) -> Any:
    """A number, or None for off."""
    if text == "off":
        return None
    try:
        return kind(text)
    except ValueError:
        words = "a whole number" if kind is int else "a number"
        raise ValueError(f"{flag} {text} is not allowed; give {words} above 0, or off") from None


def _head(text: str) -> AblateHead:
    layer, _, head = text.partition(".")
    if not (layer.isdecimal() and head.isdecimal()):
        raise ValueError(f"--ablate {text} is not allowed; write layer.head, for example 1.2")
    return AblateHead(int(layer), int(head))
