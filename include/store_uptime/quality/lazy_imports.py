"""Lazy imports of modules that a library imports but we rarely use."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class LazyModule(ModuleType):
    """A proxy for a module, which imports it when one of its attributes is used.

    `importlib.util.LazyLoader` would import it at the first `import` statement, which reads attributes itself.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # read by code that inspects all modules
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def import_lazily(*names: str) -> None:
    """Makes the next `import` of these modules return a proxy, unless they are imported already."""
    for name in names:
        if name not in sys.modules:
            proxy = LazyModule(name)
            proxy.__spec__ = find_spec(name)
            sys.modules[name] = proxy
