"""The page: the same files from a local server and in a static folder, in English and Chinese.

A section is a part of the page ("models", "chips"): every other file in `web/sections/` registers one. It names its
pages by their paths and fills a template for each; it may add files that its pages load. `Site` puts the sections
together: a path in, bytes out. The server answers with them, `publish` writes them all to a folder; what only a server
can do is under `/api/v1` (`web/api/`), and a page asks for it only where one is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from comptometer.registry import Registry
from comptometer.web.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One page before it is written.

    Attributes:
        template: the file in `web/templates` that it fills.
        title: of the page, in the reader's language.
        description: one sentence for search engines and previews.
        facts: what the template is filled with, by name.
        scripts: files of `web/assets` that it needs beside those of every page.
    """

    template: str
    title: str
    description: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes:
        place: in the navigation, from 1; 0 where it is not there. Its title there is the message `nav.NAME`.
        pages: the paths of its pages, the one that the navigation leads to first; without language and leading slash.
        leaf: one of these pages in a language.
        files: what its pages load, by path, each made when it is asked for.
    """

    place: int
    pages: Callable[[], Iterable[str]]
    leaf: Callable[[str, Wording], Leaf]
    files: Callable[[], Mapping[str, Callable[[], bytes]]] = dict


SECTIONS: Registry[Section] = Registry("section", "comptometer.web.sections")
