"""The tab of the classification bench: the text that was run, labelled by a classifier, with the reasons."""

from gemma2_workbench.apps.page.shared import Shared
from gemma2_workbench.apps.token_classification.bench import build as build_bench
from gemma2_workbench.apps.token_classification.bench import offered


def build(shared: Shared) -> None:
    """Put the bench into the current tab; it labels the text when it is run, as soon as the tab is open."""
    bench = build_bench(shared.session, shared.text, offered(shared.session.allowed))
    shared.run.change(**bench.labelling)
    shared.address.link("classifier", bench.model)
