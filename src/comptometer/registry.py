"""Named plugins: a folder whose files register themselves, and entry points of other packages.

A folder is an extension point. Its `__init__` makes a `Registry`; every other file registers what it adds under a name,
but for those that begin with _, which are shared. Another package adds to it by an entry point in the group of the same
name.
"""

from __future__ import annotations

import glob
import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from comptometer.errors import NotFound

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """The plugins of one folder, by name, in alphabetical order of the files that define them.

    A second plugin of the same name is an error: nothing is replaced silently.
    """

    def __init__(self, what: str, package: str) -> None:
        """Name what is registered ("method"), and the package that is searched for it."""
        self._what = what
        self._package = package
        self._found: dict[str, T] = {}
        self._files: dict[str, bytes] | None = None
        self._scanned = False
        self._scanned_elsewhere = False

    def add(self, name: str, plugin: T) -> T:
        """Register a plugin.

        Raises:
            ValueError: the name is taken.
        """
        if name in self._found:
            raise ValueError(f"two {self._what}s are called {name!r}")
        self._found[name] = plugin
        return plugin

    def _scan(self) -> None:
        """Import the files of the folder."""
        if not self._scanned:
            for module in self._sources():
                importlib.import_module(f"{self._package}.{module}")
            self._scanned = True  # only now: a plugin that cannot be imported fails every time, not once

    def _sources(self) -> dict[str, bytes]:
        """The text of each file of the folder that registers something, in alphabetical order."""
        if self._files is None:
            package = importlib.import_module(self._package)
            every = {module.name: module for module in pkgutil.iter_modules(package.__path__)}
            found = {name: module for name, module in every.items() if not name.startswith("_")}
            self._files = {name: _text(found[name], f"{self._package}.{name}") for name in sorted(found)}
        return self._files

    def _scan_for(self, name: str) -> None:
        """Import files whose text names the plugin, those that do so in a decorator first, until one registers it.

        The others would cost time, and register something else.
        """
        if not self._scanned and name not in self._found:
            quoted = f'"{name}"'.encode()
            decorator = re.compile(rb"^@[^)]*" + re.escape(quoted), re.MULTILINE)
            naming = {module: text for module, text in self._sources().items() if quoted in text}
            for module in sorted(naming, key=lambda module: decorator.search(naming[module]) is None):
                if name not in self._found:
                    importlib.import_module(f"{self._package}.{module}")
            if name not in self._found:
                self._scan()

    def _scan_elsewhere(self) -> None:
        """Load the entry points of other packages: where the folder has no such name, or all are listed."""
        if not self._scanned_elsewhere:
            if _declared(self._package):
                from importlib.metadata import entry_points  # takes longer than all else here

                for entry in entry_points(group=self._package):
                    entry.load()
            self._scanned_elsewhere = True

    def _all(self) -> dict[str, T]:
        self._scan()
        self._scan_elsewhere()
        return self._found

    def __getitem__(self, name: str) -> T:
        self._scan_for(name)
        if name not in self._found and name not in self._all():
            from difflib import get_close_matches

            raise NotFound(self._what, name, get_close_matches(name, self._found, 2, 0.5) or list(self._found)[:6])
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        self._scan_for(str(name))
        return name in self._found or name in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._all()))  # whatever was asked for first

    def __len__(self) -> int:
        return len(self._all())


def _declared(group: str) -> bool:
    """May some installed package have an entry point in a group? Archives are not looked into: they may."""
    header = f"[{group}]".encode()
    for place in dict.fromkeys(sys.path):
        if os.path.isfile(place):
            return True
        for path in glob.iglob(os.path.join(glob.escape(place), "*-info", "entry_points.txt")):
            with open(path, "rb") as file:
                if header in file.read():
                    return True
    return False


def _text(module: pkgutil.ModuleInfo, name: str) -> bytes:
    """The text of a module; nothing where it has none to read."""
    spec = module.module_finder.find_spec(name, None)
    source = getattr(spec.loader, "get_data", None) if spec else None
    try:
        return source(spec.origin) if source and spec and spec.origin else b""
    except OSError:
        return b""
