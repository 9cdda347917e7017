"""What is done with the value of a JSON key: one or many, primitive or complex, with the ``_key`` beside a primitive.

Source: https://hl7.org/fhir/R4/json.html#primitive and https://hl7.org/fhir/R4/json.html#elements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.validation.datatypes import check_element_id
from hm_fhir.validation.run import Check, Path, Problem, Run

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element

Handler = Callable[[Any, Path, Run, Any], None]
"""Takes the value, the path of the object that it is in, the run, and that object."""

PrimitiveCheck = Callable[[Any], "Problem | None"]

_STEPS_KEPT: Final = 8
_NULL: Final[Problem] = ("error", "invalid", "null-value", "null is no value; leave the property out")
_NOT_A_LIST: Final[Problem] = ("error", "structure", "list-expected", "a list must stand here, also for one value")
_A_LIST: Final[Problem] = ("error", "structure", "list-not-expected", "only one value may stand here, no list")
_EMPTY_LIST: Final[Problem] = ("error", "invalid", "empty-list", "a list must not be empty; leave the property out")
_EMPTY: Final[Problem] = ("error", "invariant", "ele-1", "an element must have a value or other content")
_ONLY_ID: Final = {"id": None}.keys()
_NOT_SIMPLE: Final[Problem] = ("error", "structure", "wrong-json-type", "a simple value must stand here, no object")


def single_primitive(
    name: str, check: PrimitiveCheck, codes: frozenset[str] | None, more: tuple[Check, ...]
) -> Handler:
    """Return the handler of a primitive that is there once.

    Args:
        name: step of its path.
        check: check of the value alone.
        codes: values that are right without further checks; None: not known.
        more: further checks of a value that is right by itself.
    """
    if codes is not None:

        def coded(item: Any, path: Path, run: Run, owner: Any) -> None:
            if type(item) is not str or item not in codes:
                plain(item, path, run, owner)

    def plain(item: Any, path: Path, run: Run, _owner: Any) -> None:
        problem = check(item)
        if problem is not None:
            problem = _odd(item) or problem
            run.problem(problem, (path, name))
            if problem[0] == "error":
                return
        for one in more:
            one(item, (path, name), run)

    def alone(item: Any, path: Path, run: Run, _owner: Any) -> None:
        problem = check(item)
        if problem is not None:
            run.problem(_odd(item) or problem, (path, name))

    if codes is not None:
        return coded
    return plain if more else alone


def many_primitives(
    name: str, check: PrimitiveCheck, codes: frozenset[str] | None, more: tuple[Check, ...]
) -> Handler:
    """Return the handler of a primitive that is a list; arguments as of `single_primitive`."""

    def handler(item: Any, path: Path, run: Run, owner: Any) -> None:
        if type(item) is not list:
            run.problem(_NULL if item is None else _NOT_A_LIST, (path, name))
            return
        if not item:
            run.problem(_EMPTY_LIST, (path, name))
        extras = owner.get(f"_{name}")
        for place, one in enumerate(item):
            if codes is not None and type(one) is str and one in codes:
                continue
            if one is None:
                # The value is missing where only extensions are there: then they must be.
                extra = extras[place] if isinstance(extras, list) and place < len(extras) else None
                if not isinstance(extra, dict) or "extension" not in extra:
                    run.problem(_EMPTY if isinstance(extra, dict) else _NULL, (path, f"{name}[{place}]"))
                continue
            problem = check(one)
            here = (path, f"{name}[{place}]")
            if problem is not None:
                problem = _odd(one) or problem
                run.problem(problem, here)
                if problem[0] == "error":
                    continue
            for more_check in more:
                more_check(one, here, run)

    return handler


def single_complex(name: str, checks: tuple[Check, ...], _maximum: int | None) -> Handler:
    """Return the handler of a complex element that is there once."""
    if len(checks) == 1:
        (only,) = checks

        def handler(item: Any, path: Path, run: Run, _owner: Any) -> None:
            only(item, (path, name), run)

        return handler

    def handlers(item: Any, path: Path, run: Run, _owner: Any) -> None:
        here = (path, name)
        for check in checks:
            check(item, here, run)

    return handlers


def many_complex(name: str, checks: tuple[Check, ...], maximum: int | None) -> Handler:
    """Return the handler of a complex element that is a list."""
    steps = [f"{name}[{place}]" for place in range(_STEPS_KEPT)]

    def handler(item: Any, path: Path, run: Run, _owner: Any) -> None:
        if type(item) is not list:
            run.problem(_NULL if item is None else _NOT_A_LIST, (path, name))
            return
        count = len(item)
        if not count:
            run.problem(_EMPTY_LIST, (path, name))
        names = steps if count <= _STEPS_KEPT else [f"{name}[{place}]" for place in range(count)]
        for one, step in zip(item, names, strict=False):
            here = (path, step)
            for check in checks:
                check(one, here, run)
        if maximum is not None and count > maximum:
            run.report("error", "structure", "cardinality-max", (path, name), f"at most {maximum} may be there")

    return handler


def companion(element: Element, key: str, check: Check, *, itself: bool) -> Handler:
    """Return the handler of the ``_key`` beside a primitive: its id and extensions.

    Args:
        element: the element.
        key: JSON key of the primitive.
        check: check of an Element.
        itself: whether nothing may stand for the value: the id of a resource, the url of an extension.
    """
    name = f"{element.name}.ofType({element.json_keys[key]})" if element.choice else element.name
    binding = element.binding
    coded = binding is not None and binding.strength == "required" and "code" in element.types

    def one(extra: Any, value: Any, here: Path, run: Run) -> None:
        if value is not None and type(extra) is dict and extra.keys() == _ONLY_ID and type(extra["id"]) is str:
            check_element_id(extra["id"], (here, "id"), run)
            return
        check(extra, here, run)
        if value is not None or type(extra) is not dict:
            return
        if "extension" not in extra:
            run.problem(_EMPTY, here)
        elif itself:
            run.report("error", "required", "cardinality-min", here, f"{key} must have a value")
        elif coded:
            text = "a code must be given, from the value set that is required"
            run.report("error", "code-invalid", "binding-required", here, text)

    def single(item: Any, path: Path, run: Run, owner: Any) -> None:
        one(item, owner.get(key), (path, name), run)

    def several(item: Any, path: Path, run: Run, owner: Any) -> None:
        if type(item) is not list:
            run.problem(_NULL if item is None else _NOT_A_LIST, (path, name))
            return
        if not item:
            run.problem(_EMPTY_LIST, (path, name))
        values = owner.get(key)
        values = values if isinstance(values, list) else []
        for place, extra in enumerate(item):
            value = values[place] if place < len(values) else None
            here = (path, f"{name}[{place}]")
            if extra is not None:
                one(extra, value, here, run)
            elif value is None:
                run.problem(_NULL, here)

    return several if element.many else single


def guarded_choice(handler: Handler, element: Element, own: str) -> Handler:
    """Return a handler that also says when two types of a choice are there at once.

    Args:
        handler: of one of the types.
        element: the choice.
        own: JSON key of that type.
    """
    others = frozenset(key for key in element.json_keys if key != own)
    others |= {f"_{key}" for key in others}

    def choice(item: Any, path: Path, run: Run, owner: Any) -> None:
        handler(item, path, run, owner)
        if not others.isdisjoint(owner):
            text = f"{element.name} may be there with one type only"
            run.report("error", "structure", "choice-repeated", (path, element.name), text)

    return choice


def _odd(item: Any) -> Problem | None:
    """Return what is wrong with JSON that is no simple value at all."""
    if item is None:
        return _NULL
    if isinstance(item, list):
        return _A_LIST
    return _NOT_SIMPLE if isinstance(item, dict) else None
