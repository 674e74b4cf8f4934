"""A report as a file. Every other file in this folder writes one format; one that begins with _ is shared.

A format turns the object of a report into bytes and touches no file. The same report gives the same bytes. What people
read carries the object within it, so that `report verify` reads any of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from comptometer.errors import ComptometerError, DataError, UsageError
from comptometer.registry import Registry

Report = Mapping[str, Any]
Write = Callable[[Report, str], bytes]
LANGUAGES = ("en", "zh")
PDF, ATTACHED = b"%PDF", "report.json"
BEGIN, END = "<!--comptometer-report\n", "\ncomptometer-report-->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How a report is written.

    Attributes:
        name: of `--format`.
        write: a report and a language → bytes.
        ending: of files that are written so unless --format says otherwise; empty where none is.
        whole: does it carry the whole object, so that it can be verified?
    """

    name: str
    write: Write
    ending: str = ""
    whole: bool = False


FORMATS: Registry[Format] = Registry("format of reports", "comptometer.report.formats")


def report_format(name: str, *, ending: str = "", whole: bool = False) -> Callable[[Write], Write]:
    """Register a format; see `Format` for the arguments."""

    def register(write: Write) -> Write:
        FORMATS.add(name, Format(name=name, write=write, ending=ending, whole=whole))
        return write

    return register


def format_of(path: Path, name: str | None = None) -> Format:
    """The format by its name, else by the ending of a file.

    Raises:
        NotFound: no such format.
        UsageError: no format has this ending.
    """
    if name:
        return FORMATS[name]
    by_ending = {one.ending: one for one in FORMATS.values() if one.ending}
    if path.suffix.lower() not in by_ending:
        raise UsageError(f"{path}: a report ends in {', '.join(sorted(by_ending))}; or say its --format")
    return by_ending[path.suffix.lower()]


def carried(report: Report) -> str:
    """The object as it stands within a text; no sign in it ends a comment or a script."""
    said = json.dumps(report, ensure_ascii=False, separators=(",", ":"))
    return BEGIN + said.replace("-->", "--\\u003e").replace("<", "\\u003c") + END


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _attached(raw: bytes) -> bytes:
    """What a PDF carries under the name of reports.

    Raises:
        ComptometerError: the extra `pdf` is not installed.
        ValueError: it carries none.
    """
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise ComptometerError("pypdf is not installed: pip install 'comptometer[pdf]'") from None
    try:
        return bytes(PdfReader(BytesIO(raw)).attachments[ATTACHED][0])
    except (PyPdfError, LookupError, TypeError, OSError) as error:
        raise ValueError(str(error)) from None


def read_from(raw: bytes, place: str) -> dict[str, Any]:
    """The object of a report from the bytes of a file.

    Raises:
        ComptometerError: it is a PDF, and the extra `pdf` is not installed.
        DataError: it holds none.
    """
    try:
        raw = _attached(raw) if raw.startswith(PDF) else raw
        text = raw.decode("utf-8")
        if BEGIN in text:
            text = text.partition(BEGIN)[2].partition(END)[0]
        found = json.loads(text, parse_constant=_no_number)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise DataError(
            place, ["holds no compute report: give a .json, .html, .pdf or .md that report make wrote"]
        ) from None
    if not isinstance(found, dict):
        raise DataError(place, ["holds no compute report: its JSON is no object"])
    return found
