"""The peers: fpml with the templates of the pack, and fhir.resources building and dumping the same resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fhirpathpy
from fhir.resources.R4B import get_fhir_model_class
from floor import ENCODE, Floor
from fpml import make_evaluator, resolve_template

from hm_fhir.mapping.files.yaml_file import read_yaml

TYPES = {
    "patient": "Patient",
    "encounter": "Encounter",
    "service-request": "ServiceRequest",
    "care-plan": "CarePlan",
    "practitioner-role": "PractitionerRole",
    "municipality": "Organization",
    "facility": "Organization",
}


class Fpml:
    """The pack, rendered by fpml; ids, labels and the three functions are those of the floor.

    Args:
        pack: folder of the pack.
        floor: makes ids and has the tables.
        is_cached: compile each expression once, which fpml by itself does not do.
    """

    def __init__(self, pack: Path, floor: Floor, *, is_cached: bool) -> None:
        mapping = read_yaml(pack / "home-visit.yaml").value
        self.floor = floor
        self.rules = mapping["resources"]
        self.assign = mapping["assign"]
        self.refuse = mapping["refuse"]
        self.systems = [{"kind": kind, "uri": uri} for kind, uri in sorted(floor.systems.items())]
        self.produced: dict[str, str] = {}
        options: Any = {
            "userInvocationTable": {
                "reference": {"fn": self.reference, "arity": {1: ["Any"], 2: ["Any", "Any"]}},
                "coding": {"fn": self.coding, "arity": {2: ["Any", "Any"], 3: ["Any", "Any", "Any"]}},
                "translate": {"fn": self.translate, "arity": {1: ["Any"]}},
            }
        }
        self.evaluate = _cached(options) if is_cached else make_evaluator(options=options)

    def texts(self, activity: dict[str, Any]) -> list[bytes]:
        """Return the resources of a visit as JSON texts."""
        return list(self._texts(activity))

    def _texts(self, activity: dict[str, Any]) -> Iterator[bytes]:
        variables: dict[str, Any] = {"systems": self.systems}
        for step in self.assign:
            for name, template in step.items():
                variables[name] = resolve_template(activity, template, variables, evaluate=self.evaluate)
        for refusal in self.refuse:
            if self.evaluate(activity, refusal["when"], variables) == [True]:
                raise ValueError(refusal["code"])
        planned = []
        self.produced = {}
        for rule in self.rules:
            if "if" in rule and self.evaluate(activity, rule["if"], variables) != [True]:
                continue
            own = f"{activity['key']}/{rule['name']}"
            key = self.evaluate(activity, rule["key"], variables)[0] if "key" in rule else own
            planned.append((rule, self.floor.resource_id(rule["type"], key)))
        self.produced = {rule["name"]: resource_id for rule, resource_id in planned}
        for rule, resource_id in planned:
            yield ENCODE(self._resource(rule, resource_id, activity, variables))

    def _resource(
        self, rule: dict[str, Any], resource_id: str, activity: dict[str, Any], variables: dict[str, Any]
    ) -> dict[str, Any]:
        body = resolve_template(activity, rule["template"], variables, evaluate=self.evaluate)
        resource: dict[str, Any] = {"resourceType": rule["type"], "id": resource_id}
        if activity["sensitivity"] and not rule.get("shared"):
            from floor import _meta

            resource["meta"] = _meta(activity["sensitivity"])
        surrogate = {"system": self.floor.system, "value": resource_id}
        resource["identifier"] = [surrogate, *body.pop("identifier", [])]
        return resource | body

    def reference(self, _: object, name: list[Any], keys: list[Any] | None = None) -> list[Any]:
        """``reference()``."""
        kind = TYPES[_plain(name[0])]
        if keys is None:
            found = self.produced.get(_plain(name[0]))
            return [{"reference": f"{kind}/{found}"}] if found else []
        return [{"reference": f"{kind}/{self.floor.resource_id(kind, _plain(key))}"} for key in keys]

    def coding(self, _: object, system: list[Any], codes: list[Any], display: list[Any] | None = None) -> list[Any]:
        """``coding()``."""
        name = _plain(system[0])
        if display:
            return [{"system": name, "code": _plain(code), "display": _plain(display[0])} for code in codes]
        return [self.floor.codings[name][_plain(code)] for code in codes]

    def translate(self, codes: list[Any], name: list[Any]) -> list[Any]:
        """``translate()``."""
        table = self.floor.maps[_plain(name[0])]
        return [coding for code in codes for coding in table[_plain(code)]]


def _plain(value: Any) -> Any:
    return getattr(value, "data", value)


def _cached(options: Any) -> Callable[[Any, str, Any], list[Any]]:
    compiled: dict[str, Any] = {}

    def evaluate(resource: Any, expression: str, context: Any) -> list[Any]:
        if expression not in compiled:
            compiled[expression] = fhirpathpy.compile(expression, options=options)
        return list(compiled[expression](resource, context))

    return evaluate


class Models:
    """The floor's resources as models of fhir.resources, checked and dumped.

    Args:
        floor: makes the data.
    """

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    def texts(self, activity: dict[str, Any]) -> list[bytes]:
        """Return the resources of a visit as JSON texts."""
        return [
            get_fhir_model_class(resource["resourceType"]).model_validate(resource).model_dump_json().encode()
            for resource in self.floor.resources(activity)
        ]
