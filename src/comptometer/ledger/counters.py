"""What is asked of readings of counters, in Ibis only, like `expressions`: each once, by hour, and by attempt."""

from __future__ import annotations

from collections.abc import Sequence

from comptometer.ledger.engine import Table, ibis
from comptometer.ledger.overlaps import Doubts, Span

TENSOR, CLOCK = "tensor_active", "sm_clock"
ONE_SAMPLE = ("source", "chip_name", "metric", "device", "cluster", "job", "moment")
SUMMED = (*ONE_SAMPLE, "samples", "total", "least", "most")
TOTAL = "decimal(38, 6)"


def newest(samples: Table) -> Table:
    """Each reading once, as the last import has it."""
    library = ibis()
    order = [samples.import_number.desc(), samples.first_row.desc()]
    ranked = samples.mutate(word=library.row_number().over(library.window(group_by=samples.key, order_by=order)))
    return ranked.filter(ranked.word == 0).drop("word")


def compared(hours: Table) -> Table:
    """Sums of hours beside what all imports say of the same chip, counter and hour: digests, and the last import."""
    library = ibis()
    hour = [hours.device, hours.instance, hours.metric, hours.moment]
    own = hours.mutate(own=hours.digest.sum().over(library.window(group_by=[*hour, hours.import_number])))
    every = library.window(group_by=[own.device, own.instance, own.metric, own.moment])
    return own.mutate(
        lowest=own.own.min().over(every),
        highest=own.own.max().over(every),
        unknown=own.digest.isnull().cast("int64").sum().over(every),
        last_import=own.import_number.max().over(every),
    )


def disputed(hours: Table, times: Sequence[Span]) -> Table:
    """Hours of which two imports hold different readings, or one may hold a reading twice."""
    here = compared(hours.filter(within(hours, times)))
    return here.filter((here.lowest != here.highest) | (here.unknown > 0)).select("moment").distinct()


def hourly(samples: Table, hours: Table, doubts: Doubts | None) -> Table:
    """Readings, each once, by hour and import: sums of whole hours, but where there is doubt reading by reading.

    None in place of the doubts means that there may be doubt at any time.
    """
    if doubts is None:
        return singly(newest(samples))
    sums, singles = hours, doubts.singly
    if singles:
        sums = sums.filter(~within(sums, singles))
    parts = [sums.select(*SUMMED)]
    if doubts.compared:
        again = compared(sums.filter(within(sums, doubts.compared)))
        last = again.filter(again.import_number == again.last_import).select(*SUMMED)
        parts = [sums.filter(~within(sums, doubts.compared)).select(*SUMMED), last]
    if singles:
        few = samples.select("key", "import_number", "first_row", "value", *ONE_SAMPLE).filter(within(samples, singles))
        parts.append(singly(newest(few)))
    return ibis().union(*parts) if len(parts) > 1 else parts[0]


def within(table: Table, times: Sequence[Span]) -> Table:
    """Is the moment within one of these times, both ends in it?"""
    kind = table.moment.type()
    literal = ibis().literal
    return ibis().or_(*(table.moment.between(literal(first, kind), literal(last, kind)) for first, last in times))


def singly(samples: Table) -> Table:
    """Each reading as a sum of one."""
    value = samples.value
    return samples.mutate(samples=ibis().literal(1, "int64"), total=value.cast(TOTAL), least=value, most=value).select(
        *SUMMED
    )


def readings(sums: Table) -> Table:
    """Sum, least and most of each counter, by source and chip; the sum is of decimals, so the same in any order."""
    return sums.group_by(["source", "chip_name", "metric"]).aggregate(
        samples=sums.samples.sum(),
        devices=sums.device.nunique(),
        total=sums.total.sum(),
        least=sums.least.min(),
        most=sums.most.max(),
    )


def activity(sums: Table, jobs: Table) -> Table:
    """Of each attempt whose number counters name: the mean tensor activity of its chips, and that times their clock.

    The clock is its mean over the highest that any chip of that name was seen at. Readings belong to an attempt from
    the hour in which it began to its end.
    """
    clocks = sums.filter(sums.metric == CLOCK)
    highest = clocks.group_by(highest_name=clocks.chip_name.fill_null("")).aggregate(highest=clocks.most.max())
    named = sums.filter(sums.metric.isin([CLOCK, TENSOR]) & sums.job.notnull())
    own = named.select(
        "metric", "moment", "samples", "total", "job",
        place=named.cluster.fill_null(""), made=named.chip_name.fill_null(""),
    )  # fmt: skip
    told = own.left_join(highest, own.made == highest.highest_name)
    known = jobs.filter(jobs.allocation.notnull() & jobs.started.notnull())
    held = known.select(
        "key",
        own_number=known.allocation.re_extract(r"([^/]*)$", 1),
        own_cluster=known.cluster.fill_null(""),
        since=known.started.truncate("h"),
        until=known.ended,
    ).distinct()
    while_held = [
        told.job == held.own_number,
        told.place == held.own_cluster,
        told.moment >= held.since,
        held.until.isnull() | (told.moment <= held.until),
    ]
    pairs = told.inner_join(held, while_held)
    means = {
        name: pairs.total.sum(where=pairs.metric == name).cast("float64")
        / pairs.samples.sum(where=pairs.metric == name).nullif(0)
        for name in (TENSOR, CLOCK)
    }
    found = pairs.group_by("key").aggregate(**means, highest=pairs.highest.max())
    clock = found[CLOCK] / found.highest.nullif(0.0)
    return found.select(activity_key="key", tensor_active=found[TENSOR], ofu=found[TENSOR] * clock)


def with_activity(jobs: Table, found: Table | None) -> Table:
    """With what counters say of each attempt; nothing where there is no `activity`."""
    if found is None:
        nothing = ibis().null("float64")
        return jobs.mutate(tensor_active=nothing, ofu=nothing)
    return jobs.left_join(found, jobs.key == found.activity_key).drop("activity_key")
