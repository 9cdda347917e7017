"""Template data -> tree. All mistakes are reported, each with its path; what is wrong is a `Wrong` in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.errors import MappingError
from hm_fhir.fhirpath.static import INTEGER, UNKNOWN
from hm_fhir.mapping.setting import Setting
from hm_fhir.mapping.template import blocks
from hm_fhir.mapping.template.blocks import Blocks, Loop, check_names, split_keys, split_text
from hm_fhir.mapping.template.tree import (
    ArrayNode,
    Assign,
    Collection,
    Constant,
    Context,
    First,
    For,
    If,
    Insertion,
    Node,
    ObjectNode,
    Text,
    Wrong,
    is_constant,
)

if TYPE_CHECKING:
    from hm_fhir.fhirpath import Expression, Function
    from hm_fhir.mapping.files.yaml_file import YamlPath
    from hm_fhir.mapping.template.blocks import Report


class TemplateParser:
    """Parses templates.

    Args:
        functions: of the project, for expressions.
        report: called with path and error for every mistake.
    """

    def __init__(self, functions: tuple[Function, ...], report: Report) -> None:
        self._functions = functions
        self._report = report

    def parse(self, template: Any, path: YamlPath, setting: Setting) -> Node:
        """Return the tree of a template.

        Args:
            template: plain data.
            path: where it stands in its document.
            setting: what is known of the data there.
        """
        if isinstance(template, dict):
            return self._object(template, path, setting)
        if isinstance(template, list):
            items = (self.parse(item, (*path, index), setting) for index, item in enumerate(template))
            return ArrayNode(path, tuple(items))
        if isinstance(template, str):
            return self._text(template, path, setting)
        return Constant(path, template)

    def _expression(self, text: str, path: YamlPath, setting: Setting) -> Expression | None:
        try:
            return setting.compile(text, self._functions)
        except MappingError as error:
            self._report(path, error)
            return None

    def _text(self, text: str, path: YamlPath, setting: Setting) -> Node:
        try:
            parts = split_text(text)
        except MappingError as error:
            self._report(path, error)
            return Wrong(path)
        if isinstance(parts, str):
            expression = self._expression(parts, path, setting)
            return Wrong(path) if expression is None else Collection(path, expression)
        if not any(isinstance(part, blocks.Insertion) for part in parts):
            return Constant(path, text)
        read: list[str | Insertion] = []
        wrong = False
        for part in parts:
            if isinstance(part, str):
                read.append(part)
            elif (expression := self._expression(part.expression, path, setting)) is None:
                wrong = True
            else:
                read.append(Insertion(expression, part.keeps_null))
        if wrong:
            return Wrong(path)
        only = read[0]
        if len(read) == 1 and isinstance(only, Insertion):
            return First(path, only.expression, only.keeps_null)
        return Text(path, tuple(read))

    def _object(self, template: dict[str, Any], path: YamlPath, setting: Setting) -> Node:
        found = split_keys(template, path, self._report)
        if found.assign is None:
            return self._body(found, template, path, setting)
        names, inner = self._assign(template[found.assign], (*path, found.assign), setting)
        return Assign(path, names, self._body(found, template, path, inner))

    def _assign(self, value: Any, path: YamlPath, setting: Setting) -> tuple[tuple[tuple[str, Node], ...], Setting]:
        steps = value if isinstance(value, list) else [value]
        names: list[tuple[str, Node]] = []
        for index, step in enumerate(steps):
            where = (*path, index) if isinstance(value, list) else path
            if not isinstance(step, dict) or len(step) != 1:
                self._report(where, MappingError("assign takes a list of single names", fix="- name: value"))
                continue
            ((name, template),) = step.items()
            check_names([name], (*where, name), self._report)
            node = self.parse(template, (*where, name), setting)
            names.append((name, node))
            setting = setting.having(**{name: setting.value_of(node)})
        return tuple(names), setting

    def _body(self, found: Blocks, template: dict[str, Any], path: YamlPath, setting: Setting) -> Node:
        if found.context:
            return self._context(*found.context, template, path, setting)
        if found.loop:
            return self._loop(*found.loop, template, path, setting)
        members = tuple((key, self.parse(value, (*path, key), setting)) for key, value in found.members.items())
        if found.merge:
            return ObjectNode(path, members, self._merge(template[found.merge], (*path, found.merge), setting))
        if found.condition:
            chosen = self._condition(found, template, path, setting)
            return ObjectNode(path, members, (chosen,)) if members else chosen
        return ObjectNode(path, members)

    def _context(self, key: str, text: str, template: dict[str, Any], path: YamlPath, setting: Setting) -> Node:
        where = (*path, key)
        expression = self._expression(text, where, setting)
        body = self.parse(template[key], where, setting.below())
        return Context(where, expression, body) if expression else Wrong(where, (body,))

    def _loop(self, key: str, loop: Loop, template: dict[str, Any], path: YamlPath, setting: Setting) -> Node:
        where = (*path, key)
        check_names([name for name in (loop.item, loop.index) if name], where, self._report)
        expression = self._expression(loop.expression, where, setting)
        inner = setting.having(**{loop.item: setting.item_of(expression) if expression else UNKNOWN})
        if loop.index:
            inner = inner.having(**{loop.index: INTEGER})
        body = self.parse(template[key], where, inner)
        if expression is None:
            return Wrong(where, (body,), frozenset(name for name in (loop.item, loop.index) if name))
        return For(where, expression, loop.item, loop.index, body)

    def _merge(self, value: Any, path: YamlPath, setting: Setting) -> tuple[Node, ...]:
        overlays = []
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            node = self.parse(item, (*path, index) if isinstance(value, list) else path, setting)
            self._must_be_object(node)
            overlays.append(node)
        return tuple(overlays)

    def _condition(self, found: Blocks, template: dict[str, Any], path: YamlPath, setting: Setting) -> Node:
        assert found.condition  # noqa: S101 - for the type checker; the caller asked
        key, text = found.condition
        condition = self._expression(text, (*path, key), setting)
        branches = [self.parse(template[one], (*path, one), setting) for one in (key, found.otherwise) if one]
        if found.members:
            for branch in branches:
                self._must_be_object(branch)
        if condition is None:
            return Wrong((*path, key), tuple(branches))
        return If((*path, key), condition, branches[0], branches[1] if found.otherwise else None)

    def _must_be_object(self, node: Node) -> None:
        if is_constant(node) and not isinstance(node, ObjectNode) and node != Constant(node.path, None):
            self._report(node.path, MappingError("only an object can be merged into an object"))
