"""The kinds of things that are saved. Adding one: a module with its `Recipe`, and a line here.

Its files, their records and `redraw` follow from the recipe.
"""

from gemma2_workbench.records.explanation_recipe import ExplanationRecipe
from gemma2_workbench.records.mask_recipe import MaskRecipe
from gemma2_workbench.records.pair_recipe import PairRecipe
from gemma2_workbench.records.patch_recipe import PatchRecipe
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.scores_recipe import ScoresRecipe
from gemma2_workbench.records.sweep_pair_recipe import SweepPairRecipe
from gemma2_workbench.records.sweep_recipe import SweepRecipe
from gemma2_workbench.records.view_recipe import ViewRecipe

RECIPES: list[type[Recipe]] = [
    ViewRecipe,
    PairRecipe,
    MaskRecipe,
    ExplanationRecipe,
    ScoresRecipe,
    PatchRecipe,
    SweepRecipe,
    SweepPairRecipe,
]


def recipe_of(kind: object) -> type[Recipe]:
    """The recipe whose records are of this kind.

    Raises:
        ValueError: there is none.
    """
    for recipe in RECIPES:
        if kind == recipe.KIND:
            return recipe
    named = ", ".join(repr(recipe.KIND) for recipe in RECIPES if recipe.KIND is not None)
    raise ValueError(f"'kind' is none of {named}, nor absent")
