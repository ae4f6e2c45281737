"""`applied`: the model as changed, for a `with` block; the model that was given is not touched."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from gemma2_workbench.models.loading import LoadedModel
from gemma2_workbench.models.own_copy import own_copy
from gemma2_workbench.traces.interventions.intervention import Intervention, check_places


@contextmanager
def applied(loaded: LoadedModel, interventions: Sequence[Intervention]) -> Iterator[LoadedModel]:
    """A changed model for a `with` block.

    Inside `with applied(loaded, changes) as changed:` run `changed`; `loaded` itself stays as it is, its configuration
    too, whoever looks at it meanwhile. The changed model has the same weights (the same tensors, not copies), and
    modules, configuration and lock of its own; hooks that were attached to `loaded` before are in force in it too.
    Without interventions it is `loaded`. Its lock is held. What says which model it is of (a trace, labels, scores)
    takes `interventions=` instead and refuses a changed model, of which it would not know the changes.

    Raises:
        ValueError: a layer or head that does not exist, a value that the model cannot hold.
    """
    changed = own_copy(loaded) if interventions else loaded
    for change in interventions:
        check_places(change, loaded.config.num_hidden_layers, loaded.config.num_attention_heads)
        change.apply(changed, loaded)
        changed = replace(changed, changes=(*changed.changes, change.sentence))
    with changed.lock:
        yield changed
