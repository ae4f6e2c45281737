"""The options of a view as a record holds them, as captions name them, and as flags."""

from collections.abc import Iterable, Mapping

from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.views.view import Option, Subject, View, sizes_of

# What the values of a view's options are, by their kind; a range is written out, other kinds are checked by the view.
_KINDS = {"range": str, "layer": int | None, "head": int | None, "token": int | None, "number": int}


def filled(view: View, chosen: Mapping[str, object], subject: Subject) -> dict[str, object]:
    """Every option with a value that JSON can hold; a range is written out."""
    whole = f"0:{sizes_of(subject)['token']}"
    return {
        option.name: whole if option.kind == "range" and chosen[option.name] is None else chosen[option.name]
        for option in view.options
    }


def recorded(view: View, options: Mapping[str, object]) -> dict[str, object]:
    """Options as a record has them: those that came late only where they are not the default."""
    defaults = _late(view)
    return {name: value for name, value in options.items() if name not in defaults or value != defaults[name]}


def complete(view: View, options: Mapping[str, object]) -> dict[str, object]:
    """All options, those that `recorded` left out with their defaults."""
    return _late(view) | dict(options)


def _late(view: View) -> dict[str, object]:
    return {option.name: option.default for option in view.options if option.late}


def check_options(view: View, options: Mapping[str, object]) -> None:
    """Refuse options of a record that are not those of the view, each with a value of its kind.

    Raises:
        ValueError: the first that is not.
    """
    kinds = {option.name: option.kind for option in view.options}
    options = complete(view, options)
    if options.keys() != kinds.keys():
        raise ValueError(f"the options of view {view.name!r} are {', '.join(sorted(kinds)) or 'none'}")
    for name, kind in kinds.items():
        if not isinstance(options[name], _KINDS.get(kind, object)):
            raise ValueError(f"the option {name!r} of view {view.name!r} is of another kind")


def option_words(option: Option, value: object) -> str:
    """An option's value as a caption names it."""
    if option.name == "stage":
        return STAGES[str(value)].label if value in STAGES else str(value)
    if option.kind == "choice":
        return str(value).replace("_", " ")
    return option.none if value is None else f"{option.label.lower()} {value}"


def option_flags(view: View, panels: Iterable[tuple[Mapping[str, object], str]]) -> list[str]:
    """The view's options as flags; one that differs between panels takes all its values, the default is left out.

    Args:
        view: whose options.
        panels: the options of each panel, and the range that is all its tokens.
    """
    words: list[str] = []
    shown = [(complete(view, options), whole) for options, whole in panels]
    late = _late(view)
    for name in [option.name for option in view.options]:
        values = dict.fromkeys(options[name] for options, _ in shown)
        if name in late and set(values) == {late[name]}:
            continue
        if None not in values and any(options[name] != whole for options, whole in shown):
            words += [f"--{name}", *map(str, values)]
    return words
