"""Where in a template something failed: found by rendering again with closures that know their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.errors import RecordRejected

if TYPE_CHECKING:
    from hm_fhir.fhirpath import Scope
    from hm_fhir.mapping.files.yaml_file import YamlPath
    from hm_fhir.mapping.template.closures import Around, Run
    from hm_fhir.mapping.template.tree import Node


def annotated(depth: int) -> Around:
    """Return what makes each error say at which element it happened.

    Args:
        depth: how many steps of the paths lead to the template itself.
    """

    def around(node: Node, run: Run) -> Run:
        place = dotted(node.path[depth:])

        def annotating(scope: Scope) -> Any:
            try:
                return run(scope)
            except RecordRejected as error:
                error.place = error.place or place
                error.path = node.path if error.path is None else error.path
                raise

        return annotating

    return around


def dotted(path: YamlPath) -> str:
    """Return a path for messages: ``code.coding[0].system``; block keys stay out."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif not step.startswith("{"):
            text += f".{step}" if text else step
    return text
