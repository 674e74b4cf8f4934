"""Folders of plugins: found by being there, never replaced silently."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comptometer.errors import NotFound
from comptometer.registry import Registry

Plugins = Callable[[dict[str, str]], Registry[int]]

PACKAGE = "folder_of_plugins"
HEAD = "from comptometer.registry import Registry\nPLUGINS = Registry('abacus', __name__)\n"


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins]:
    """Write a package with these files, and give its registry."""

    def write(files: dict[str, str]) -> Registry[int]:
        folder = tmp_path / PACKAGE
        folder.mkdir()
        (folder / "__init__.py").write_text(HEAD)
        for name, body in files.items():
            (folder / f"{name}.py").write_text(f"from {PACKAGE} import PLUGINS\n{body}\n")
        monkeypatch.syspath_prepend(tmp_path)
        module = __import__(PACKAGE)
        registry = module.PLUGINS
        assert isinstance(registry, Registry)
        return registry

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] in {PACKAGE, "package_of_somebody_else"}]:
        del sys.modules[name]


def test_a_registry_holds_what_the_files_of_its_folder_register(plugins: Plugins) -> None:
    registry = plugins({"b": "PLUGINS.add('second', 2)", "a": "PLUGINS.add('first', 1)"})
    assert dict(registry) == {"first": 1, "second": 2}
    assert list(registry) == ["first", "second"]  # in the order of the files
    assert len(registry) == 2
    assert "first" in registry
    assert "third" not in registry


def test_one_file_may_register_several(plugins: Plugins) -> None:
    assert list(plugins({"a": "PLUGINS.add('one', 1)\nPLUGINS.add('two', 2)"})) == ["one", "two"]


def test_registering_gives_the_plugin_back(plugins: Plugins) -> None:
    assert plugins({}).add("late", 7) == 7


def test_a_folder_without_plugins_is_an_empty_registry(plugins: Plugins) -> None:
    assert dict(plugins({})) == {}


def test_two_plugins_of_one_name_are_an_error() -> None:
    registry: Registry[int] = Registry("method", "nowhere")
    registry.add("operations", 1)
    with pytest.raises(ValueError, match="two methods are called 'operations'"):
        registry.add("operations", 2)


def test_two_files_that_register_one_name_are_an_error(plugins: Plugins) -> None:
    registry = plugins({"a": "PLUGINS.add('same', 1)", "b": "PLUGINS.add('same', 2)"})
    with pytest.raises(ValueError, match="'same'"):
        list(registry)


def test_the_first_of_two_plugins_is_not_replaced() -> None:
    registry: Registry[int] = Registry("method", "comptometer.charts")
    registry.add("mine", 1)
    with pytest.raises(ValueError, match="mine"):
        registry.add("mine", 2)
    assert registry["mine"] == 1


def test_an_unknown_name_suggests_the_nearest(plugins: Plugins) -> None:
    registry = plugins({"a": "PLUGINS.add('hardware-time', 1)\nPLUGINS.add('operations', 2)"})
    with pytest.raises(NotFound, match='no abacus "hardware-tine"; did you mean hardware-time') as refusal:
        registry["hardware-tine"]
    assert refusal.value.suggestions == ("hardware-time",)
    assert refusal.value.exit_status == 3


def test_a_name_like_no_other_is_answered_with_what_there_is(plugins: Plugins) -> None:
    registry = plugins({"a": "PLUGINS.add('one', 1)\nPLUGINS.add('two', 2)"})
    with pytest.raises(NotFound, match="did you mean one or two"):
        registry["zzzzzzzz"]


def test_a_missing_plugin_is_a_missing_key(plugins: Plugins) -> None:
    registry = plugins({"a": "PLUGINS.add('one', 1)"})
    assert registry.get("two") is None
    assert registry.get("two", 5) == 5
    with pytest.raises(KeyError):
        registry["two"]


def test_a_plugin_that_cannot_be_imported_fails_every_time_and_not_only_once(plugins: Plugins) -> None:
    registry = plugins(
        {"a": "PLUGINS.add('fine', 1)", "b": "raise RuntimeError('broken plugin')", "c": "PLUGINS.add('last', 3)"}
    )
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken plugin"):
            _ = registry["last"]


def test_another_package_adds_plugins_by_an_entry_point(plugins: Plugins, tmp_path: Path) -> None:
    registry = plugins({"a": "PLUGINS.add('ours', 1)"})
    (tmp_path / "package_of_somebody_else.py").write_text(f"from {PACKAGE} import PLUGINS\nPLUGINS.add('theirs', 2)\n")
    about = tmp_path / "package_of_somebody_else-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: package-of-somebody-else\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{PACKAGE}]\ntheirs = package_of_somebody_else\n")
    assert dict(registry) == {"ours": 1, "theirs": 2}
