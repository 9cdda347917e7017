"""Activity -> resources. No clock, no random, no database: the same activity and packs give the same bytes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import RecordRejected
from hm_fhir.fhirpath import Scope
from hm_fhir.mapping.dispatch import Dispatch
from hm_fhir.mapping.functions import Knowledge
from hm_fhir.mapping.loader import check_code_systems
from hm_fhir.mapping.mapped import Mapped, Resource
from hm_fhir.mapping.program import Program
from hm_fhir.mapping.reuse import Kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hm_fhir.activities.identity import Identity
    from hm_fhir.mapping.conceptmap import CodeSystem
    from hm_fhir.mapping.maker import Reused
    from hm_fhir.mapping.pack import CompiledMapping, Pack
    from hm_fhir.mapping.program import Watch

__all__ = ["Mapped", "Mapper", "Resource"]

RESOURCES_KEPT = 4096
"""How many resources are kept for activities with the same mediator, municipality or facility; some 3 KB each."""


class Mapper:
    """Maps activities with the packs in force.

    Args:
        packs: loaded packs; at most one mapping of all should match an activity.
        identity: makes ids and surrogate identifiers.
        code_systems: the code systems that ``coding()`` knows, by name.
        systems: URI of the identifier systems of this deployment by kind (``egn``, ``nrn`` ...), since not every
            register publishes one; in mappings ``%systems`` is the list of ``{"kind", "uri"}``.
        watch: gives for each mapping file what is put around the nodes of its templates (see `closures.Around`), to
            watch a mapping at work; it is slower then, since nothing is kept from one activity for the next.

    Raises:
        MappingErrors: a ``coding()`` names a code system or code that does not exist.
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        identity: Identity,
        code_systems: Mapping[str, CodeSystem],
        systems: Mapping[str, str] | None = None,
        *,
        watch: Watch | None = None,
    ) -> None:
        self._packs = tuple(packs)
        self.identity = identity
        self._given_systems = code_systems
        self._uris = dict(systems or {})
        self._code_systems = {**code_systems, **{system.url: system for system in code_systems.values()}}
        self._systems = [{"kind": kind, "uri": uri} for kind, uri in sorted(self._uris.items())]
        self._watch = watch
        for pack in self._packs:
            check_code_systems(pack, self._code_systems)
        self._knowledge = {
            pack.name: Knowledge(pack.types, pack.concept_maps, self._code_systems, keeps=watch is None)
            for pack in self._packs
        }
        self._kept: Kept[Reused] = Kept(RESOURCES_KEPT)
        self._in_force = self._dispatch([(pack, mapping) for pack in self._packs for mapping in pack.mappings])
        self._of_cases: dict[str, Dispatch[Program]] = {}
        self._fingerprint = self._digest()

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The packs in force."""
        return self._packs

    @property
    def fingerprint(self) -> str:
        """SHA-256 hex of everything beside the activity that decides what it becomes: packs, codes, systems."""
        return self._fingerprint

    def watched(self, watch: Watch, packs: Sequence[Pack] | None = None) -> Mapper:
        """Return a mapper that does the same, watched.

        Args:
            watch: as for the class.
            packs: the same packs, where something around templates is watched too.
        """
        return Mapper(
            self._packs if packs is None else packs, self.identity, self._given_systems, self._uris, watch=watch
        )

    def map(self, activity: Mapping[str, Any], *, cases_of: Pack | None = None) -> Mapped | None:
        """Return what an activity becomes, or None if no mapping is for it.

        What comes back shares parts with the activity, and with what other activities become: it is to be read only.

        Args:
            activity: plain JSON data with ``key`` and ``sensitivity``, as ``Activity.for_mapping()`` gives it.
            cases_of: a pack whose own mappings count here, although other packs replace them.

        Raises:
            MappingRefused: the mapping says that it must not be sent as it is; `code` is the mapping's.
            RecordRejected: an expression fails on it, a code is unknown or has no translation, or two mappings match.
        """
        root = activity if isinstance(activity, dict) else dict(activity)
        variables: dict[str, Any] = {"activity": root, "context": root, "systems": self._systems}
        program = self._find(root, variables, cases_of)
        return program.run(root, variables) if program else None

    def _find(self, root: dict[str, Any], variables: dict[str, Any], cases_of: Pack | None) -> Program | None:
        dispatch = self._in_force if cases_of is None or not cases_of.replaced else self._for_cases(cases_of)
        candidates = dispatch.candidates(root)
        if len(candidates) == 1 and candidates[0][0] is None:
            return candidates[0][1]
        scope = Scope(root, variables)
        found = [program for when, program in candidates if when is None or when.true(scope)]
        if len(found) > 1:
            names = " and ".join(program.place for program in found)
            raise RecordRejected(
                f"several mappings are for this activity: {names}",
                code="two-mappings",
                fix="make their `when` exclude each other",
            )
        return found[0] if found else None

    def _dispatch(self, mappings: Iterable[tuple[Pack, CompiledMapping]]) -> Dispatch[Program]:
        return Dispatch(
            [(mapping.when, self._program(pack, mapping)) for pack, mapping in mappings],
            asks_all=self._watch is not None,
        )

    def _program(self, pack: Pack, mapping: CompiledMapping) -> Program:
        return Program(pack, mapping, self.identity, self._knowledge[pack.name], self._kept, self._watch)

    def prepare(self) -> None:
        """Make all closures of all mappings; otherwise the first activity of each type does."""
        for program in self._in_force:
            program.prepare()

    def _for_cases(self, cases_of: Pack) -> Dispatch[Program]:
        if cases_of.name not in self._of_cases:
            self._of_cases[cases_of.name] = self._dispatch(self._with_replaced(cases_of))
        return self._of_cases[cases_of.name]

    def _with_replaced(self, cases_of: Pack) -> list[tuple[Pack, CompiledMapping]]:
        in_force = [(pack, mapping) for pack in self._packs for mapping in pack.mappings]
        every = [*in_force, *((pack, mapping) for pack in self._packs for mapping in pack.replaced)]
        restored = [(cases_of, mapping) for mapping in cases_of.replaced]
        aside: set[str] = set()
        replaced = {f"{cases_of.name}/{mapping.name}" for mapping in cases_of.replaced}
        while replaced:  # what replaces a mapping may be replaced itself
            replaced = {f"{pack.name}/{mapping.name}" for pack, mapping in every if mapping.replaces in replaced}
            aside |= replaced
        others = [(pack, one) for pack, one in in_force if f"{pack.name}/{one.name}" not in aside]
        return [*restored, *others]

    def _digest(self) -> str:
        digest = hashlib.sha256()
        systems = {
            name: {code: concept.display for code, concept in system.concepts.items()}
            for name, system in self._code_systems.items()
        }
        parts = (
            *(f"{pack.label} {pack.digest}" for pack in self._packs),
            json.dumps(systems, sort_keys=True),
            json.dumps(self._systems),
        )
        for part in parts:
            digest.update(hashlib.sha256(part.encode()).digest())
        return digest.hexdigest()
