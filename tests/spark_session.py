"""One local Spark for all tests that want one."""

from __future__ import annotations

import os
import shutil
import warnings
from functools import cache
from typing import Any

import pytest


@cache
def local_spark() -> Any:
    """A session of pyspark on two threads of this machine."""
    sql = pytest.importorskip("pyspark.sql", reason="the extra spark is not installed")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java, which is not installed")
    settings = {"spark.ui.enabled": False, "spark.sql.shuffle.partitions": 2, "spark.log.level": "ERROR"}
    builder = sql.SparkSession.builder.master("local[2]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)  # JAX, where its tests ran before
        return builder.getOrCreate()
