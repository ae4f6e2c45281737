"""`applied`: the model as changed, for a `with` block; the model that was given is not touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from gemma2_workbench.traces.interventions.intervention import Intervention, check_places

if TYPE_CHECKING:
    from gemma2_workbench.models.source import Source

S = TypeVar("S", bound="Source")


@contextmanager
def applied(loaded: S, interventions: Sequence[Intervention]) -> Iterator[S]:
    """A changed model for a `with` block.

    Inside `with applied(loaded, changes) as changed:` run `changed`; `loaded` itself stays as it is, its configuration
    too, whoever looks at it meanwhile. The changed model has the same weights (the same tensors, not copies), and
    modules, configuration and lock of its own; hooks that were attached to `loaded` before are in force in it too.
    Without interventions it is `loaded`. Its lock is held. What says which model it is of (a trace, labels, scores)
    takes `interventions=` instead and refuses a changed model, of which it would not know the changes.

    Raises:
        ValueError: a layer or head that does not exist, a value that the model cannot hold.
    """
    changed = loaded.own_copy([change.sentence for change in interventions]) if interventions else loaded
    for change in interventions:
        check_places(change, loaded.shape.layers, loaded.shape.heads)
        change.apply(changed, loaded)
    with changed.lock:
        yield changed
