"""Samples of municipalities: a local system that holds a seeded story, and what a run over it must count.

with open_sample("samokov", folder) as sample:
    settings["sources"]["samokov"] = {"kind": sample.kind, **sample.options}
    ...                             # run
    sample.figures.matches(counts)
    figures = sample.change()       # corrections, deletions, late rows, defects
    ...                             # run
    figures.matches(counts)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from functools import cached_property
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, Self

from hm_fhir.activities.model import Activity
from hm_fhir.errors import PluginError, SettingsError
from hm_fhir.sources.base import Source, SourceContext
from hm_fhir.sources.spec import SourceSpec
from hm_fhir.testing.story.expected import ExpectedCounts
from hm_fhir.testing.story.municipality import Municipality, Story, load_municipality

__all__ = [
    "ExpectedCounts",
    "LocalSystem",
    "Sample",
    "open_sample",
]

_LEAVING = ("deleted", "taken-out")
_WITHDRAWING = (*_LEAVING, "entered-in-error")


class LocalSystem(Protocol):
    """What the classes of `hm_fhir.testing.local_systems` have in common.

    Attributes:
        options: settings of a source that reads it, without ``kind``.
    """

    @property
    def options(self) -> Mapping[str, Any]:
        """Settings of a source that reads it, without ``kind``."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def save(self, envelope: Mapping[str, Any]) -> None:
        """Save ``{"key": …, "changed": …, "native": …}``, as somebody who works with the product does."""

    def delete(self, key: str, changed: str) -> None:
        """Delete a document."""

    def flush(self) -> None:
        """Write what was saved, where that is not done at once."""


class Sample:
    """A local system that holds the story of a municipality.

    Args:
        plugin: the source of the municipality.
        municipality: its files.
        story: what happens.
        local: the local system.

    Attributes:
        kind: of the source, for ``kind = "…"`` in the settings.
        system: name of the local system; the settings have to say the same one.
        options: the other settings of the source.
        figures: what a first run counts.
        activities: what the local system tells of now, exactly.
        now: the end of what has happened so far.
        withdrawn: local ids of activities that are deleted by now.
    """

    def __init__(self, plugin: SourceSpec, municipality: Municipality, story: Story, local: LocalSystem) -> None:
        self.plugin = plugin
        self.kind = plugin.name
        self.system = municipality.system
        self.municipality = municipality
        self.story = story
        self.activities: tuple[Activity, ...] = story.first
        self.withdrawn: tuple[str, ...] = ()
        self.now = _end_of(max(one.updated_at for one in story.first))
        self._local = local
        count = len(story.first)
        self.figures = ExpectedCounts(read=count, new=count, types=story.types)
        for key, held in municipality.documents(story.first).items():
            plain = [one.for_mapping() for one in held]
            self._save(key, max(one.updated_at for one in held), municipality.native.write(plain[0], plain))
        local.flush()

    @property
    def options(self) -> dict[str, Any]:
        """Settings of the source, without its kind."""
        options = {"system": self.system, **self._local.options}
        if self._vanishes:
            options["missing"] = "deleted"
        return options

    @property
    def local(self) -> LocalSystem:
        """The local system itself."""
        return self._local

    @property
    def personal(self) -> tuple[str, ...]:
        """Names, numbers and telephones of people, as records have them."""
        found: dict[str, None] = {}
        changed = [one for change in self.story.changes for one in change.touched]
        for person in (person for one in (*self.story.first, *changed) for person in one.persons):
            name = [*person.name.given, person.name.family] if person.name else []
            numbers = [identifier.value for identifier in person.identifiers]
            found |= dict.fromkeys(text for text in (*name, *numbers, person.phone) if text)
        return tuple(found)

    def source(self, folder: Path) -> Source:
        """Return the source over the local system, as an app opens it.

        Args:
            folder: of the settings file.
        """
        return self._open(folder, dict(self._local.options))

    def change(self) -> ExpectedCounts:
        """Let the second phase happen: corrections, deletions, late rows, the same again, defects.

        Returns:
            What the next run counts.
        """
        current = {one.local_id: one for one in self.activities}
        withdrawn: list[str] = []
        for change in self.story.changes:
            if change.native is None:
                self._local.delete(change.key, change.changed.isoformat())
            else:
                self._save(change.key, change.changed, change.native)
            for one in change.touched:
                if change.kind in _WITHDRAWING:
                    withdrawn.append(one.local_id)
                if change.kind in _LEAVING:
                    del current[one.local_id]
                else:
                    current[one.local_id] = one
            current |= {one.local_id: one for one in change.renewed}
        self._local.flush()
        before = len(self.activities)
        self.activities, self.withdrawn = tuple(current.values()), tuple(withdrawn)
        self.now = _end_of(max((change.changed for change in self.story.changes), default=self.now))
        self.figures = self._changed(before)
        return self.figures

    def _changed(self, before: int) -> ExpectedCounts:
        changes = self.story.changes
        touched: Counter[str] = Counter()
        for change in changes:
            touched[change.kind] += len(change.touched)
        rejected = Counter(change.code for change in changes if change.code is not None)
        told = 0 if self._vanishes else sum(change.kind == "deleted" for change in changes)
        late = {one.local_id for change in changes if change.kind == "late" for one in change.touched}
        renewed = {one.local_id for change in changes for one in change.renewed} - late
        newer = touched["corrected"] + touched["again"] + touched["entered-in-error"] + len(renewed)
        # A product that gives everything each time gives what it gave before, but for what is gone.
        repeated = before - newer - touched["deleted"] - touched["taken-out"]
        return ExpectedCounts(
            read=touched["late"] + newer + told + repeated + rejected.total(),
            new=touched["late"],
            newer=newer + told,
            repeated=repeated,
            deleted=told,
            gone=touched["taken-out"] + (touched["deleted"] if self._vanishes else 0),
            rejected=rejected,
            types=Counter(one.type for change in changes if change.kind == "late" for one in change.touched),
            is_exact=not self._is_incremental,
        )

    @property
    def _vanishes(self) -> bool:
        """Whether what is deleted is simply not there any more."""
        return self.municipality.spec.deletion == "document" and not self._is_incremental

    @cached_property
    def _is_incremental(self) -> bool:
        return self._open(Path(), dict(self._local.options)).incremental

    def _open(self, folder: Path, options: Mapping[str, Any]) -> Source:
        if self.plugin.defaults is not None:
            options = self.plugin.defaults(options, folder)
        checked = self.plugin.options.model_validate(dict(options))
        return self.plugin.open(checked, SourceContext(self.system, folder, self.municipality.zone))

    def _save(self, key: str, changed: datetime, native: Mapping[str, Any]) -> None:
        self._local.save({"key": key, "changed": changed.isoformat(), "native": native})


