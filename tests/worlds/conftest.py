"""A database that all tests of a module use, one after another."""

from support.owners import owner_of_module

__all__ = ["owner_of_module"]
