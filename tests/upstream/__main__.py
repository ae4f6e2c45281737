"""Run transformers' own model tests over our classes and over its own, and say where only ours fail or are skipped.

    python -m tests.upstream [-k NAME, or other flags of pytest]

The tests come from transformers' source package of the installed version, fetched into `build/transformers-tests`; what
that package lacks of them (tests of generation and export) is replaced by empty classes. Exit code 1: ours fall behind.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree

import transformers

VERSION = transformers.__version__
ROOT = Path("build/transformers-tests").resolve()
SUITE = Path(__file__).with_name("suite.py")
EMPTY = {"exporters/test_export.py": "ExportTesterMixin", "generation/test_utils.py": "GenerationTesterMixin"}
OUTCOMES = ("failure", "error", "skipped")


def main(arguments: list[str]) -> int:
    """Fetch, run twice, compare."""
    place = ROOT / VERSION
    if not (place / "tests").exists():
        fetch(place)
    shutil.copy(SUITE, place / "tests" / "test_gemma2.py")
    stock, ours = (outcomes(place, classes, arguments) for classes in ("stock", "ours"))
    behind = {name: worst for name, worst in ours.items() if rank(worst) > rank(stock.get(name, ""))}
    for name, worst in behind.items():
        sys.stdout.write(f"{name}: {worst} for ours, {stock.get(name) or 'passed'} for transformers' own\n")
    for name in sorted(name for name, worst in ours.items() if rank(worst) == 2 and name not in behind):
        sys.stdout.write(f"{name}: fails for both\n")
    ran = sum(rank(worst) != 1 for worst in ours.values())
    sys.stdout.write(
        f"transformers {VERSION}: {ran} of its model tests ran over our classes; behind its own in {len(behind)}\n"
    )
    return int(bool(behind) or not ran)


def fetch(place: Path) -> None:
    """The tests of the source package, with empty classes for what it leaves out, and the one library they need."""
    pip = [sys.executable, "-m", "pip"]
    source = ["--no-deps", "--no-binary", "transformers", "--dest", str(place), f"transformers=={VERSION}"]
    subprocess.run([*pip, "download", "--quiet", *source], check=True)
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--target", str(place / "lib"), "parameterized"], check=True
    )
    top = f"transformers-{VERSION}"
    with tarfile.open(place / f"{top}.tar.gz") as package:
        wanted = [member for member in package if member.name.startswith(f"{top}/tests/")]
        package.extractall(place, wanted, filter="data")
    tests = place / top / "tests"
    for file, mixin in EMPTY.items():
        (tests / file).parent.mkdir(exist_ok=True)
        (tests / file).write_text(f"class {mixin}:\n    pass\n")
    for folder in (tests, *(tests / file for file in EMPTY)):
        (folder if folder is tests else folder.parent).joinpath("__init__.py").touch()
    # Of its own, or pytest would read ours further up, where warnings are errors.
    (place / "pytest.ini").write_text("[pytest]\n")
    tests.rename(place / "tests")


def outcomes(place: Path, classes: str, arguments: list[str]) -> dict[str, str]:
    """The worst outcome of every test by its name, "" where it passed."""
    report = place / f"{classes}.xml"
    environment = {**os.environ, "CLASSES": classes, "PYTHONPATH": str(place / "lib"), "HF_HUB_OFFLINE": "1"}
    flags = ["-q", "-p", "no:cacheprovider", "-p", "no:warnings", f"--junitxml={report}", *arguments]
    subprocess.run([sys.executable, "-m", "pytest", "tests/test_gemma2.py", *flags], cwd=place, env=environment)
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        told = [child.tag for child in case if child.tag in OUTCOMES]
        name = str(case.get("name"))
        found[name] = max([found.get(name, ""), *told], key=rank)
    return found


def rank(outcome: str) -> int:
    """0 passed, 1 skipped, 2 failed."""
    return {"": 0, "skipped": 1}.get(outcome, 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
