"""What is asked of the ledger, in Ibis only: one definition for every engine. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from comptometer.ledger.engine import Table, ibis
from comptometer.ledger.rows import COMPLETED
from comptometer.ledger.rules import GIVES, Rule
from comptometer.vocabulary import UTILIZATIONS

SUMS = ("held", "held_completed", "used", "used_completed")  # in thousandths of a chip-second
COUNTED = ("counted", "counted_completed")  # in whole FLOP
TAG = "tag:"  # before the name of a tag, where it is a dimension
FLOP = "decimal(38, 0)"
BINS = 20  # steps between no utilization and all of it
RECORDER = "recorder"  # the source that counts within the process
DIMENSIONS: Mapping[str, str] = {  # what can be summed by → its column
    "model": "model",
    "stage": "stage",
    "run": "run",
    "month": "month",
    "chip": "chip",
    "outcome": "outcome",
    "project": "project",
    "user": "user",
    "cluster": "cluster",
    "partition": "partition",
    "source": "source",
    "evidence": "evidence",
}


def column(name: str) -> str:
    """The column of a dimension; a tag is one as `tag:NAME`."""
    return name if name.startswith(TAG) else DIMENSIONS[name]


def latest(jobs: Table) -> Table:
    """Of all that was said of an attempt the last word, with each of its types of chip.

    What has ended comes before what still ran, and of what still ran the longest: an old export imported late changes
    nothing. Counters of trackers only grow, so of theirs the highest. Of equals the later import counts.
    """
    library = ibis()
    still = library.ifelse(jobs.finished, 0.0, jobs.seconds)
    grown = library.ifelse(jobs.evidence == "tracker", library.coalesce(jobs.flop, 0.0), 0.0)
    word = [jobs.finished.desc(), still.desc(), grown.desc(), jobs.import_number.desc(), jobs.first_row.desc()]
    ranked = jobs.mutate(word=library.rank().over(library.window(group_by=jobs.key, order_by=word)))
    return ranked.filter(ranked.word == 0).drop("word")


def mapped(jobs: Table, rules: Sequence[Rule]) -> Table:
    """With what the rules say of model, stage and run, and in `rule` the number of the first that fits."""
    library = ibis()
    if not rules:
        return jobs.mutate(rule=library.null("int64"))
    found = jobs.mutate(rule=library.cases(*((fits(jobs, rule), rule.number) for rule in rules)).cast("int64"))
    said = {}
    for name in GIVES:
        given = [(found.rule == rule.number, rule) for rule in rules if name in rule.gives]
        if given:
            value = library.cases(*((here, rule.gives[name]) for here, rule in given))
            first = library.cases(*((here, rule.override) for here, rule in given), else_=False)
            said[name] = library.ifelse(first, value, library.coalesce(found[name], value))
    return found.mutate(**said)


def tags(said: Table) -> Table:
    """The last word on each tag of each attempt."""
    library = ibis()
    order = [said.import_number.desc(), said.first_row.desc()]
    ranked = said.mutate(word=library.row_number().over(library.window(group_by=[said.key, said.name], order_by=order)))
    return ranked.filter((ranked.word == 0) & ranked.value.notnull()).select("key", "name", "value")


def tag_names(said: Table) -> Table:
    """Every name of a tag."""
    return said.select("name").distinct()


def tagged(jobs: Table, said: Table | None, names: Collection[str]) -> Table:
    """With a column for each tag; nothing where an attempt has none."""
    library = ibis()
    for name in sorted(names):
        here = f"{TAG}{name}"
        if said is None:
            jobs = jobs.mutate(**{here: library.null("string")})
        else:
            own = said.filter(said.name == name).select(tag_key="key", **{here: said.value})
            jobs = jobs.left_join(own, jobs.key == own.tag_key).drop("tag_key")
    return jobs


def by_hand(jobs: Table) -> Table:
    """Tags named model, stage and run come before what source and rules say."""
    given = [name for name in GIVES if f"{TAG}{name}" in jobs.columns]
    said = {name: ibis().coalesce(jobs[f"{TAG}{name}"], jobs[name]) for name in given}
    return jobs.mutate(**said) if said else jobs


def fits(jobs: Table, rule: Rule) -> Table:
    """Do all conditions of a rule hold? What a row does not say fits only a condition that asks for nothing."""
    library = ibis()
    held = [
        library.or_(
            *(
                library.coalesce(jobs[name].re_search(pattern), False) if pattern else jobs[name].isnull()
                for pattern in patterns
            )
        )
        for name, patterns in rule.texts.items()
    ]
    if rule.since:
        held.append(library.coalesce(jobs.started >= library.literal(rule.since, jobs.started.type()), False))
    if rule.until:
        held.append(library.coalesce(jobs.started < library.literal(rule.until, jobs.started.type()), False))
    return library.and_(*held)


def used(jobs: Table) -> Table:
    """How many attempts each rule took."""
    return jobs.filter(jobs.rule.notnull()).group_by("rule").aggregate(jobs=jobs.key.nunique())


def processes(jobs: Table) -> Table:
    """Processes of the recorder beside the attempt of the scheduler in which they ran.

    Both know the number of the job; of several attempts with one number it is the last that began before the process,
    by clocks that may differ by a minute.
    """
    library = ibis()
    slack = 60.0
    known = jobs.filter(jobs.allocation.notnull() & jobs.started.notnull())
    inner = known.filter(known.source == RECORDER).select(
        process=known.key, process_allocation=known.allocation,
        process_began=known.started.epoch_seconds().cast("float64"),
        process_flop=known.flop, process_run=known.run, process_model=known.model, process_stage=known.stage,
    )  # fmt: skip
    outer = (
        known.filter(known.source != RECORDER)
        .select(
            "key",
            "allocation",
            began=known.started.epoch_seconds().cast("float64"),
            until=known.ended.epoch_seconds().cast("float64"),
        )
        .distinct()
    )
    within = [
        inner.process_allocation == outer.allocation,
        inner.process_began >= outer.began - slack,
        outer.until.isnull() | (inner.process_began <= outer.until + slack),
    ]
    pairs = inner.inner_join(outer, within)
    order = library.row_number().over(library.window(group_by=pairs.process, order_by=[pairs.began.desc(), pairs.key]))
    ranked = pairs.mutate(word=order)
    return ranked.filter(ranked.word == 0).drop("word")


def once(jobs: Table) -> Table:
    """An attempt of which scheduler and recorder say something, once: hours of the one, FLOP of the other."""
    library = ibis()
    pairs = processes(jobs)
    counted = pairs.group_by("key").aggregate(
        counted_flop=pairs.process_flop.cast(FLOP).sum().cast("float64"),
        counted_run=pairs.process_run.min(), counted_model=pairs.process_model.min(),
        counted_stage=pairs.process_stage.min(),
    ).rename(counted_key="key")  # fmt: skip
    alone = jobs.anti_join(pairs, jobs.key == pairs.process)
    order = library.row_number().over(library.window(group_by=alone.key, order_by=alone.chip_name.asc()))
    both = alone.mutate(place=order).left_join(counted, alone.key == counted.counted_key)
    flop = library.ifelse(both.place == 0, both.counted_flop, 0.0)  # of two types of chip the first row has it
    found = both.mutate(
        flop=library.ifelse(both.counted_flop.notnull(), flop, both.flop),
        run=library.coalesce(both.run, both.counted_run),
        model=library.coalesce(both.model, both.counted_model),
        stage=library.coalesce(both.stage, both.counted_stage),
    )
    return found.select(*jobs.columns)


def longest(stretches: Table) -> Table:
    """Each stretch of steps once, in its longest version; of equals the later import."""
    library = ibis()
    order = [stretches.last_seq.desc(), stretches.import_number.desc(), stretches.first_row.desc()]
    ranked = stretches.mutate(word=library.row_number().over(library.window(group_by=stretches.key, order_by=order)))
    return ranked.filter(ranked.word == 0).drop("word")


def places(jobs: Table, by: Sequence[str]) -> Table:
    """Attempts whose FLOP was counted, with what is summed by."""
    columns = list(dict.fromkeys(["key", "chip_name", *(column(name) for name in by)]))
    return jobs.filter(jobs.flop.notnull()).select(*columns).order_by(["key", "chip_name"])


def measured(jobs: Table) -> Table:
    """With chip-time, and which statement of utilization counts."""
    return jobs.mutate(chip_time=whole(jobs.chips * jobs.seconds), basis=basis(jobs))


def whole(chip_seconds: Table) -> Table:
    """Chip-seconds in whole thousandths: sums of whole numbers are the same in any order and on any engine."""
    return (chip_seconds * 1000.0).round().cast("int64")


def basis(jobs: Table) -> Table:
    """What FLOP rests on: a count of the source, else what is stated of utilization."""
    return ibis().ifelse(jobs.flop.notnull(), "counted", stated(jobs))


def stated(jobs: Table) -> Table:
    """Which statement of utilization counts, never mixed: the first of `UTILIZATIONS` that there is."""
    return ibis().cases(*((jobs[name].notnull(), name) for name in UTILIZATIONS), else_="assumed")


def share(jobs: Table) -> Table:
    """The share of the peak which that statement names; nothing where there is none."""
    return ibis().coalesce(*(jobs[name] for name in UTILIZATIONS))


def named(jobs: Table, chips: Mapping[str, str]) -> Table:
    """With the chip that each name of a source means; the empty name is that of chips without one."""
    known = {name: chip for name, chip in chips.items() if name}
    meant = jobs.chip_name.substitute(known) if known else jobs.chip_name
    untyped = (jobs.chips > 0) & jobs.chip_name.isnull()
    return jobs.mutate(chip=ibis().ifelse(untyped, chips.get("", ""), meant))


def selected(jobs: Table, wanted: Mapping[str, str]) -> Table:
    """Those with these values; an empty value is that of rows without one."""
    for name, value in wanted.items():
        found = jobs[column(name)]
        jobs = jobs.filter(found == value if value else found.isnull())
    return jobs


def kinds(jobs: Table) -> Table:
    """Every kind of evidence."""
    return jobs.select("evidence").distinct()


def of_kinds(jobs: Table, wanted: Collection[str]) -> Table:
    """Those with evidence of these kinds."""
    return jobs.filter(jobs.evidence.isin(sorted(wanted)))


def chip_names(jobs: Table) -> Table:
    """Every name of a chip that held hours."""
    return jobs.filter(jobs.chips > 0).select("chip_name").distinct()


def hours(jobs: Table, by: Sequence[str]) -> Table:
    """Chip-time by the dimensions, by chip, by name, by class of evidence, and by what is known of utilization.

    `used` is chip-time times the stated utilization, `counted` the FLOP that sources counted themselves, `outcomes` how
    many rows say how it ended.
    """
    groups = list(dict.fromkeys([*(column(name) for name in by), "chip", "chip_name", "evidence", "basis"]))
    done = jobs.outcome == COMPLETED
    stated = share(jobs).fill_null(0.0)
    sums = {"held": jobs.chip_time, "used": whole(jobs.chips * jobs.seconds * stated)}
    counted = ibis().coalesce(jobs.flop, 0.0)
    sums |= {"counted": counted.cast(FLOP)}
    found = jobs.mutate(**sums, **{f"{name}_completed": ibis().ifelse(done, value, 0) for name, value in sums.items()})
    whole_time = {name: found[name].sum().cast("int64") for name in SUMS}
    flop = {name: found[name].sum().cast(FLOP) for name in COUNTED}
    return found.group_by(groups).aggregate(**whole_time, **flop, outcomes=found.outcome.count())


def segments(jobs: Table) -> Table:
    """Chip-time by chip, by what is stated of utilization, and by whether FLOP was counted too; and that FLOP."""
    found = jobs.mutate(
        stated=stated(jobs),
        has_count=jobs.flop.notnull(),
        used=whole(jobs.chips * jobs.seconds * share(jobs).fill_null(0.0)),
        counted=ibis().coalesce(jobs.flop, 0.0).cast(FLOP),
    )
    return found.group_by(["chip", "chip_name", "stated", "has_count"]).aggregate(
        held=found.chip_time.sum().cast("int64"),
        used=found.used.sum().cast("int64"),
        counted=found.counted.sum().cast(FLOP),
        jobs=found.key.nunique(),
    )


def binned(jobs: Table) -> Table:
    """Chip-time by which statement of utilization counts and by twentieths of it; of more than 1 in the last."""
    place = (share(jobs) * float(BINS)).floor().cast("int64").clip(0, BINS - 1)
    found = jobs.filter(share(jobs).notnull()).mutate(stated=stated(jobs), place=place)
    return found.group_by(["stated", "place"]).aggregate(
        held=found.chip_time.sum().cast("int64"), jobs=found.key.nunique()
    )


def attempts(jobs: Table, by: Sequence[str]) -> Table:
    """How many attempts by the dimensions: one with chips of two types is one."""
    groups = [column(name) for name in by]
    return (
        jobs.group_by(groups).aggregate(jobs=jobs.key.nunique()) if groups else jobs.aggregate(jobs=jobs.key.nunique())
    )


def keys(jobs: Table) -> Table:
    """Every attempt."""
    return jobs.select("key").distinct()


def listed(jobs: Table) -> Table:
    """Attempts in the order in which they began."""
    return jobs.order_by([jobs.started.asc(nulls_first=False), jobs.key.asc(), jobs.chip_name.asc()])
