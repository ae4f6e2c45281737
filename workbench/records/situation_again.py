"""A recorded situation with its model's configuration and tokens read again, as they are now."""

from dataclasses import replace

from gemma2_workbench.figures.text import one_line
from gemma2_workbench.masks.origin import Given, configured
from gemma2_workbench.models.loading import ModelNotFoundError
from gemma2_workbench.records.nearby import place_of
from gemma2_workbench.records.situation import Situation


def read_again(
    then: Situation, instead: str | None = None, download: bool = False
) -> tuple[Situation, tuple[str, ...]]:
    """The situation now, and what there is to know about it; where no model was named, nothing is read.

    Args:
        then: the situation as it was recorded.
        instead: name, folder or hub id of the model now; default: where the record says. If that is not here, the
            record alone is drawn, and a note says so.
        download: whether a hub model that the record names may be fetched.

    Raises:
        OSError: the model that the caller names is not here.
        ValueError: not a Gemma 2 model, or the situation does not fit it.
    """
    origin = then.origin
    if origin is None:
        return then, ()
    try:
        place = place_of(origin.name, origin.revision, instead, download)
        known = configured(place.source, place.revision)
        tokens = None if then.given is None else known.tokens(then.given.text)
    except ModelNotFoundError:
        if instead is not None:
            raise
        missing = f"{one_line(origin.name, 80)} is not here: its layers and tokens are those of the record, unchecked"
        return then, (f"{missing}; --model says where it is, --download fetches it from the hub",)
    given = None if tokens is None else Given.of(tokens, then.setting.tokens)
    count = then.setting.tokens if given is None else len(given.ids)
    setting = replace(then.setting, layers=known.outline.layers, tokens=count)
    name, revision = place.named or (known.origin.name, known.origin.revision)
    source = known.origin.source if place.named is None else name
    now = replace(known.origin, name=name, source=source, revision=revision)
    if instead is not None:
        # The caller says where it is now; what it is called is for the record to say.
        now = replace(now, name=origin.name, source=origin.source)
    if origin.causal is None:
        # A modified run told nothing about the model's own window, and its record still does not.
        now = replace(now, window=None, causal=None)
    return replace(then, setting=setting, given=given, origin=now), ()
