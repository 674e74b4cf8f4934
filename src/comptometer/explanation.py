"""Why a number is what it is: value ← method ← claim ← source and place, as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from comptometer import labels, text
from comptometer.catalogue import Entry
from comptometer.evidence import source_named
from comptometer.exact_counts import is_counted_from
from comptometer.put_aside import put_aside
from comptometer.records import Claim
from comptometer.units import FLOP_PER_PFS_DAY


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree, and what it rests on."""

    text: str
    kind: str
    children: Sequence[Node] = ()

    def lines(self, before: str = "", own: str = "") -> list[str]:
        """The tree as text, with branches drawn."""
        found = [own + self.text]
        for at, child in enumerate(self.children):
            last = at == len(self.children) - 1
            found += child.lines(before + ("   " if last else "│  "), before + ("└─ " if last else "├─ "))
        return found

    def to_dict(self) -> dict[str, Any]:
        """The same as nested objects."""
        row: dict[str, Any] = {"kind": self.kind, "text": self.text}
        return row | ({"children": [child.to_dict() for child in self.children]} if self.children else {})

    def __str__(self) -> str:
        return "\n".join(self.lines())


def explain(model: Entry | str) -> Node:
    """The tree of one model, down to source and place.

    Args:
        model: an entry, or anything that `estimate` takes as its source.

    >>> print(str(explain("dqn")).splitlines()[0])
    DQN: 2.3e15 FLOP, 90% 2.1e15 to 2.6e15 (2.7e-5 petaFLOP/s-days)
    """
    if isinstance(model, str):
        from comptometer.request import estimate

        model = estimate(model)
    methods = [_method(model, name) for name in model.methods]
    low, high = model.interval()
    return Node(
        f"{model.name}: {text.number(model.median, 2)} FLOP, 90% {text.interval(low, high)} "
        f"({text.number(model.median / FLOP_PER_PFS_DAY, 2)} petaFLOP/s-days)",
        "value",
        [*methods, *_lineage(model), *_agreement(model), *_missing(model), *_references(model)],
    )


def _method(model: Entry, name: str) -> Node:
    outcome = model.methods[name]
    weight = model.compute.weights.get(name)
    beside = model.compute.aside.get(name, "no evidence of its own")
    share = f"weight {text.percent(weight)}" if weight is not None else f"shown beside, not averaged: {beside}"
    low, high = outcome.estimate.interval()
    counted = [claim for claim in outcome.claims if claim.about == "architecture"]
    head = f"{name}: {text.number(outcome.estimate.median, 2)} FLOP, 90% {text.interval(low, high)} ({share})"
    return Node(
        head,
        "method",
        [
            Node(f"formula: {outcome.formula}", "formula"),
            *(_claim(model, claim, counted) for claim in outcome.claims if claim not in counted),
            *(Node(f"note: {warning}", "warning") for warning in outcome.warnings),
        ],
    )


def _claim(model: Entry, claim: Claim, counted: Sequence[Claim] = ()) -> Node:
    tag = f" [{claim.tag}]" if claim.tag else ""
    chip = f" ({claim.chip})" if claim.chip else ""
    source = model.source(claim)
    said = source.title + (f", {claim.where}" if claim.where else "")
    details = [Node(said + (f" <{source.url}>" if source.url else ""), "source")]
    if not claim.verified:
        details.append(Node("unverified: nobody of us has read this at the source", "warning"))
    if "architecture" in claim.rests_on:
        details = _count(model, claim, counted)
    elif claim.rests_on:
        details.append(Node(f"worked out by its author from {', '.join(sorted(claim.rests_on))}", "lineage"))
    if claim.note:
        details.append(Node(claim.note, "note"))
    return Node(f"{labels.about(claim.about)} = {claim.value}{chip}{tag}, {claim.kind}", "claim", details)


def _count(model: Entry, claim: Claim, counted: Sequence[Claim]) -> list[Node]:
    """What a count was made from; with the cost of an example also the printed ones that it was taken before."""
    made_from = [_claim(model, a) for a in counted if is_counted_from(claim, a)]
    printed = model.beside if claim.about == "flop_per_example" else []
    shown = [Node("beside it, not used", "beside", [_claim(model, other) for other in printed])] if printed else []
    return [Node(claim.where, "count", made_from), *shown]


def _lineage(model: Entry) -> list[Node]:
    """What the base model has to do with the value, and what is stated with it."""
    stated = [_claim(model, claim) for claim in model.dossier.claims if claim.about == "lineage_compute"]
    return [Node(model.built_on, "base", stated)] if model.built_on else []


def _agreement(model: Entry) -> list[Node]:
    compared = [
        Node(
            f"{c.first} over {c.second}: {text.number(c.ratio, 3)}, z {text.number(c.z, 2)}, {c.verdict}"
            + ("" if c.independent else " (not independent)"),
            "comparison",
        )
        for c in model.compute.comparisons
    ]
    causes = [
        Node(
            f"{h.id}: ×{text.number(h.factor)} explains {h.between} (leaves {text.number(h.residual)}): {h.text}"
            + ("; already taken into account" if h.applied else f"; settled by {h.settles}"),
            "hypothesis",
        )
        for h in model.hypotheses
    ]
    open_answers = [
        Node(
            f"answer: {text.number(estimate.median, 2)} FLOP by {name}, one of those that the interval spans", "answer"
        )
        for name, estimate in model.compute.answers.items()
    ]
    return [Node(f"agreement: {model.compute.verdict}", "agreement", [*compared, *open_answers, *causes])]


def _missing(model: Entry) -> list[Node]:
    return [
        Node(
            f"{name} would need {', '.join(map(labels.need, needs))}",
            "missing",
            [Node(str(reason), "aside") for reason in put_aside(model.dossier, needs)],
        )
        for name, needs in model.missing.items()
    ]


def _references(model: Entry) -> list[Node]:
    sources = [source_named(name, model.dossier) for name in model.dossier.references]
    return [Node(f"described in {s.title}" + (f" <{s.url}>" if s.url else ""), "reference") for s in sources]
