"""The page: how soon a server answers, what a first visit loads, when the chart is there, how long a filter takes, and
how many requests a second are answered.

The load comes from `hey`, which Debian packages; without it that part is left out, as are the charts without chromium.
"""

from __future__ import annotations

import gzip
import re
import shutil
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from _measure import PYTHON, process, table

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
ASKED = 240  # requests a second: a little more than the goal of 200
FILTERS = (("domain", "Language"), ("domain", "Vision"), ("since", "2018"), ("select", "frontier"), ("domain", ""))


@contextmanager
def serving() -> Iterator[tuple[str, float]]:
    """A server: its address, and the seconds from its start to its first answer."""
    start = time.perf_counter()
    command = [PYTHON, "-m", "comptometer", "serve", "--port", "0", "--no-open"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    address = next(word for word in running.stderr.readline().split() if word.startswith("http://")).rstrip("/")
    urllib.request.urlopen(f"{address}/assets/page.css").read()
    try:
        yield address, time.perf_counter() - start
    finally:
        running.terminate()
        running.wait()


def loaded(address: str) -> tuple[int, int]:
    """Compressed bytes of the home page with all that it loads: without Vega, and Vega."""
    page = urllib.request.urlopen(f"{address}/").read()
    paths = re.findall(rb'(?:src|href)="(assets/[^"]+)"', page)
    rest = [urllib.request.urlopen(f"{address}/{path.decode()}").read() for path in paths]
    vega = urllib.request.urlopen(f"{address}/assets/vega.js").read()
    return sum(len(gzip.compress(body)) for body in (page, *rest)), len(gzip.compress(vega))


def drawn(browser: Any, address: str, runs: int = 5) -> tuple[float, float, list[float]]:
    """Seconds until the text of the home page stands and until its chart does, and of each change of a filter."""
    text, chart, changes = [], [], []
    for _ in range(runs):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        start = time.perf_counter()
        page.goto(f"{address}/", wait_until="domcontentloaded")
        text.append(time.perf_counter() - start)
        page.wait_for_selector("#chart[data-drawn]")
        chart.append(time.perf_counter() - start)
        page.close()
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/")
    page.wait_for_selector("#chart[data-drawn]")
    for name, to in FILTERS:
        before = page.get_attribute("#chart", "data-drawn")
        start = time.perf_counter()
        page.select_option(f"#ask-{name}", to)
        page.wait_for_selector(f"#chart:not([data-drawn='{before}'])")
        changes.append(time.perf_counter() - start)
    page.close()
    return statistics.median(text), statistics.median(chart), changes


def asked(address: str, path: str, rate: int, seconds: int = 5) -> list[str]:
    """A row about a path that ten callers ask for: requests a second, milliseconds of nearly all, other answers."""
    command = ["hey", "-z", f"{seconds}s", "-c", "10", "-q", str(rate // 10), f"{address}{path}"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate_found = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    slow = float(re.search(r"99% in ([\d.]+) secs", said)[1])  # type: ignore[index]
    statuses = dict(re.findall(r"\[(\d+)\]\s+(\d+) responses", said))
    good = int(statuses.pop("200", 0))
    failed = sum(map(int, statuses.values())) + sum(map(int, re.findall(r"\[(\d+)\]\s+Get ", said)))
    return [path, f"{rate_found:.0f}", f"{1e3 * slow:.0f}", str(good), str(failed)]


if __name__ == "__main__":
    libraries = process(["-c", "import fastapi, uvicorn"])
    with serving() as (_, ready):
        pass
    with serving() as (_, again):
        ready = min(ready, again)
    rows = [["first answer of serve", f"{ready:.2f}", f"{ready / libraries:.2f}"]]
    table("Start", ["what", "seconds", "over import fastapi, uvicorn"], rows)
    with serving() as (address, _):
        bytes_page, bytes_vega = loaded(address)
        sizes = [["home page", bytes_page, 400_000], ["with Vega", bytes_page + bytes_vega, 800_000]]
        rows = [[name, f"{found / 1000:.0f}", f"{found / most:.2f}"] for name, found, most in sizes]
        table("First visit, compressed", ["what", "kB", "over 400 and 800 kB"], rows)
        if CHROMIUM:
            from playwright.sync_api import sync_playwright

            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                text, chart, changes = drawn(browser, address)
                browser.close()
            rows = [["text", f"{text:.2f}", "1"], ["chart", f"{chart:.2f}", f"{chart / text:.1f}"]]
            rows += [
                [f"{name} → {to or 'any'}", f"{took:.2f}", f"{took / text:.1f}"]
                for (name, to), took in zip(FILTERS, changes, strict=True)
            ]
            table("Home page in Chromium", ["what", "seconds", "over the text of the page"], rows)
        if shutil.which("hey"):
            for path in ("/assets/page.css", "/api/v1/models"):
                urllib.request.urlopen(f"{address}{path}").read()
            rows = [asked(address, path, ASKED) for path in ("/assets/page.css", "/api/v1/models")]
            columns = ["path", "answers a second", "ms, 99%", "answered", "not"]
            table(f"Ten callers, at most {ASKED} requests a second, 5 s", columns, rows)
