"""What a measurement of coverage holds: the branches of mapping files, and which of them cases reach."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Branch:
    """One way that a mapping can go.

    Attributes:
        file: the mapping file.
        place: ``file:line:column``.
        says: what no case has, if nothing reaches it.
        around: the branch that has to be reached first, or None.
        times: how often cases reached it.
    """

    file: str
    place: str
    says: str
    around: Branch | None = None
    times: int = 0

    @property
    def is_reached(self) -> bool:
        """Whether a case reaches it."""
        return self.times > 0


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """The branches of one file.

    Attributes:
        file: its name.
        branches: in the order of the file.
    """

    file: str
    branches: tuple[Branch, ...]

    @property
    def reached(self) -> int:
        """How many branches cases reach."""
        return sum(branch.is_reached for branch in self.branches)

    @property
    def unreached(self) -> tuple[Branch, ...]:
        """Branches to write cases for; those inside of an unreached one are not among them."""
        return tuple(
            branch
            for branch in self.branches
            if not branch.is_reached and (branch.around is None or branch.around.is_reached)
        )


@dataclass(frozen=True, slots=True)
class MapCoverage:
    """The codes of a concept map; information, not part of the percentage.

    Attributes:
        name: of the map.
        used: how many of its codes cases translate.
        unused: the other codes.
    """

    name: str
    used: int
    unused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What cases reach.

    Attributes:
        files: by name.
        concept_maps: by name; those of the packs that were looked at.
    """

    files: tuple[FileCoverage, ...]
    concept_maps: tuple[MapCoverage, ...] = field(default=())

    @property
    def total(self) -> int:
        """How many branches there are."""
        return sum(len(one.branches) for one in self.files)

    @property
    def reached(self) -> int:
        """How many of them cases reach."""
        return sum(one.reached for one in self.files)

    @property
    def unreached(self) -> tuple[Branch, ...]:
        """Branches to write cases for."""
        return tuple(branch for one in self.files for branch in one.unreached)

    @property
    def percent(self) -> float:
        """Reached of all, 100 only when every branch is reached."""
        return 100 * self.reached / self.total if self.total else 100.0
