"""Sums over the ledger: attempts, chip-hours, FLOP; and lists of attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from comptometer.errors import UsageError
from comptometer.ledger import counters, expressions, overlaps, witnesses
from comptometer.ledger.chip_names import UNTYPED, Meaning, meanings
from comptometer.ledger.engine import Engine, Table, embedded
from comptometer.ledger.expressions import DIMENSIONS, TAG
from comptometer.ledger.flop import COUNTED, Rate, hours, rate
from comptometer.ledger.kept import kept
from comptometer.ledger.rows import METRICS, TABLES, Hour, Job, Row, Sample, Stretch, Tag
from comptometer.ledger.rules import Rules, read_rules
from comptometer.ledger.storage import RULES, Ledger
from comptometer.ledger.sums import Key, Sum, key_of, named, order, short
from comptometer.release import data_version


@dataclass(frozen=True)
class Book:
    """A ledger that is read.

    Args:
        ledger: the folder.
        on: what the expressions run on; DuckDB within the process unless given.
        rules_file: says which attempts belong to which model and stage; that in the folder unless given.
    """

    ledger: Ledger
    on: Engine | None = None
    rules_file: Path | None = None

    @cached_property
    def rules(self) -> Rules | None:
        """Those that hold.

        Raises:
            NotFound: the given file is not there.
            DataError: what is wrong in the file.
        """
        own = self.ledger.folder / RULES
        path = self.rules_file or (own if own.is_file() else None)
        return read_rules(path) if path else None

    @cached_property
    def _engine(self) -> Engine:
        return self.on or embedded()

    def _table(self, shape: type[Row]) -> Table | None:
        files = self.ledger.files(TABLES[shape])
        return self._engine.table(files, shape) if files else None

    def _rows(self, table: Table) -> list[dict[str, Any]]:
        return self._engine.rows(table)

    @cached_property
    def _attempts(self) -> Table | None:
        """The last word on each attempt; None where there is none."""
        jobs = self._table(Job)
        if jobs is None:
            return None
        found = expressions.latest(jobs)
        if self._recorded:
            found = expressions.once(found)
        found = expressions.tagged(found, self._tags, self._tag_names)
        mapped = expressions.mapped(found, self.rules.rules if self.rules else ())
        activity = None if self._readings is None else counters.activity(self._readings, found)
        return expressions.measured(counters.with_activity(expressions.by_hand(mapped), activity))

    @cached_property
    def _readings(self) -> Table | None:
        """Readings of counters by the hour, each once; None where there are none."""
        samples, hours = self._table(Sample), self._table(Hour)
        if samples is None:
            return None
        if hours is None:
            return counters.hourly(samples, samples, None)
        doubts = overlaps.doubts(self.ledger.files(TABLES[Sample]), self.ledger.files(TABLES[Hour]))
        if doubts and doubts.compared:
            rows = self._rows(counters.disputed(hours, doubts.compared))
            doubts = doubts.disputed([row["moment"] for row in rows])
        return counters.hourly(samples, hours, doubts)

    @cached_property
    def _tags(self) -> Table | None:
        said = self._table(Tag)
        return None if said is None else expressions.tags(said)

    @cached_property
    def _tag_names(self) -> set[str]:
        """Of the ledger and of the rules."""
        asked = [name for rule in (self.rules.rules if self.rules else ()) for name in rule.texts]
        given = [] if self._tags is None else [row["name"] for row in self._rows(expressions.tag_names(self._tags))]
        return {*given, *(name.removeprefix(TAG) for name in asked if name.startswith(TAG))}

    @property
    def _recorded(self) -> bool:
        return any(f"source={expressions.RECORDER}" in path.parts for path in self.ledger.files("jobs"))

    @cached_property
    def _kept(self) -> Mapping[str, int]:
        """FLOP in the final weights by key of the attempt, of recorded runs that have a checkpoint."""
        said, jobs = self._table(Stretch), self._table(Job)
        if said is None or jobs is None:
            return {}
        stretches = self._rows(expressions.longest(said))
        outer = {row["process"]: row["key"] for row in self._rows(expressions.processes(expressions.latest(jobs)))}
        found: dict[str, int] = defaultdict(int)
        for key, flop in kept(stretches).items():
            found[outer.get(key, key)] += flop
        return found

    @cached_property
    def meanings(self) -> Mapping[str, Meaning]:
        """Every name of a chip in the ledger, and what it means."""
        if self._attempts is None:
            return {}
        return meanings(row["chip_name"] for row in self._rows(expressions.chip_names(self._attempts)))

    def _chosen(self, where: Mapping[str, str], by: Sequence[str] = ()) -> Table | None:
        """Attempts with these values.

        Raises:
            UsageError: no such dimension.
        """
        for name in [*by, *where]:
            check_dimension(name, self._tag_names)
        if self._attempts is None:
            return None
        labels = {name: meaning.label for name, meaning in self.meanings.items()}
        return expressions.selected(expressions.named(self._attempts, labels), where)

    def _kinds(self, chosen: Table | None) -> set[str]:
        return {row["evidence"] for row in self._rows(expressions.kinds(chosen))} if chosen is not None else set()

    def _counting(self, where: Mapping[str, str]) -> Table | None:
        """Attempts with these values, of the witnesses that are added up."""
        chosen = self._chosen(where)
        if chosen is None:
            return None
        return expressions.of_kinds(chosen, witnesses.counting(self._kinds(chosen), where))

    def total(self, by: Sequence[str] = (), where: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON of `ledger total`.

        Args:
            by: names of `DIMENSIONS`.
            where: only attempts with these values, by name of dimension.

        Raises:
            UsageError: no such dimension.
        """
        chosen = self._chosen(where or {}, by)
        kinds = self._kinds(chosen)
        counting = witnesses.counting(kinds, where or {})
        adding = expressions.of_kinds(chosen, counting) if chosen is not None else None
        shown = chosen if witnesses.CHOOSING & set(by) else adding
        held = self._rows(expressions.hours(shown, by)) if shown is not None else []
        counts = self._rows(expressions.attempts(shown, by)) if shown is not None and by else []
        groups, whole = self._grouped(held, counts, by, counting, self._kept_by(shown, by))
        if adding is not None:
            whole.jobs = self._rows(expressions.attempts(adding, ()))[0]["jobs"]
        return {
            "schema": "comptometer/ledger-total/1",
            "data_version": data_version(),
            "by": list(by),
            "where": dict(where or {}),
            "rows": [named(by, key, group) for key, group in groups],
            "total": whole.to_dict(),
            "not_added": self._apart(chosen, kinds - counting),
            "unmatched_chips": self._unmatched(held),
            "rates": self._rates(held),
            "telemetry": self.telemetry,
            "rules": self.rules_used(),
        }

    def rules_used(self) -> dict[str, Any] | None:
        """The file of rules, its hash, and how many attempts of the whole ledger each took."""
        if self.rules is None:
            return None
        rows = self._rows(expressions.used(self._attempts)) if self._attempts is not None else []
        taken = {row["rule"]: row["jobs"] for row in rows}
        return {
            "file": self.rules.place,
            "sha256": self.rules.sha256,
            "rules": [
                {"rule": rule.number, **rule.gives, "jobs": taken.get(rule.number, 0)} for rule in self.rules.rules
            ],
        }

    def _grouped(
        self,
        held: Sequence[Mapping[str, Any]],
        counts: Sequence[Mapping[str, Any]],
        by: Sequence[str],
        counting: Collection[str],
        final: Sequence[tuple[Key, int]],
    ) -> tuple[list[tuple[Key, Sum]], Sum]:
        groups: dict[Key, Sum] = defaultdict(Sum)
        whole = Sum()
        for row in counts:
            groups[key_of(row, by)].jobs = row["jobs"]
        for row in sorted(held, key=order):  # the order of sums is that of the bytes of the result
            worth = self._rate(row)
            if row["evidence"] in counting:
                whole.add(row, worth)
            if by:
                groups[key_of(row, by)].add(row, worth)
        for key, flop in final:
            whole.kept = (whole.kept or 0) + flop
            if by:
                groups[key].kept = (groups[key].kept or 0) + flop
        return sorted(groups.items(), key=lambda item: [(part is None, part or "") for part in item[0]]), whole

    def _apart(self, chosen: Table | None, kinds: Collection[str]) -> list[dict[str, Any]]:
        """What other witnesses say of the same hours, by kind of evidence."""
        if chosen is None or not kinds:
            return []
        table = expressions.of_kinds(chosen, kinds)
        groups: dict[str, Sum] = defaultdict(Sum)
        for row in sorted(self._rows(expressions.hours(table, ())), key=order):
            groups[row["evidence"]].add(row, self._rate(row))
        for row in self._rows(expressions.attempts(table, ("evidence",))):
            groups[row["evidence"]].jobs = row["jobs"]
        return [{"evidence": kind, **short(groups[kind].to_dict())} for kind in sorted(groups)]

    def _kept_by(self, chosen: Table | None, by: Sequence[str]) -> list[tuple[Key, int]]:
        """FLOP in the final weights of each attempt chosen, with what it is summed by."""
        if chosen is None or not self._kept:
            return []
        left = dict(self._kept)
        places = self._rows(expressions.places(chosen, by))
        return [(key_of(row, by), left.pop(row["key"])) for row in places if row["key"] in left]

    def _rate(self, row: Mapping[str, Any]) -> Rate | None:
        meaning = self.meanings.get(row["chip_name"] or "")
        return rate(meaning, row["basis"]) if meaning else None

    def _unmatched(self, held: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Names that mean no chip, with their hours: they are in no FLOP."""
        lost: dict[str, int] = defaultdict(int)
        for row in held:
            if row["held"] and row["basis"] != COUNTED and self._rate(row) is None:
                lost[row["chip_name"] or ""] += row["held"]
        return [
            {
                "name": name or UNTYPED,
                "chip_hours": hours(amount),
                "suggestions": list(self.meanings[name].suggestions),
                "reason": _reason(self.meanings[name]),
            }
            for name, amount in sorted(lost.items(), key=lambda item: (-item[1], item[0]))
        ]

    def _rates(self, held: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """What one chip-hour is worth, and what that rests on."""
        worths = {
            (worth.meaning.label, worth.basis): worth for row in held if row["held"] and (worth := self._rate(row))
        }
        return [
            {
                "chip": label,
                "basis": basis,
                "flop_per_chip_hour": worth.outcome.estimate.to_dict(),
                "formula": worth.outcome.formula,
                "claims": [claim.id for claim in worth.outcome.claims],
                "warnings": list(worth.outcome.warnings),
            }
            for (label, basis), worth in sorted(worths.items())
        ]

    @cached_property
    def telemetry(self) -> list[dict[str, Any]]:
        """Readings of counters, each with what it says of utilization."""
        if self._readings is None:
            return []
        rows = sorted(self._rows(counters.readings(self._readings)), key=order)
        known = meanings(row["chip_name"] for row in rows)
        return [
            {
                **{name: row[name] for name in ("source", "metric", "samples", "devices", "least", "most")},
                "mean": float(row["total"]) / row["samples"],
                "chip": known[row["chip_name"] or ""].label,
                "means": METRICS[row["metric"]],
            }
            for row in rows
        ]

    def segments(self, where: Mapping[str, str]) -> list[dict[str, Any]]:
        """Chip-time and counted FLOP by chip and by what is stated of utilization, each hour once.

        Raises:
            UsageError: no such dimension.
        """
        chosen = self._counting(where)
        return sorted(self._rows(expressions.segments(chosen)), key=order) if chosen is not None else []

    def utilizations(self) -> list[dict[str, Any]]:
        """Chip-hours by the stated utilization in steps of 5%, apart for each kind of statement."""
        counting = self._counting({})
        rows = self._rows(expressions.binned(counting)) if counting is not None else []
        step = 1 / expressions.BINS
        return [
            {"stated": row["stated"], "from": row["place"] * step, "to": (row["place"] + 1) * step,
             "chip_hours": hours(row["held"]), "attempts": row["jobs"]}
            for row in sorted(rows, key=lambda row: (row["stated"], row["place"]))
        ]  # fmt: skip

    def values(self, name: str) -> list[str | None]:
        """Every value of a dimension.

        Raises:
            UsageError: no such dimension.
        """
        chosen = self._chosen({}, [name])
        found = (
            []
            if chosen is None
            else [row[expressions.column(name)] for row in self._rows(expressions.attempts(chosen, [name]))]
        )
        return sorted(found, key=lambda value: (value is None, value or ""))

    def keys(self, where: Mapping[str, str]) -> list[str]:
        """Of the attempts with these values, of all witnesses.

        Raises:
            UsageError: no such dimension.
        """
        chosen = self._chosen(where)
        return [] if chosen is None else sorted(row["key"] for row in self._rows(expressions.keys(chosen)))

    def runs(self, where: Mapping[str, str] | None = None, limit: int | None = None) -> list[dict[str, Any]]:
        """Attempts in the order in which they began, each with its chips and evidence.

        Raises:
            UsageError: no such dimension.
        """
        chosen = self._chosen(where or {})
        if chosen is None:
            return []
        listed = expressions.listed(chosen)
        return [_run(row) for row in self._rows(listed if limit is None else listed.limit(limit))]


RUN_COLUMNS = (
    "cluster", "job", "name", "user", "project", "model", "stage", "run", "started", "ended", "outcome", "seconds",
    "step_seconds", "chips", "chip", "chip_hours", "source", "evidence", "evidence_id", "rule", "tags",
)  # fmt: skip


def _run(row: Mapping[str, Any]) -> dict[str, Any]:
    moments = {name: row[name].isoformat() if row[name] else None for name in ("started", "ended")}
    tags = {name.removeprefix(TAG): value for name, value in row.items() if name.startswith(TAG) and value is not None}
    more = {**moments, "chip_hours": hours(row["chip_time"]), "tags": tags}
    return {name: row.get(name) for name in RUN_COLUMNS} | more


def _reason(meaning: Meaning) -> str:
    if meaning.chips:
        return "on record, without a peak in a format of training"
    return "on no record" if meaning.label != UNTYPED else "the source does not say which chip"


def check_dimension(name: str, tags: Collection[str]) -> None:
    """Be sure that sums can be made by something: a dimension, or one of the tags.

    Raises:
        UsageError: with the nearest that can.
    """
    known = [*DIMENSIONS, *(f"{TAG}{tag}" for tag in sorted(tags))]
    if name not in known:
        near = get_close_matches(name, known, 1)
        said = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise UsageError(f"--by, --where: {name!r} is nothing that a ledger knows; {said}")
