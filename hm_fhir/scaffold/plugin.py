"""Writes a plugin: a distribution that installs, runs and passes its tests before anybody has changed a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel

from hm_fhir.errors import SettingsError, did_you_mean
from hm_fhir.scaffold.kinds import KINDS, PluginKind
from hm_fhir.sources.fields.source import source_options
from hm_fhir.sources.kinds import READER_NAMES, reader_kind

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME = 40
_TEMPLATES = Path(str(files("hm_fhir.scaffold")))
_SOURCE = "register"
_OWN_NAMES = ("hm-fhir", "hm-fhir-base", "fhir", *READER_NAMES)
_PLACES = {
    "pyproject.toml.template": "pyproject.toml",
    "setup.cfg.template": "setup.cfg",
    "README.md.template": "README.md",
    "init.py.template": "{package}/__init__.py",
    "plugin.py.template": "{package}/plugin.py",
    "directory.yaml.template": "{package}/directory.yaml",
    "fields.yaml.template": "{package}/fields.yaml",
    "sample.yaml.template": "{package}/sample.yaml",
    "test_contract.py.template": "tests/test_contract.py",
}


@dataclass(frozen=True, slots=True)
class NewPlugin:
    """A plugin that was written.

    Args:
        folder: of the distribution.
        package: its Python package.
        files: all files, relative to the folder.
    """

    folder: Path
    package: str
    files: tuple[Path, ...]


def write_plugin(name: str, kind: str, parent: Path, *, title: str | None = None) -> NewPlugin:
    """Write the distribution ``hm-fhir-NAME`` into a new folder of that name.

    Args:
        name: of the plugin and its source: small letters, digits and hyphens.
        kind: of the local system, one of `KINDS`.
        parent: the folder in which the new one is made.
        title: the municipality as people write it; made of the name when None.

    Raises:
        SettingsError: the name is none or taken, there is no such kind, the folder is there already or cannot be
            written.
    """
    chosen = KINDS.get(kind)
    if chosen is None:
        raise SettingsError(
            f"there is no kind of local system {kind!r}",
            fix=did_you_mean(kind, KINDS) or f"one of {', '.join(KINDS)}",
        )
    check_name(name)
    package = f"hm_fhir_{name.replace('-', '_')}"
    folder = parent / f"hm-fhir-{name}"
    texts = _texts(name, kind, chosen, title or name.replace("-", " ").title(), package)
    try:
        folder.mkdir(parents=True)
        for place, text in texts.items():
            (folder / place).parent.mkdir(exist_ok=True)
            (folder / place).write_text(text, encoding="utf-8")
    except FileExistsError:
        raise SettingsError(
            "there is something of this name already; nothing was written",
            place=str(folder),
            fix="name another folder",
        ) from None
    except OSError as error:
        raise SettingsError(
            f"cannot write here: {type(error).__name__}", place=str(folder), fix="name a folder that you may write to"
        ) from None
    return NewPlugin(folder, package, tuple(Path(place) for place in texts))


def check_name(name: str, *, installed: Collection[str] | None = None) -> None:
    """Refuse a name that cannot be that of a new plugin.

    Args:
        name: of the plugin.
        installed: names of plugins; those of this environment when None.

    Raises:
        SettingsError: it is not written as a name, or something has it.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise SettingsError(
            f"{name!r} cannot be the name of a plugin",
            fix=f"small Latin letters, digits and single hyphens, at most {_LONGEST_NAME}, such as novi-pazar",
        )
    if installed is None:
        installed = [point.name for point in entry_points(group="hm_fhir")]
    package = f"hm_fhir_{name.replace('-', '_')}"
    if name in _OWN_NAMES:
        raise SettingsError(f"{name!r} is a name of hm-fhir itself", fix="name the municipality or the register")
    if name in installed or find_spec(package) is not None:
        raise SettingsError(f"a plugin {name!r} is installed already", fix="choose another name, or uninstall it")


def _texts(name: str, kind: str, chosen: PluginKind, title: str, package: str) -> Mapping[str, str]:
    """Return the files of a plugin by their places."""
    reader = reader_kind(kind)
    values = {
        "name": name,
        "package": package,
        "class": "".join(part.capitalize() for part in name.split("-")),
        "title": title,
        "kind": kind,
        "about": chosen.about,
        "requires": f"hm-fhir[{chosen.extra}]" if chosen.extra else "hm-fhir",
        "source": _SOURCE,
        "settings": chosen.settings,
        "table": settings_table(source_options(reader)),
        "options": chosen.options,
        "sample_options": chosen.sample,
        "system": kind,
        "deletion": chosen.deletion,
        **chosen.marks,
        "codes": _read(f"common/codes-{chosen.codes}.yaml"),
        "activity": _read(f"common/{chosen.activity}"),
        "record": _read(f"kinds/{chosen.record}").rstrip("\n"),
        "native": _read(f"kinds/{chosen.native}").rstrip("\n"),
    }
    texts = {
        place.format(package=package): _filled(_read(f"common/{template}"), values)
        for template, place in _PLACES.items()
    }
    return {**texts, f"{package}/py.typed": ""}


def settings_table(model: type[BaseModel]) -> str:
    """Return the settings of a source as a table of Markdown.

    Args:
        model: its settings.
    """
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        default = "" if field.is_required() else f"`{_toml(field.get_default(call_default_factory=True))}`"
        rows.append(f"| `{name}` | {default.replace('``', '')} | {field.description} |")
    return "\n".join(rows)


def _toml(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return f'"{value}"' if isinstance(value, str | Path) else str(value)


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Return a template with its marks (``@name@``) replaced, also those in what they are replaced by."""
    mark = re.compile("@(" + "|".join(values) + ")@")
    while mark.search(text):
        text = mark.sub(lambda found: values[found[1]], text)
    return text
