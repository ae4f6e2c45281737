"""`sweep`: scores and kinds of all heads over the texts of a sweep."""

from pydantic import JsonValue

from gemma2_workbench.apps.explorer.scores import Heads, heads_json
from gemma2_workbench.apps.explorer.sweeps.fitting import said, sweep_named
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session


class AskedSweep(Question):
    """A sweep, by the name that it has on the page."""

    sweep: str


def sweep(session: Session, asked: AskedSweep, _tell: Tell) -> JsonValue:
    """`heads_json` of the means over the texts, the name, and in words over what."""
    found = sweep_named(session, asked.sweep)
    return {**heads_json(Heads.of(found.scores)), "name": asked.sweep, "said": said(found)}


SWEEP = Handler("sweep", AskedSweep, sweep, quick=True)
