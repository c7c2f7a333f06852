"""Modules that a library imports and we hardly ever use: they are imported when something of them is used."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands in for a module until somebody asks for one of its names.

    `importlib.util.LazyLoader` gives way at the first `import` of the module, as import itself looks into it.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # asked by who looks at all modules
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def import_later(*names: str) -> None:
    """Lets the next `import` of these modules cost nothing, unless they are there already."""
    for name in names:
        if name not in sys.modules:
            stand_in = Later(name)
            stand_in.__spec__ = find_spec(name)
            sys.modules[name] = stand_in
