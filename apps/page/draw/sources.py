"""The files of a component, and the scripts that components have in common.

Gradio runs the scripts of a component as one function: the shared ones first, so that those of the component may use
them, and nothing of one component is seen by another.
"""

from pathlib import Path

SHARED = ("words.js", "data.js", "colour.js", "paint.js", "page.js")
DRAW = Path(__file__).parent


def source(folder: Path, name: str) -> str:
    """The text of the file `name` of the component in `folder`."""
    return (folder / name).read_text("utf-8")


def style(folder: Path) -> str:
    """The shared style sheet and then that of a component, as one."""
    return source(DRAW, "theme.css") + source(folder, "view.css")


def script(folder: Path, names: tuple[str, ...]) -> str:
    """The shared scripts and then those of a component, as one."""
    return "\n".join([*(source(DRAW, name) for name in SHARED), *(source(folder, name) for name in names)])
