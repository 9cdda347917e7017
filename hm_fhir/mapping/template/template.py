"""Templates in the FHIRPath Mapping Language (FPML), compiled once to closures.

FPML is published by Beda Software (https://github.com/beda-software/FHIRPathMappingLanguage). Its package ``fpml`` is
the oracle of the tests: the same result on every template that both accept. On purpose this differs:

- What an expression gives is data. ``fpml`` reads it again as a template, so that a note ``{{ ... }}`` would be
  evaluated. Here no text of a record is ever looked at as a template.
- A boolean inside of a text is ``true`` or ``false``, not Python's ``True``; an object inside of a text is an error.
- A condition that is neither true, false nor empty is an error, not false; so ``{% if name %}`` cannot silently lose
  an element (write ``name.exists()``).
- Null among the items of a collection is dropped; FHIRPath has no null.
- What ``fpml`` passes through or leaves out is an error here: ``{{`` without ``}}``, ``{{+`` without ``+}}``,
  ``{[ ]}`` inside of a longer text or with text behind it, unknown blocks, ``{% merge %}`` and ``{% if %}`` in one
  object, a key that only starts with a block, a variable whose name is none.
- Expressions may span lines in keys, too.
- FHIRPath is that of :mod:`hm_fhir.fhirpath`, which evaluates more of the language than fhirpathpy.

The same list, with what ``fpml`` does, is a table in docs/reference/mapping-language.md and in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.errors import MappingError, RecordRejected
from hm_fhir.fhirpath import Function, Scope
from hm_fhir.mapping.setting import Setting
from hm_fhir.mapping.template import tree
from hm_fhir.mapping.template.annotation import annotated, dotted
from hm_fhir.mapping.template.cleaning import ABSENT
from hm_fhir.mapping.template.closures import ERRORS, closure_of
from hm_fhir.mapping.template.parser import TemplateParser
from hm_fhir.mapping.template.tree import Node, Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hm_fhir.mapping.files.yaml_file import YamlPath
    from hm_fhir.mapping.template.blocks import Report
    from hm_fhir.mapping.template.closures import Around, Closure

__all__ = ["Template", "Use", "compile_template"]


class Template:
    """A compiled template; made by :func:`compile_template`.

    Args:
        node: its tree.
        path: where it stands in its document.
        bound: variables that whoever renders it defines.

    Attributes:
        tree: what was parsed.
        path: where it stands in its document.
        uses: every expression in it, in order.
    """

    __slots__ = ("_run", "path", "tree", "uses")

    def __init__(self, node: Node, path: YamlPath = (), bound: frozenset[str] = frozenset()) -> None:
        self.tree = node
        self.path = path
        self.uses = tuple(tree.uses(node, bound))
        self._run: Closure | None = None

    def render(self, root: object, variables: Mapping[str, Any] | None = None, environment: object = None) -> Any:
        """Return what the template makes of a root: plain data, or None when all of it vanishes.

        The data shares objects with the root, the variables and the template: it is to be read, not to be changed.

        Args:
            root: what the paths of expressions start at; also ``%context``.
            variables: values of ``%variables``.
            environment: handed to project functions.

        Raises:
            RecordRejected: an expression fails on this root; `place` is the element.
        """
        return self.render_in(Scope(root, {"context": root, **(variables or {})}, environment))

    def render_in(self, scope: Scope) -> Any:
        """Return what the template makes of a scope, whose variables have ``context``; as `render`."""
        run = self._run
        if run is None:
            run = self._run = self.closure()
        try:
            value = run(scope.root, scope)
        except ERRORS:
            failed = True
        else:
            failed = False
        if failed:
            raise self.rejection(scope)
        return None if value is ABSENT else value

    def closure(self, *, around: Around | None = None, fast: bool = False) -> Closure:
        """Return the closure of the tree, see :mod:`hm_fhir.mapping.template.closures`."""
        return closure_of(self.tree, around=around, fast=fast)

    def rejection(self, scope: Scope) -> RecordRejected:
        """Return why a rendering failed, with the element as its place.

        Closures carry no places, since most records are fine: the template is rendered again by some that do. What
        they raised is not looked at, for an exception of Python can hold data of the record.
        """
        try:
            self.closure(around=annotated(len(self.path)))(scope.root, scope)
        except RecordRejected as error:
            return error
        return RecordRejected("the template cannot be rendered on this record", code="expression-failed")


def compile_template(
    template: Any,
    *,
    functions: Iterable[Function] = (),
    report: Report | None = None,
    path: YamlPath = (),
    bound: frozenset[str] = frozenset(),
    setting: Setting | None = None,
) -> Template:
    """Return the compiled template.

    Args:
        template: plain data: dict, list, str, int, Decimal, bool, None.
        functions: of the project, for expressions.
        report: called with path and error for every mistake; the result is then not to be rendered.
        path: where the template stands in its document.
        bound: variables that whoever renders it will define, beside those that its uses report as free.
        setting: what is known of the data; default: nothing.

    Raises:
        MappingError: the first mistake, if there is no `report`.
    """
    parser = TemplateParser(tuple(functions), report or _raise)
    return Template(parser.parse(template, path, setting or Setting()), path, bound)


def _raise(path: YamlPath, error: MappingError) -> None:
    error.place = dotted(path)
    raise error
