"""Compares our verdict with the official HL7 validation's on resources that are changed at random.

    python benchmarks/agreement/run.py --seed 7 --mutants 2000
    python benchmarks/agreement/run.py --mutants 500 --kinds coding,quantity --show 50

Half of the mutants are output of the base pack with its profiles, half generated resources of any R4 type. A resource
whose unchanged form the official validation refuses is left out first. The verdict is: any error, or none. Needs Java
17 and Maven. Exit 1: agreement below the wanted share, or a disagreement without a reason in explained.yaml.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import content  # noqa: E402
import elements  # noqa: E402
import yaml  # noqa: E402
from bundles import TEXTS, bundle  # noqa: E402
from change import Change  # noqa: E402
from corpus import PACKAGE, any_type, base_pack, examples  # noqa: E402
from places import Json  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from verdicts import Finding, official, ours  # noqa: E402

from hm_fhir.fhir.definitions import r4  # noqa: E402
from hm_fhir.fhir.json import to_json  # noqa: E402
from hm_fhir.testing.activity_parts import Deck  # noqa: E402
from hm_fhir.testing.people import Chance  # noqa: E402
from hm_fhir.testing.resource_extensions import KnownExtensions  # noqa: E402
from hm_fhir.testing.resource_values import Values  # noqa: E402

KINDS = {**elements.mutation, **content.mutation, "bundle": bundle}
TEXT_SHARE = 0.06
SECOND_CHANGE = 0.1
TRIES = 20
PER_BASE = 3
MOST_BYTES = 1_500_000


@dataclass(slots=True)
class Mutant:
    """A changed resource.

    Args:
        base: line of what it was made of.
        kind: kinds of mutation, joined by ``+``.
        where: what was changed.
        text: its JSON.
    """

    base: int
    kind: str
    where: str
    text: bytes


@dataclass(slots=True)
class Outcome:
    """What came out.

    Args:
        mutants: that were judged.
        left_out: bases that the official validation refuses.
        both: counts of (we find errors, they find errors), by kind.
        disagreements: line of the mutant and the side that finds errors, with its findings.
    """

    mutants: list[Mutant]
    left_out: list[int]
    both: dict[str, Counter[tuple[bool, bool]]] = field(default_factory=lambda: defaultdict(Counter))
    disagreements: list[tuple[Mutant, str, list[Finding]]] = field(default_factory=list)

    @property
    def agreed(self) -> int:
        """How many mutants have one verdict."""
        return len(self.mutants) - len(self.disagreements)


class Maker:
    """Makes mutants."""

    def __init__(self, seed: int, kinds: Sequence[str] | None) -> None:
        self._model = r4()
        self._chance = Chance(seed)
        deck = Deck(Chance(seed + 1))
        self._values = Values(deck, self._model)
        self._extensions = KnownExtensions(deck, self._model, self._values)
        self._kinds = kinds

    def mutant(self, number: int, base: int, resource: Json) -> Mutant:
        """Return one of a resource; kinds come in turn."""
        if self._chance.happens(TEXT_SHARE) and self._kinds is None:
            name = self._chance.pick(sorted(TEXTS))
            text = TEXTS[name](to_json(resource).decode(), self._chance)
            return Mutant(base, name, "the text", text.encode())
        names = self._kinds or sorted(KINDS)
        for turn in range(TRIES):
            kind = names[number % len(names)] if not turn else self._chance.pick(names)
            change = self._change(resource)
            where = KINDS[kind](change)
            if where is None:
                continue
            if self._chance.happens(SECOND_CHANGE):
                other = self._chance.pick(names)
                # A change may not fit what another one made of the resource.
                with suppress(AttributeError, KeyError, TypeError, IndexError):
                    if KINDS[other](change) is not None:
                        kind = f"{kind}+{other}"
            text_now = _text(change.resource)
            if text_now is not None:
                return Mutant(base, kind, where, text_now)
        return Mutant(base, "nothing", "as it is", to_json(resource))

    def _change(self, resource: Json) -> Change:
        profiles = resource.get("meta", {}).get("profile", ())
        return Change(self._chance, self._model, self._values, deepcopy(resource), self._extensions, profiles)


def _text(resource: Json) -> bytes | None:
    try:
        text = to_json(resource)
    except (ValueError, TypeError):
        return None
    return text if len(text) < MOST_BYTES else None


def compare(bases: list[Json], mutants: list[Mutant], packages: list[Path], folder: Path) -> Outcome:
    """Judge all by both sides; what is made of a refused base does not count."""
    file = folder / "cases.ndjson"
    lines = [to_json(base) for base in bases] + [mutant.text for mutant in mutants]
    file.write_bytes(b"\n".join(lines) + b"\n")
    begin = time.perf_counter()
    theirs = official(file, packages)
    between = time.perf_counter()
    found = ours(file, packages)
    print(f"official {between - begin:.1f} s, ours {time.perf_counter() - between:.1f} s")
    left_out = sorted(line for line in theirs if line < len(bases))
    outcome = Outcome([one for one in mutants if one.base not in set(left_out)], left_out)
    for line, mutant in enumerate(mutants, len(bases)):
        if mutant.base in set(left_out):
            continue
        bad = line in found, line in theirs
        outcome.both[mutant.kind.partition("+")[0]][bad] += 1
        if bad[0] != bad[1]:
            side, said = ("ours", found) if bad[0] else ("official", theirs)
            outcome.disagreements.append((mutant, side, said[line]))
    return outcome


def explanation(side: str, findings: list[Finding], known: list[dict[str, Any]]) -> str | None:
    """Return the reasons of a disagreement, or None when a finding has none."""
    reasons = []
    for finding in findings:
        for entry in known:
            if (
                entry["side"] == side
                and entry["rule"] == finding.rule
                and re.search(entry.get("text", ""), finding.text)
            ):
                reasons.append(str(entry["reason"]))
                break
        else:
            return None
    return " ".join(dict.fromkeys(reasons))


def report(outcome: Outcome, known: list[dict[str, Any]], show: int) -> int:
    """Print everything; return how many disagreements have no reason."""
    console = Console(width=150)
    table = Table("kind of mutation", "both refuse", "both accept", "only we refuse", "only they refuse")
    for kind in sorted(outcome.both):
        counts = outcome.both[kind]
        cells = [counts[key] for key in ((True, True), (False, False), (True, False), (False, True))]
        table.add_row(kind, *(str(cell) if cell else "" for cell in cells))
    console.print(table)
    unexplained = 0
    reasons: Counter[str] = Counter()
    for mutant, side, findings in outcome.disagreements:
        reason = explanation(side, findings, known)
        if reason is not None:
            reasons[reason] += 1
            continue
        unexplained += 1
        if unexplained <= show:
            console.print(f"[{mutant.kind}] {mutant.where}: only {side}", markup=False, highlight=False)
            for finding in findings[:3]:
                words = f"    {finding.rule} at {finding.location}: {finding.text}"
                console.print(words[:400], markup=False, highlight=False, soft_wrap=True)
    for reason, count in reasons.most_common():
        console.print(f"{count} x {reason}", markup=False, highlight=False)
    return unexplained


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mutants", type=int, default=2000)
    parser.add_argument("--kinds", help="only these, with commas between")
    parser.add_argument("--show", type=int, default=20, help="how many unexplained disagreements are printed")
    parser.add_argument("--wanted", type=float, default=0.98, help="share that must agree")
    parser.add_argument("--keep", type=Path, help="folder in which the cases and all disagreements are left")
    given = parser.parse_args()
    bases = base_pack(given.seed, given.mutants // 2 // PER_BASE) + examples(PACKAGE)
    profiled = len(bases)
    bases += any_type(given.seed, given.mutants // 2 // PER_BASE)
    maker = Maker(given.seed, given.kinds.split(",") if given.kinds else None)
    chance = Chance(given.seed + 2)
    mutants = []
    for number in range(given.mutants):
        base = chance.number(0, profiled - 1) if number % 2 else chance.number(profiled, len(bases) - 1)
        mutants.append(maker.mutant(number // 2, base, bases[base]))
    folder = given.keep or Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True, parents=True)
    outcome = compare(bases, mutants, [PACKAGE], folder)
    known = yaml.safe_load((HERE / "explained.yaml").read_text())
    unexplained = report(outcome, known, given.show)
    if given.keep:
        lines = [
            {"kind": mutant.kind, "where": mutant.where, "side": side,
                "resource": mutant.text.decode(errors="replace"),
             "findings": [[one.rule, one.location, one.text] for one in findings]}
            for mutant, side, findings in outcome.disagreements
        ]  # fmt: skip
        (folder / "disagreements.ndjson").write_text("\n".join(map(json.dumps, lines)))
    share = outcome.agreed / len(outcome.mutants)
    print(
        f"{len(outcome.mutants)} mutants of {len(bases) - len(outcome.left_out)} resources"
        f" ({len(outcome.left_out)} left out); agreement {share:.2%};"
        f" {unexplained} of {len(outcome.disagreements)} disagreements not explained"
    )
    return 0 if share >= given.wanted and not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
