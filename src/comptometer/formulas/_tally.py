"""What a part of a model adds up to: its contractions, its work on separate axes, its parameters."""

from __future__ import annotations

from dataclasses import replace

from comptometer.ops import Term


class Tally:
    """Sums that grow while a part of a model is written down, once for all its equal copies.

    Attributes:
        times: how often the part is run.
        copies: how often its parameters are there: as often, unless the copies share them.
        terms: the contractions, in the order of the model.
        extras: work on the separate axes, where it is asked for.
        parameters: of all modules.
        active: those that one token uses.
        embedding: those of input embeddings.
        trained: those that get a gradient.
    """

    __slots__ = ("active", "copies", "embedding", "extras", "parameters", "terms", "times", "trained")

    def __init__(self, times: int = 1, copies: int = 1) -> None:
        """Start with nothing."""
        self.times, self.copies = times, copies
        self.terms: list[Term] = []
        self.extras: dict[str, list[Term]] = {}
        self.parameters = self.active = self.embedding = self.trained = 0

    def own(self, size: int, held: int = 1, chosen: int = 1, *, trained: bool) -> None:
        """Add the parameters of a module, of which the part holds several and one token uses those that are chosen."""
        held *= size * self.copies
        self.parameters += held
        self.active += chosen * size * self.copies
        if trained:
            self.trained += held

    def add(self, part: Tally) -> None:
        """Add what a part of this part adds up to."""
        self.terms += part.terms
        for axis, work in part.extras.items():
            self.extras.setdefault(axis, []).extend(work)
        self.parameters += part.parameters
        self.active += part.active
        self.embedding += part.embedding
        self.trained += part.trained

    def recompute(self) -> None:
        """The backward pass computes every activation again."""
        self.terms = [replace(term, recomputed=term.forward) for term in self.terms]

    def idle(self) -> None:
        """Nothing of it is run: what stays is parameters, which no token uses and nothing trains."""
        self.terms, self.extras = [], {}
        self.active = self.trained = 0

    def forward_only(self) -> None:
        """No result depends on it: no gradient is formed."""
        self.terms = [replace(term, backward=0, recomputed=0) for term in self.terms]
        self.extras = {axis: [replace(term, backward=0) for term in work] for axis, work in self.extras.items()}
        self.trained = 0
