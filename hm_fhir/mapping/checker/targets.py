"""What references point to: types, and the profiles that these resources claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.mapping.checker.naming import base_name, short
from hm_fhir.mapping.checker.plain import written_by_hand
from hm_fhir.mapping.checker.values import ANY_PROFILE, Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.objects import Objects
    from hm_fhir.mapping.checker.produced import Referred
    from hm_fhir.mapping.checker.scope import Made


class Targets:
    """Compares what references point to with what an element allows.

    Args:
        model: all types.
        objects: takes the templates apart.
        findings: where mistakes are added.
    """

    def __init__(self, model: TypeModel, objects: Objects, findings: Findings) -> None:
        self._model = model
        self._objects = objects
        self._findings = findings

    def check(self, referred: Referred | None, wanted: tuple[str, ...], name: str, spot: Spot) -> None:
        """Report what an element may not refer to.

        Args:
            referred: what the reference leads to; None: not known.
            wanted: what the element allows: types, and URLs of profiles; empty: anything.
            name: of the element, for messages.
            spot: of the reference.
        """
        if referred is None or not wanted or self._all_are_right(referred.written, wanted):
            return
        # What does not come together with the conditions of this place is looked at only when something is wrong.
        self._check(referred.exact, wanted, name, spot)

    def _all_are_right(self, targets: Iterable[Target], wanted: tuple[str, ...]) -> bool:
        return all(
            any(self._is(one.type, base_name(self._model, url)) and self._follows(one, url) for url in wanted)
            for one in targets
        )

    def _check(self, targets: Iterable[Target], wanted: tuple[str, ...], name: str, spot: Spot) -> None:
        of_type = {one: base_name(self._model, one) for one in wanted}
        for target in sorted(targets, key=str):
            near = [one for one in wanted if self._is(target.type, of_type[one])]
            if not near:
                article = "an" if target.type[:1] in "AEIO" else "a"
                self._findings.error(
                    spot, "wrong-reference", f"{name} cannot refer to {article} {target.type}",
                    f"it refers to {', '.join(sorted(set(of_type.values())))}",
                )  # fmt: skip
            elif not any(self._follows(target, one) for one in near):
                self._wrong_profile(target, near, name, spot)

    def _is(self, kind: str, ancestor: str) -> bool:
        return kind == ancestor or self._model.is_subtype(kind, ancestor)

    def _follows(self, target: Target, wanted: str) -> bool:
        if "/" not in wanted or target.profile == ANY_PROFILE:
            return True
        return target.profile is not None and self._is(target.profile, wanted)

    def _wrong_profile(self, target: Target, wanted: list[str], name: str, spot: Spot) -> None:
        rule = f"the resource {target.name!r}" if target.name else f"this {target.type}"
        has = f"has the profile {short(target.profile)}" if target.profile else "has no profile"
        asked = " or ".join(short(one) for one in wanted)
        fix = f"let it have `profile: {wanted[0]}`"
        if target.profile:
            fix = f"refer to a resource with `profile: {wanted[0]}`, or let it have that"
        self._findings.error(spot, "wrong-target-profile", f"{name} refers to {asked}, and {rule} {has}", fix)

    def literal(self, made: Made, wanted: tuple[str, ...], name: str) -> None:
        """Check a reference that is written as an object: its type, and that nobody writes ids by hand.

        Args:
            made: the object.
            wanted: as for `check`.
            name: of the element, for messages.
        """
        for variant in self._objects.variants(made):
            for key in ("reference", "type"):
                for leaf in variant.members.get(key, ()):
                    codes = self._objects.of_leaf(leaf).codes() or ()
                    kinds = {str(code).rpartition("/")[0].rpartition("/")[2] if key == "reference" else str(code)
                             for code in codes}  # fmt: skip
                    # What a server or an identifier stands for may follow any profile.
                    targets = [Target(kind, ANY_PROFILE) for kind in kinds - {""}]
                    if wanted:
                        self._check(targets, wanted, name, leaf.spot)
            for leaf in written_by_hand(variant, self._objects):
                self._findings.error(
                    leaf.spot, "literal-reference",
                    f"{name} has an id that is written by hand, and it is the engine that makes the ids",
                    "use reference('name') in the place of the object",
                )  # fmt: skip
