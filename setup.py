"""The three folders as one package: users have a `model.py` of their own, so no other top-level name is claimed."""

from setuptools import find_packages, setup

FOLDERS = {"gemma2_workbench": "workbench", "gemma2_workbench.model": "model", "gemma2_workbench.apps": "apps"}

setup(
    package_dir=FOLDERS,
    packages=[
        name
        for package, folder in FOLDERS.items()
        for name in (package, *(f"{package}.{found}" for found in find_packages(folder)))
    ],
)
