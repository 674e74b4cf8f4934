"""Claims and dossiers in TOML, as tests write them."""

from __future__ import annotations

HEAD = 'name = "Model"\npublished = 2024-01-01\ndomain = ["language"]\n'


def claim(about: str, value: str, **extra: str) -> str:
    """One claim in TOML; a list is written as TOML by the caller."""
    keys = {"about": about, "value": value, "source": "https://example.org", **extra}
    lines = [
        f"{key} = {text if text.startswith('[') or text in {'true', 'false'} else repr(text)}"
        for key, text in keys.items()
    ]
    return "\n".join(["[[claims]]", *lines]) + "\n"
