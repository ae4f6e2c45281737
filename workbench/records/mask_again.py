"""Recorded masks with their model's configuration and tokens read again, as they are now."""

from dataclasses import replace

from gemma2_workbench.figures.text import one_line
from gemma2_workbench.masks.origin import Given, Origin, configured
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.models.loading import ModelNotFoundError
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.nearby import place_of

_Masks = tuple[Setting, Origin, Given | None]


def read_again(setting: Setting, origin: Origin, given: Given | None, again: Again) -> _Masks:
    """The setting, the model and its text now; where the model is not here, as they were, and a note says so.

    Args:
        setting, origin, given: as they were recorded.
        again: where the model is now, and whether it may be fetched.

    Raises:
        OSError: the model that the caller names is not here.
        ValueError: not a Gemma 2 model.
    """
    try:
        place = place_of(origin.name, origin.revision, again.instead, again.download)
        known = configured(place.source, place.revision)
        tokens = None if given is None else known.tokens(given.text)
    except ModelNotFoundError:
        if again.instead is not None:
            raise
        missing = f"{one_line(origin.name, 80)} is not here: its layers and tokens are those of the record, unchecked"
        again.notes.append(f"{missing}; --model says where it is, --download fetches it from the hub")
        return setting, origin, given
    now = None if tokens is None else Given.of(tokens, setting.tokens)
    count = setting.tokens if now is None else len(now.ids)
    return (
        replace(setting, layers=known.outline.layers, tokens=count, attention_chunk=known.outline.attention_chunk),
        _named(known.origin, origin, place.named, again),
        now,
    )


def _named(now: Origin, then: Origin, named: tuple[str, str] | None, again: Again) -> Origin:
    """The model as the record is to name it."""
    if named is not None:
        now = replace(now, name=named[0], source=named[0], revision=named[1])
    if again.instead is not None:
        # The caller says where it is now; what it is called is for the record to say.
        now = replace(now, name=then.name, source=then.source)
    # A modified run told nothing about the model's own window, and its record still does not.
    return replace(now, window=None, causal=None) if then.causal is None else now
