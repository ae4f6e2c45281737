"""What transformers does while it is imported and no command needs: put off, or done once and not twice.

Only a process that is the command's own asks for it (`importing`); nothing that a module can be seen to do changes.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_SCIPY = "scipy.optimize"
_READS_NAMES = "create_import_structure_from_path"
Around = Callable[[ModuleType], AbstractContextManager[None]]


@contextmanager
def _read_once(module: ModuleType) -> Iterator[None]:
    """Names in the files of all models are read twice, as the cache of folders (128) is smaller than their number."""
    yield
    read = getattr(vars(module).get(_READS_NAMES), "__wrapped__", None)
    if read is not None:
        setattr(module, _READS_NAMES, lru_cache(maxsize=None)(read))


@contextmanager
def _without_scipy(_module: ModuleType) -> Iterator[None]:
    """The losses of object detection take one function of scipy, which is loaded when it is called."""
    if _SCIPY in sys.modules:
        yield
        return
    sys.modules[_SCIPY] = stand_in = ModuleType(_SCIPY)
    stand_in.__dict__["linear_sum_assignment"] = linear_sum_assignment
    try:
        yield
    finally:
        del sys.modules[_SCIPY]


def linear_sum_assignment(*args: object, **options: object) -> object:
    """As of `scipy.optimize`."""
    return import_module(_SCIPY).linear_sum_assignment(*args, **options)


class _Inside(Loader):
    """Loads a module as its own loader does, inside of a context."""

    def __init__(self, own: Loader, around: Around) -> None:
        self._own, self._around = own, around

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._own
        try:
            with self._around(module):
                self._own.exec_module(module)
        except ImportError:
            # Another transformers, which takes more of scipy.
            self._own.exec_module(module)


class Finder(MetaPathFinder):
    """Finds the modules of a table, to be loaded inside of a context."""

    def __init__(self, table: Mapping[str, Around]) -> None:
        self._table = table

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The place of a module of the table."""
        around = self._table.get(fullname)
        spec = None if around is None else PathFinder.find_spec(fullname, path, target)
        if around is not None and spec is not None and spec.loader is not None:
            spec.loader = _Inside(spec.loader, around)
        return spec


FINDER = Finder({"transformers.utils.import_utils": _read_once, "transformers.loss.loss_utils": _without_scipy})
