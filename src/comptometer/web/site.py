"""A path in, bytes out: all pages in both languages, what they load, and the folder that holds them all."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from comptometer import __version__, vintages
from comptometer.charts import Language
from comptometer.errors import ComptometerError, NotFound, UsageError
from comptometer.files import replace_file
from comptometer.release import data_version
from comptometer.web import SECTIONS, Leaf, Section
from comptometer.web.scripts import vega
from comptometer.web.wording import LANGUAGES, Wording

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
except ImportError:
    raise ComptometerError("the page needs the extra: pip install 'comptometer[web]'") from None

API: Final = "api/v1"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Site:
    """The page.

    Attributes:
        served: is a server behind it, which answers under `/api/v1`?
    """

    served: bool = False

    def __reduce__(self) -> tuple[type[Site], tuple[bool]]:
        return Site, (self.served,)

    def paths(self) -> Iterator[str]:
        """Every path: pages in each language, then files."""
        for words in map(Wording, LANGUAGES):
            for section in self.sections.values():
                yield from (words.root + path for path in section.pages())
        yield from self.files

    def content(self, path: str) -> tuple[bytes, str]:
        """What is at a path, and its media type.

        Raises:
            NotFound: nothing is.
        """
        make = self.files.get(path)
        if make:
            return make(), media_type(path)
        language, inner = _split(path)
        return self.page(inner, language).encode(), media_type("page.html")

    def page(self, path: str, language: Language) -> str:
        """A page as HTML.

        Raises:
            NotFound: no such page.
        """
        words = Wording(language)
        name, leaf = self._leaf(path, words)
        return self._rendered(leaf, path, words, name)

    @cached_property
    def sections(self) -> Mapping[str, Section]:
        """By name, in the order of the navigation."""
        return dict(sorted(SECTIONS.items(), key=lambda item: (item[1].place or 99, item[0])))

    @cached_property
    def files(self) -> Mapping[str, Callable[[], bytes]]:
        """What is not a page, each made when it is asked for."""
        found: dict[str, Callable[[], bytes]] = {f"assets/{name}": _asset(name) for name in _asset_names()}
        found["assets/vega.js"] = vega
        for section in self.sections.values():
            found |= section.files()
        return found

    @cached_property
    def _owners(self) -> Mapping[str, str]:
        return {path: name for name, section in self.sections.items() for path in section.pages()}

    def _leaf(self, path: str, words: Wording) -> tuple[str, Leaf]:
        name = self._owners.get(path)
        if name is None:
            raise NotFound("page", path)
        return name, self.sections[name].leaf(path, words)

    def _rendered(self, leaf: Leaf, path: str, words: Wording, section: str) -> str:
        up = "../" * (words.root + path).count("/")
        home = up + words.root
        other = Wording("zh" if words.language == "en" else "en")
        return self._templates.get_template(leaf.template).render(
            leaf=leaf,
            **leaf.facts,
            say=words,
            up=up,
            home=home,
            other={"url": up + other.root + path, "tag": other.tag, "name": other("language")},
            here=section,
            navigation=[
                {"name": name, "url": home + next(iter(part.pages())), "title": words(f"nav.{name}")}
                for name, part in self.sections.items()
                if part.place
            ],
            settings=script_data(
                {"up": up, "home": home, "language": words.language, "api": API if self.served else "",
                 "words": words.plain()}
            ),
            policy=POLICY + ("; connect-src 'self'" if self.served else ""),
            version=__version__,
            data_version=self._data_version,
            credit=self._credit,
        )  # fmt: skip

    @cached_property
    def _data_version(self) -> str:
        return data_version()

    @cached_property
    def _credit(self) -> str:
        return vintages.sidecar(vintages.DEFAULT).credit

    @cached_property
    def _templates(self) -> Environment:
        made = Environment(
            loader=PackageLoader("comptometer.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters["script_data"] = script_data
        return made


FEW: Final = 200  # files that one process writes sooner than several are started


def publish(
    site: Site,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    only: Callable[[str], bool] = lambda _: True,
) -> int:
    """Write every page and file to a folder, with as many processes as there are processors; says how many files.

    Args:
        site: the page, without a server behind it.
        folder: new, empty, or one that was written before; what else lies in it stays.
        progress: told how many are written, and how many there are.
        only: which paths are wanted.

    Raises:
        UsageError: the folder is a file, or a file cannot be written.
        ComptometerError: a folder cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder")
    paths = sorted((path for path in site.paths() if only(path)), key=_subject)
    done = 0
    for written in _written(site, folder, paths):
        done += written
        if progress:
            progress(done, len(paths))
    return done


def _subject(path: str) -> str:
    """What a file is about: its pages in both languages and its other files come one after another."""
    return _split(path)[1].rpartition(".")[0]


def _written(site: Site, folder: Path, paths: Sequence[str]) -> Iterator[int]:
    """Write them; says after each part how many files it had."""
    if len(paths) <= FEW:
        yield from (_write(site, folder, [path]) for path in paths)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    parts = [paths[at : at + 25] for at in range(0, len(paths), 25)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield from (done.result() for done in as_completed([pool.submit(_write, site, folder, part) for part in parts]))


def _write(site: Site, folder: Path, paths: Sequence[str]) -> int:
    for path in paths:
        content, _ = site.content(path)
        target = folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ComptometerError(f"{target.parent}: cannot be made: {error.strerror}") from None
        replace_file(target, content)
    return len(paths)


def script_data(value: Any) -> Markup:
    """A value as JSON inside a `<script type="application/json">`: no text in it can end the element."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(written.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def media_type(path: str) -> str:
    """By the ending; text is UTF-8."""
    found = mimetypes.guess_type(path)[0] or "application/octet-stream"
    found = {"text/javascript": "text/javascript", "application/javascript": "text/javascript"}.get(found, found)
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def _split(path: str) -> tuple[Language, str]:
    for language in LANGUAGES:
        root = Wording(language).root
        if root and path.startswith(root):
            return language, path[len(root) :]
    return "en", path


def _asset_names() -> list[str]:
    return sorted(entry.name for entry in (files("comptometer.web") / "assets").iterdir())


def _asset(name: str) -> Callable[[], bytes]:
    return lambda: (files("comptometer.web") / "assets" / name).read_bytes()
