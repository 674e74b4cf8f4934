"""The work of a count as a tree of modules: `layers.*.attention.q` lies in `attention`, in `layers.*`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from comptometer.ops import OpCount, Term


@dataclass(slots=True, kw_only=True)
class Branch:
    """A module with what lies in it.

    Attributes:
        name: the last part of its path; a number that repeats (`*`) stays with the part before it.
        path: from the root.
        forward: FLOP of the forward pass, with all that lies in it.
        backward: FLOP of the gradients, likewise.
        operations: the kinds of operation of its own, without what lies in it.
        children: in the order of the model.
    """

    name: str
    path: str
    forward: int = 0
    backward: int = 0
    operations: list[str] = field(default_factory=list)
    children: dict[str, Branch] = field(default_factory=dict)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Branch]]:
        """This module and all in it, each before what lies in it, with their depths."""
        yield depth, self
        for child in self.children.values():
            yield from child.walk(depth + 1)


def parts(path: str) -> list[str]:
    """The steps of a path.

    >>> parts("layers.*.attention.q")
    ['layers.*', 'attention', 'q']
    """
    steps: list[str] = []
    for step in path.split("."):
        if step == "*" and steps:
            steps[-1] += ".*"
        else:
            steps.append(step)
    return steps


def tree(found: OpCount) -> Branch:
    """All modules of a count under one root."""
    return grown(found.target or "model", found.terms)


def grown(name: str, terms: Iterable[Term]) -> Branch:
    """A tree from its leaves; work of a module itself, beside that of modules in it, is on its own account."""
    root = Branch(name=name, path="")
    for term in terms:
        branch = root
        for on in _way(root, parts(term.module)):
            branch = on
            branch.forward += term.forward
            branch.backward += term.backward
        if term.operation not in branch.operations:
            branch.operations.append(term.operation)
    return root


def _way(root: Branch, steps: Sequence[str]) -> Iterator[Branch]:
    branch = root
    yield branch
    for step in steps:
        path = f"{branch.path}.{step}" if branch.path else step
        branch = branch.children.setdefault(step, Branch(name=step, path=path))
        yield branch
