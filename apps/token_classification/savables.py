"""What Classify saves: explanations, and the labels as tables; the same answers that the page shows."""

from typing import Any

from gemma2_workbench.apps.page.save.savable import Savable
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.token_classification.questions import Labels, Why
from gemma2_workbench.apps.token_classification.service import explained
from gemma2_workbench.records.explanation_recipe import ExplanationRecipe


def _recipe(session: Session, shown: Why | Labels) -> ExplanationRecipe:
    return ExplanationRecipe(explained(session, shown))


SAVABLES: tuple[Savable[Any], ...] = (Savable("explanation", Why, _recipe), Savable("labels", Labels, _recipe))
