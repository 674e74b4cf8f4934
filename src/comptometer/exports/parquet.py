"""Parquet: one table with its types; units are in the metadata of its fields, the credit in those of the file."""

from __future__ import annotations

import io

from comptometer.exports import Content, form
from comptometer.frames import arrow, imported


@form(".parquet", several=False)
def to_parquet(content: Content) -> bytes:
    """The Arrow table of the frames, compressed.

    Raises:
        ComptometerError: the extra `frames` is not installed.
    """
    imported("pyarrow")
    parquet = imported("pyarrow.parquet")
    (table,) = content.tables
    buffer = io.BytesIO()
    parquet.write_table(arrow(table, content.facts), buffer, compression="zstd")
    return buffer.getvalue()
