"""Templates in the FHIRPath Mapping Language (FPML), compiled once to closures.

FPML is published by Beda Software (https://github.com/beda-software/FHIRPathMappingLanguage). Its package ``fpml`` is
the oracle of the tests: the same result on every template that both accept. On purpose this differs:

- What an expression gives is data. ``fpml`` reads it again as a template, so that a note ``{{ ... }}`` would be
  evaluated. Here no text of a record is ever looked at as a template.
- A boolean inside of a text is ``true`` or ``false``, not Python's ``True``; an object inside of a text is an error.
- A condition that is neither true, false nor empty is an error, not false; so ``{% if name %}`` cannot silently lose
  an element (write ``name.exists()``).
- Null among the items of a collection is dropped; FHIRPath has no null.
- What ``fpml`` passes through is an error here: ``{{`` without ``}}``, ``{[ ]}`` inside of a longer text, unknown
  blocks, ``{% merge %}`` and ``{% if %}`` in one object, a key that only starts with a block.
- Expressions may span lines in keys, too.
- FHIRPath is that of :mod:`hm_fhir.fhirpath`: what fhirpathpy computes wrongly is right (see its ``corrections``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import ExpressionError, MappingError
from hm_fhir.fhirpath import Expression, Function, compile  # noqa: A004
from hm_fhir.mapping import nodes
from hm_fhir.mapping.blocks import Blocks, Insertion, check_names, split_keys, split_text
from hm_fhir.mapping.nodes import ABSENT, Checked, Constant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hm_fhir.mapping.blocks import Report
    from hm_fhir.mapping.nodes import Members, Node, Variables
    from hm_fhir.mapping.yaml_file import YamlPath


@dataclass(frozen=True, slots=True)
class Use:
    """One expression of a template.

    Attributes:
        path: of the text or key that holds it.
        expression: compiled.
        bound: variables that the template itself defines there (``assign``, ``for``).
    """

    path: YamlPath
    expression: Expression
    bound: frozenset[str]

    @property
    def free_variables(self) -> frozenset[str]:
        """Variables that must come from outside of the template."""
        return self.expression.variables - self.bound

    def mistake(self, message: str, word: str, *, fix: str | None = None) -> ExpressionError:
        """Return an error about the place where `word` first stands in the expression."""
        text = self.expression.text
        return ExpressionError(message, text=text, position=max(text.find(word), 0), fix=fix)


class Template:
    """A compiled template; made by :func:`compile_template`.

    Attributes:
        uses: every expression in it, in order.
    """

    __slots__ = ("_node", "uses")

    def __init__(self, node: Node, uses: Iterable[Use]) -> None:
        self._node = node
        self.uses = tuple(uses)

    def render(self, root: object, variables: Variables | None = None, environment: object = None) -> Any:
        """Return what the template makes of a root: new plain data, or None when all of it vanishes.

        Args:
            root: what the paths of expressions start at; also ``%context``.
            variables: values of ``%variables``.
            environment: handed to project functions.

        Raises:
            RecordRejected: an expression fails on this root; `place` is the element.
        """
        value = self._node(root, {"context": root, **(variables or {})}, environment)
        return None if value is ABSENT else value


def compile_template(
    template: Any,
    *,
    functions: Iterable[Function] = (),
    report: Report | None = None,
    path: YamlPath = (),
    bound: frozenset[str] = frozenset(),
) -> Template:
    """Return the compiled template.

    Args:
        template: plain data: dict, list, str, int, Decimal, bool, None.
        functions: of the project, for expressions.
        report: called with path and error for every mistake; the result is then not to be rendered.
        path: where the template stands in its document.
        bound: variables that whoever renders it will define, beside those that its uses report as free.

    Raises:
        MappingError: the first mistake, if there is no `report`.
    """
    compiler = _Compiler(tuple(functions), report or _raise, depth=len(path))
    node = compiler.node(template, path, bound)
    return Template(node, compiler.uses)


def _raise(path: YamlPath, error: MappingError) -> None:
    error.place = dotted(path)
    raise error


def dotted(path: YamlPath) -> str:
    """Return a path for messages: ``code.coding[0].system``; block keys stay out."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif not step.startswith("{"):
            text += f".{step}" if text else step
    return text


class _Compiler:
    def __init__(self, functions: tuple[Function, ...], report: Report, *, depth: int) -> None:
        self.uses: list[Use] = []
        self._depth = depth
        self._functions = functions
        self._report = report

    def node(self, template: Any, path: YamlPath, bound: frozenset[str]) -> Node:
        if isinstance(template, dict):
            return self._object(template, path, bound)
        if isinstance(template, list):
            items = [self.node(item, (*path, index), bound) for index, item in enumerate(template)]
            if all(isinstance(item, Constant) for item in items):
                return Constant(template)
            return nodes.array(items)
        if isinstance(template, str):
            return self._text(template, path, bound)
        return Constant(template)

    def _expression(self, text: str, path: YamlPath, bound: frozenset[str]) -> Checked:
        place = dotted(path[self._depth :])
        try:
            expression = compile(text, self._functions)
        except MappingError as error:
            self._report(path, error)
            return Checked(None, place)
        self.uses.append(Use(path, expression, bound))
        return Checked(expression, place)

    def _text(self, text: str, path: YamlPath, bound: frozenset[str]) -> Node:
        try:
            parts = split_text(text)
        except MappingError as error:
            self._report(path, error)
            return Constant(None)
        if isinstance(parts, str):
            return nodes.collection(self._expression(parts, path, bound))
        if not any(isinstance(part, Insertion) for part in parts):
            return Constant(text)
        compiled: list[str | tuple[Checked, bool]] = [
            part if isinstance(part, str) else (self._expression(part.expression, path, bound), part.keeps_null)
            for part in parts
        ]
        only = compiled[0]
        if len(compiled) == 1 and not isinstance(only, str):
            return nodes.first(only[0], keeps_null=only[1])
        return nodes.mixed(compiled)

    def _object(self, template: dict[str, Any], path: YamlPath, bound: frozenset[str]) -> Node:
        blocks = split_keys(template, path, self._report)
        if blocks.assign is None:
            return self._body(blocks, template, path, bound)
        assigned, bound = self._assign(template[blocks.assign], (*path, blocks.assign), bound)
        return nodes.assign(assigned, self._body(blocks, template, path, bound))

    def _assign(self, value: Any, path: YamlPath, bound: frozenset[str]) -> tuple[Members, frozenset[str]]:
        steps = value if isinstance(value, list) else [value]
        assigned: Members = []
        for index, step in enumerate(steps):
            where = (*path, index) if isinstance(value, list) else path
            if not isinstance(step, dict) or len(step) != 1:
                self._report(where, MappingError("assign takes a list of single names", fix="- name: value"))
                continue
            ((name, template),) = step.items()
            check_names([name], (*where, name), self._report)
            assigned.append((name, self.node(template, (*where, name), bound)))
            bound |= {name}
        return assigned, bound

    def _body(self, blocks: Blocks, template: dict[str, Any], path: YamlPath, bound: frozenset[str]) -> Node:
        if blocks.context:
            key, text = blocks.context
            expression = self._expression(text, (*path, key), bound)
            return nodes.context(expression, self.node(template[key], (*path, key), bound))
        if blocks.loop:
            key, loop = blocks.loop
            names = [name for name in (loop.item, loop.index) if name]
            check_names(names, (*path, key), self._report)
            expression = self._expression(loop.expression, (*path, key), bound)
            body = self.node(template[key], (*path, key), bound | set(names))
            return nodes.loop(expression, loop.item, loop.index, body)
        members = [(key, self.node(value, (*path, key), bound)) for key, value in blocks.members.items()]
        if blocks.merge:
            return self._merge(template[blocks.merge], members, (*path, blocks.merge), bound)
        if blocks.condition:
            return self._condition(blocks, template, members, path, bound)
        if all(isinstance(node, Constant) for _, node in members):
            return Constant({key: node.value for key, node in members if isinstance(node, Constant)})
        return nodes.members(members)

    def _merge(self, value: Any, members: Members, path: YamlPath, bound: frozenset[str]) -> Node:
        added = []
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            where = (*path, index) if isinstance(value, list) else path
            node = self.node(item, where, bound)
            self._must_be_object(node, where)
            added.append(node)
        return nodes.overlay(members, added, dotted(path[self._depth :]))

    def _condition(
        self,
        blocks: Blocks,
        template: dict[str, Any],
        members: Members,
        path: YamlPath,
        bound: frozenset[str],
    ) -> Node:
        assert blocks.condition  # noqa: S101 - for the type checker; the caller asked
        key, text = blocks.condition
        expression = self._expression(text, (*path, key), bound)
        branches: list[Node] = []
        for branch in (key, blocks.otherwise):
            node = self.node(template[branch], (*path, branch), bound) if branch else Constant(ABSENT)
            if members and branch:
                self._must_be_object(node, (*path, branch))
            branches.append(node)
        chosen = nodes.choice(expression, *branches)
        return nodes.overlay(members, [chosen], dotted(path[self._depth :])) if members else chosen

    def _must_be_object(self, node: Node, path: YamlPath) -> None:
        if isinstance(node, Constant) and not isinstance(node.value, dict | None):
            self._report(path, MappingError("only an object can be merged into an object"))
