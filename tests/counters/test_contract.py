import subprocess
import sys

import pytest

from comptometer.counters import COUNTERS, kind_of
from comptometer.errors import NotFound


def test_importing_the_counters_imports_no_framework() -> None:
    program = "import sys, comptometer.counters as c; list(c.COUNTERS); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_kind_that_nobody_counts_is_not_found() -> None:
    with pytest.raises(NotFound, match='no counter "troch"; did you mean torch'):
        COUNTERS["troch"]


def test_what_comes_from_no_framework_has_no_kind() -> None:
    assert kind_of("config.json", {"layers": 3}, (1, 2), lambda: None) is None


def test_every_kind_is_in_the_list() -> None:
    assert "torch" in COUNTERS
    assert len(COUNTERS) == len(list(COUNTERS))
