"""A recorded situation with its model's configuration and tokens read again, as they are now."""

from dataclasses import replace

from workbench.masks.origin import Given, configured
from workbench.provenance.situation import Situation


def read_again(then: Situation, model: str | None = None) -> tuple[Situation, tuple[str, ...]]:
    """The situation now, and what there is to know about it; where no model was named, nothing is read.

    Args:
        then: the situation as it was recorded.
        model: name, folder or hub id of the model now; default: where the record says. If that is not here, the record
            alone is drawn, and a note says so.

    Raises:
        OSError: the model that the caller names is not here.
        ValueError: not a Gemma 2 model, or the situation does not fit it.
    """
    if then.origin is None:
        return then, ()
    try:
        known = configured(model or then.origin.name, None if model else then.origin.revision)
        tokens = None if then.given is None else known.tokens(then.given.text)
    except OSError:
        if model is not None:
            raise
        return then, (f"{then.origin.name} is not here: its layers and tokens are those of the record, unchecked",)
    given = None if tokens is None else Given.of(tokens, then.setting.tokens)
    count = then.setting.tokens if given is None else len(given.ids)
    setting = replace(then.setting, layers=known.layers, tokens=count)
    # A modified run told nothing about the model's own window, and its record still does not.
    unknown = then.origin.causal is None
    own = {} if unknown else {"window": known.origin.window, "causal": known.origin.causal}
    return replace(then, setting=setting, given=given, origin=replace(then.origin, **own)), ()
