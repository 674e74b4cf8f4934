"""Every page, as the pictures in the docs show it: in both languages and themes, without a complaint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pictures import LOOKS, Theme, gallery, pages


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_every_page_is_drawn(browser: Any, server: str, tmp_path: Path, language: str, theme: Theme) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    found = []
    for path, picture, complaints in pages(browser, server, language, theme):
        assert not complaints, path
        (tmp_path / "page.png").write_bytes(picture)
        with image.open(tmp_path / "page.png") as shown:
            corner = shown.convert("RGB").getpixel((2, 990))
            assert len(shown.convert("RGB").resize((160, 125)).getcolors(20_000)) > 20, path
        assert (sum(corner) > 600) == (theme == "light"), path
        found.append(picture)
    (tmp_path / "gallery.jpg").write_bytes(gallery(browser, found))
    with image.open(tmp_path / "gallery.jpg") as sheet:
        assert sheet.width == 1600
        assert sheet.height > 900
