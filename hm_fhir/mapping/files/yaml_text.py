"""Plain data -> YAML text that :mod:`hm_fhir.mapping.files.yaml_file` reads back as the same data."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml

from hm_fhir.mapping.files.yaml_file import NUMBER

_WIDTH = 110
_DIGITS = [*"-0123456789"]


class _Dumper(yaml.SafeDumper):
    # Without PyYAML's own: 02201, no and 2026-03-01 are text and need no quotes.
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent lists below their key."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Write equal objects out twice: the reader refuses aliases."""
        return True


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = str(value)
    kind = "int" if text.lstrip("-").isdigit() else "float"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


_Dumper.add_representer(Decimal, _decimal)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Dumper.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), _DIGITS)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(f"^{NUMBER.pattern}$"), _DIGITS)


def to_yaml(value: Any, *, sort_keys: bool = False) -> str:
    """Return plain data as YAML text in block style.

    Args:
        value: str, int, Decimal, bool, None, dict with text keys, list.
        sort_keys: order keys by name, not as they are.
    """
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=sort_keys, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )
    return text
