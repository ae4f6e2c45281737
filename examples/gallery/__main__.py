"""Render the gallery: `python examples/gallery [--out docs/gallery] [NAME ...]`; every script also runs on its own."""

import argparse
import runpy
from pathlib import Path

from gemma2_workbench.atomic import make_folder
from gemma2_workbench.export import export

HERE = Path(__file__).parent
SCRIPTS = {path.stem: path for path in sorted(HERE.glob("[a-z]*.py"))}


def render(name: str, out: Path, suffix: str = ".png", dpi: int = 160) -> Path:
    """Draw one figure of the gallery into the folder `out` and return its file."""
    script = runpy.run_path(str(SCRIPTS[name]))
    return export(script["figure"](), out / f"{name}{suffix}", width=script["WIDTH"], dpi=dpi)


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(prog="python examples/gallery", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SCRIPTS)}; default: all")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "docs" / "gallery", help="folder")
    parser.add_argument("--suffix", default=".png", help=".png, .pdf, .svg or .html")
    options = parser.parse_args()
    if unknown := set(options.names) - set(SCRIPTS):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; choose from {', '.join(SCRIPTS)}")
    make_folder(options.out)
    for name in options.names or SCRIPTS:
        print(render(name, options.out, options.suffix))


if __name__ == "__main__":
    main()
