"""The files of a component, and the scripts that components have in common.

Gradio runs the scripts of a component as one function: the shared ones first, so that those of the component may use
them, and nothing of one component is seen by another.
"""

from importlib import resources

SHARED = ("words.js", "data.js", "colour.js", "paint.js", "page.js")
COMPONENTS = resources.files("gemma2_workbench.apps.explorer.components")


def source(component: str, name: str) -> str:
    """The text of the file `name` of a component."""
    return COMPONENTS.joinpath(component, name).read_text("utf-8")


def style(component: str) -> str:
    """The shared style sheet and then that of a component, as one."""
    return source("shared", "theme.css") + source(component, "view.css")


def script(component: str, names: tuple[str, ...]) -> str:
    """The shared scripts and then those of a component, as one."""
    return "\n".join([*(source("shared", name) for name in SHARED), *(source(component, name) for name in names)])
