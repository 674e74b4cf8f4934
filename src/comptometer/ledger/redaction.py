"""Names of people and paths, hidden: the same name is the same hash within a ledger, and nothing outside of it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import replace

from comptometer.ledger.rows import Job, Row, Sample, Stretch, Tag

_PATH = re.compile(r"(?<![\w.])(?:~|\.{0,2}/|[A-Za-z]:\\|[a-z0-9+]+://)[^\s;,|\"']+")
Redaction = Callable[[Row], Row]


def hidden(salt: bytes, name: str) -> str:
    """What stands in place of a name; nothing in place of none."""
    return f"h-{hmac.new(salt, name.encode(), hashlib.sha256).hexdigest()[:16]}" if name else ""


def redaction(salt: bytes) -> Redaction:
    """What hides the names of users, of nodes and containers, and paths in texts."""

    def text(value: str, user: str) -> str:
        without = _PATH.sub(lambda found: hidden(salt, found[0]), value)
        return re.sub(rf"(?<!\w){re.escape(user)}(?!\w)", hidden(salt, user), without) if user else without

    def redact(row: Row) -> Row:
        if isinstance(row, Sample):
            return replace(row, node=hidden(salt, row.node), container=hidden(salt, row.container))
        if isinstance(row, Stretch | Tag):
            return row
        assert isinstance(row, Job)
        return replace(
            row,
            user=hidden(salt, row.user),
            nodes=hidden(salt, row.nodes),
            name=text(row.name, row.user),
            comment=text(row.comment, row.user),
        )

    return redact
