"""What was computed for a model, part by part, each with the activity that laws tell apart.

The training compute of a model is reconciled as a whole; its stages share it in the proportion of their own estimates,
draw by draw. What was computed beside the training, and the models that it was made from, stand on their own. Every
unknown that parts have in common is drawn once, so that its error is not averaged away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from comptometer import library
from comptometer.catalogue import Entry, attempt
from comptometer.derivation import inherited
from comptometer.distribution import Point
from comptometer.errors import NotFound
from comptometer.law import ACTIVITIES, Activity
from comptometer.lineage import total
from comptometer.quantity import Estimate, summed
from comptometer.records import Base, Claim, Dossier, Stage

FORWARD: frozenset[str] = frozenset(  # no gradient: two operations per parameter and token, not six
    {"synthetic-private", "synthetic-public", "teacher-forward", "reward-forward", "rl-rollout", "evaluation",
     "data-filter"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that was computed.

    Attributes:
        value: in FLOP; None where nothing says how much it took.
        stated: does a file say which activity it is, or is it taken to be pre-training?
        own: is it part of this model's training, or beside it, or of a model that it was made from?
        claims: what the value rests on; formula: how it reads with numbers, where it is an estimate of its own.
        base: the model that it was made from, where it is one.
    """

    name: str
    activity: Activity
    value: Estimate | None
    stated: bool = True
    own: bool = True
    claims: Sequence[Claim] = ()
    formula: str = ""
    base: Base | None = None


def parts_of(entry: Entry) -> list[Part]:
    """Everything that a dossier says was computed: its stages, what is beside them, and the models before it."""
    dossier = entry.dossier
    beside = [_beside(stage, dossier) for stage in dossier.activities]
    return [*_stages(entry), *beside, *(_before(base, dossier) for base in bases_of(dossier))]


def bases_of(dossier: Dossier) -> Sequence[Base]:
    """The models that it was made from; of a fine-tune of which no more is said, the one that it names."""
    if dossier.bases or not dossier.base_model or dossier.basis != "increment":
        return dossier.bases
    return [Base(name=dossier.base_model, relation="modified", model=dossier.base_model)]


def _stages(entry: Entry) -> list[Part]:
    """The stages, sharing the whole; one part where there are none, or one of them has no estimate of its own."""
    dossier = entry.dossier
    found = [attempt(_as_dossier(stage, dossier)) for stage in dossier.stages]
    entries = [one for one in found if isinstance(one, Entry)]
    together = summed([one.value for one in entries])
    if together is None or len(entries) < len(found):
        kinds = {activity for stage in dossier.stages if (activity := activity_of(stage))}
        kind = kinds.pop() if len(kinds) == 1 else "pretrain"
        return [Part(name="training", activity=kind, value=entry.value, stated=False, claims=entry.claims)]
    parts = []
    for stage, one in zip(dossier.stages, entries, strict=True):
        said = activity_of(stage)
        parts.append(
            Part(
                name=stage.name, activity=said or "pretrain", value=entry.value * (one.value / together),
                stated=said is not None, claims=one.claims, formula=_formula(one),
            )
        )  # fmt: skip
    return parts


def activity_of(stage: Stage) -> Activity | None:
    """The activity that a stage says it is; None where its kind is in other words.

    >>> activity_of(Stage(name="x", kind="sft")), activity_of(Stage(name="x", kind="phase 2"))
    ('sft', None)
    """
    return next((activity for activity in ACTIVITIES if activity == stage.kind), None)


def _beside(stage: Stage, dossier: Dossier) -> Part:
    kind = activity_of(stage) or "other-capability"
    part = Part(name=stage.name, activity=kind, value=None, own=False, claims=stage.claims)
    mine = _as_dossier(stage, dossier)
    if kind in FORWARD and not any(claim.about == "backward_factor" for claim in stage.claims):
        mine = replace(mine, claims=[*mine.claims, _forward_alone(dossier.id)])
    found = attempt(mine)
    if not isinstance(found, Entry):
        return part
    return replace(part, value=found.value, claims=found.claims, formula=_formula(found))


def _forward_alone(subject: str) -> Claim:
    """There are no gradients: forward and backward over forward is 1."""
    return Claim(id=f"{subject}:backward_factor#forward", about="backward_factor", value="1", belief=Point(1.0),
                 kind="assumed", source="openai-2018-ai-and-compute", where="a forward pass alone")  # fmt: skip


def _before(base: Base, dossier: Dossier) -> Part:
    kind: Activity = "teacher-train" if base.relation == "teacher" else "merge-parent"
    part = Part(name=base.name, activity=kind, value=None, own=False, claims=base.claims, base=base)
    if base.claims:
        found = attempt(replace(dossier, id=f"{dossier.id}:{base.name}", claims=base.claims, stages=(), segments=(),
                                activities=(), bases=(), ledger=None, base_model="", basis="total"))  # fmt: skip
        return replace(part, value=found.value, claims=found.claims) if isinstance(found, Entry) else part
    if not base.model:
        return part
    company = library.library()
    item = company.find(base.model)
    if item is None:
        raise NotFound("model", base.model, hint="bases: name one of the catalogue, or give claims about its compute")
    found = attempt(item.dossier(aside=False))
    return replace(part, value=total(item, found, company)) if isinstance(found, Entry) else part


def _as_dossier(part: Stage, dossier: Dossier) -> Dossier:
    """A part alone, under the id of the whole: what is unknown of the whole is the same unknown in each part."""
    mine = [*part.claims, *inherited(dossier, part.claims)]
    return replace(dossier, claims=mine, stages=(), segments=part.segments, activities=(), bases=(), ledger=None)


def _formula(entry: Entry) -> str:
    return "; ".join(f"{outcome.formula}" for outcome in entry.methods.values())