@contextmanager
def open_sample(
    plugin: str | SourceSpec, folder: Path, *, seed: int = 1, system: str | None = None
) -> Iterator[Sample]:
    """Open the sample of a municipality in its local system.

    Args:
        plugin: name of a plugin that is installed, or its source.
        folder: an empty folder for files, and for secrets of the local system.
        seed: another seed, other people.
        system: name of the local system; that of the source when None.

    Raises:
        PluginError: no such plugin, or it has no sample.
        SettingsError: its files are wrong.
    """
    spec = _source_of(plugin) if isinstance(plugin, str) else plugin
    if spec.files is None:
        raise PluginError(f"the source {spec.name!r} has no sample", fix="make it with fields_source()")
    municipality = load_municipality(spec.files, system=system or spec.name, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    options, cells = dict(municipality.spec.options), municipality.spec.native.get("cells")
    if isinstance(cells, Mapping):
        # A table has all columns of its form, also those that nobody filled.
        options.setdefault("columns", tuple(cells))
    with _local_system(municipality.spec.system)(folder, **options) as local:
        yield Sample(spec, municipality, municipality.story(), local)


def _source_of(name: str) -> SourceSpec:
    for point in entry_points(group="hm_fhir", name=name):
        for spec in point.load().hm_fhir_sources():
            if isinstance(spec, SourceSpec) and spec.files is not None:
                return spec
    raise PluginError(f"no plugin {name!r} with a sample is installed", fix=f"pip install ./plugins/{name}")


def _local_system(kind: str) -> Any:
    try:
        module = import_module(f"hm_fhir.testing.local_systems.{kind.replace('-', '_')}")
    except ModuleNotFoundError as error:
        raise SettingsError(f"there is no local system {kind!r}: {error.name} is missing") from None
    return module.LOCAL_SYSTEM


def _end_of(moment: datetime) -> datetime:
    """Return the next midnight after a moment."""
    return datetime.combine(moment.date() + timedelta(days=1), time(), moment.tzinfo)
