"""Where a plugin is tried: a deployment with its sample as the source and a FHIR server on this machine.

What takes time happens once, when the first test asks for it, and is kept for the others: the first run, the same
again, the second phase of the sample, interruptions.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.app import App
from hm_fhir.config import PREFIX
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.errors import HmFhirError, RetryLater
from hm_fhir.fhir.withdrawal import withdrawn
from hm_fhir.records import SourceSpec
from hm_fhir.sources.base import Item
from hm_fhir.testing.clock import Clock
from hm_fhir.testing.contract.failing import expect, fail
from hm_fhir.testing.contract.finding import FolderOnPath, FoundPlugin, find_plugin
from hm_fhir.testing.contract.given import Given, shuffled
from hm_fhir.testing.contract.site import SOURCE, Ran, Resources, Site
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.faults import ALWAYS, Fault
from hm_fhir.testing.local_systems.served import ServedSystem
from hm_fhir.testing.people import Chance
from hm_fhir.testing.samples import ExpectedCounts, Sample, open_sample

T = TypeVar("T")
_SOON_DOWN: dict[str, Any] = {"page_size": 50, "quick_attempts": 1}
"""Settings with which a reading needs several answers, and waits for none."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What several interrupted readings left.

    Args:
        before_failure: counts of the reading that ended with a failure in its midst.
        failed_when_down: reading failed while the local system answered with errors, or its files were gone; true,
            too, when nobody asked it then.
        resources: what stands at the server in the end.
    """

    before_failure: RecordCounts
    failed_when_down: bool
    resources: Resources


class Laboratory:
    """The place; see the module.

    Args:
        name: of the plugin.
        distribution: its folder, when it is not installed.
        source_kind: the source that is tried, of a plugin with several.
        seed: of the sample.

    Attributes:
        name: of the plugin.
        seed: of the sample.
        logs: all that was logged.
        folder: where all of this is, while it is open.
        local_folder: files and secrets of the local system.
    """

    def __init__(self, name: str, distribution: Path | None, *, source_kind: str | None, seed: int) -> None:
        self.name = name
        self.seed = seed
        self.logs: list[str] = []
        self._kind = source_kind
        self._made: dict[str, Any] = {}
        self._open = ExitStack()
        self._hide_settings()
        self.folder = Path(tempfile.mkdtemp(prefix="hm-fhir-contract-"))
        self.local_folder = self.folder / "local"
        self._open.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            if distribution is not None:
                self._open.callback(FolderOnPath(distribution, self.folder / "installed").close)
        except BaseException:
            self._open.close()
            raise

    def _hide_settings(self) -> None:
        """Take settings of some other deployment out of the environment until the laboratory closes."""
        patch = pytest.MonkeyPatch()
        self._open.callback(patch.undo)
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            patch.delenv(name)

    def close(self) -> None:
        """Stop servers and remove files."""
        self._open.close()

    def _once(self, name: str, make: Callable[[], T]) -> T:
        """Return what is made once; what cannot be made fails every test that needs it, without being tried again."""
        if name not in self._made:
            self._made[name] = _made(name, make)
        made = self._made[name]
        if isinstance(made, _Failed):
            raise made.error
        found: T = made
        return found

    # ---- the plugin

    @property
    def plugin(self) -> FoundPlugin:
        """The plugin, loaded."""
        return self._once("plugin", lambda: find_plugin(self.name))

    @property
    def source_spec(self) -> SourceSpec:
        """The source that is tried; a plugin without one skips the test."""
        sources = self.plugin.sources
        if not sources:
            pytest.skip(f"the plugin {self.name!r} brings no source")
        found = [spec for spec in sources if self._kind in (None, spec.name)]
        names = ", ".join(spec.name for spec in sources)
        expect(found, f"the plugin brings no source {self._kind!r} (it brings: {names})", "correct source=…")
        expect(len(found) == 1, f"the plugin brings several sources: {names}", "say plugin_contract(…, source=NAME)")
        return found[0]

    @property
    def files(self) -> Path:
        """The folder with fields, directory and sample; a source in Python alone, without them, skips the test."""
        spec = self.source_spec
        if spec.files is None:
            pytest.skip(f"the source {spec.name!r} is not made of files, so nothing can write a sample for it")
        return spec.files

    @property
    def sample(self) -> Sample:
        """The sample of the plugin."""
        return self._once("sample", self._sample)

    def _sample(self) -> Sample:
        self.files  # noqa: B018  (skips)
        self.local_folder.mkdir()
        return self._open.enter_context(open_sample(self.source_spec, self.local_folder, seed=self.seed))

    @property
    def expected_first(self) -> ExpectedCounts:
        """What the first run counts."""
        self.sample  # noqa: B018  (comes before)
        return self._once("expected first", lambda: self.sample.figures)

    @property
    def first_activities(self) -> tuple[Activity, ...]:
        """What the sample told of before it changed."""
        return self._once("first activities", lambda: self.sample.activities)

    @contextmanager
    def packs_app(self) -> Iterator[App]:
        """An app with the plugin enabled and nothing else, for what needs no sample."""
        folder = self.folder / "packs"
        folder.mkdir(exist_ok=True)
        with Deployment(folder).enable(self.plugin.name).app() as app:
            yield app

    # ---- the main deployment

    @property
    def clock(self) -> Clock:
        """Stands at the end of the story."""
        return self._once("clock", lambda: Clock(self.sample.now))

    @property
    def site(self) -> Site:
        """The deployment into which the sample runs, phase by phase."""
        return self._once("site", lambda: self.new_site("site"))

    def new_site(self, name: str) -> Site:
        """Return one more deployment with the same key, so that it makes the same ids, and its own server.

        Args:
            name: of its folder.
        """
        sample = self.sample
        site = Site(self.folder / name, self.plugin.name, sample.kind, sample.options, self.clock, self.logs)
        self._open.callback(site.close)
        if name != "site":
            site.use_key_of(self.site)
        return site

    @property
    def first(self) -> Ran:
        """The first run over the sample."""
        return self._once("first", lambda: self.site.run())

    @property
    def first_items(self) -> list[Item]:
        """All that the source gave for the first run."""
        return self._once("first items", lambda: self._items_of(None))

    @property
    def again(self) -> Ran:
        """The same sample once more."""
        self.first  # noqa: B018  (comes before)
        return self._once("again", lambda: self.site.run())

    @property
    def changed(self) -> Ran:
        """A run after corrections, deletions, late records and defects."""
        return self._once("changed", self._changed)[0]

    @property
    def changed_items(self) -> list[Item]:
        """All that the source gave for the run after the changes."""
        return self._once("changed", self._changed)[1]

    @property
    def expected_changes(self) -> ExpectedCounts:
        """What the sample says of the run after the changes."""
        return self._once("changed", self._changed)[2]

    def _changed(self) -> tuple[Ran, list[Item], ExpectedCounts]:
        for earlier in ("expected_first", "first_activities", "first", "again", "first_items", "interrupted"):
            # The local system has only one present: what needs its first phase comes before. Its failure is its own.
            try:
                getattr(self, earlier)
            except (Exception, pytest.fail.Exception):
                if earlier == "first":
                    raise
        cursor = self.site.cursor()
        expected = self.sample.change()
        self.clock.set(self.sample.now)
        items = self._items_of(cursor)
        return self.site.run(), items, expected

    @property
    def changed_again(self) -> Ran:
        """The same after the changes once more."""
        self.changed  # noqa: B018  (comes before)
        return self._once("changed again", lambda: self.site.run())

    def standing(self, activities: Iterable[Activity]) -> set[str]:
        """Return the local ids of activities that stand at the server now: not absent, and not withdrawn.

        Args:
            activities: of which to look for the resources that no other one makes.
        """
        with self.site.app() as app:
            made = {one.local_id: _own(app, one) for one in activities}
        times = Counter(key for keys in made.values() for key in keys)
        there = self.site.server.resources
        return {
            local_id
            for local_id, keys in made.items()
            if any(
                times[key] == 1 and key in there and withdrawn(there[key]) not in (None, there[key]) for key in keys
            )
        }

    def _items_of(self, cursor: str | None) -> list[Item]:
        with self.site.app() as app:
            return list(app.source(SOURCE).records(cursor))

    # ---- the same, disturbed

    @property
    def interrupted(self) -> Interrupted:
        """What a first run left that was killed at several points and was down at another, and went on each time."""
        return self._once("interrupted", self._interrupted)

    def _interrupted(self) -> Interrupted:
        site, number = self.new_site("interrupted"), len(self.first_items)
        site.take(lambda source: Given(source, stop_after=1))
        site.take(lambda source: Given(source, stop_after=number // 3))
        lost = RetryLater("the connection is lost")
        counts, _ = site.take_failing(lambda source: Given(source, stop_after=number // 2, stop=lost))
        failed = self._failed_when_down(site)
        site.take(lambda source: Given(source, stop_after=number - 1))
        site.take(lambda source: source)
        return Interrupted(counts, failed, site.resources)

    def _failed_when_down(self, site: Site) -> bool:
        """Return whether reading fails while the local system, after its first answer, cannot be read."""
        known = self.source_spec.options.model_fields
        for name, value in _SOON_DOWN.items():
            if name in known:
                site.set_option(name, value)
        local = self.sample.local
        if isinstance(local, ServedSystem):
            local.faults.add(Fault(status=503, nth=2, times=ALWAYS))
            _, failure = site.take_failing(lambda source: source)
            was_asked = not local.faults.outstanding
            local.faults.clear()
            return failure is not None or not was_asked
        away = self.local_folder.rename(self.local_folder.with_name("away"))
        try:
            return site.take_failing(lambda source: source)[1] is not None
        finally:
            shutil.rmtree(self.local_folder, ignore_errors=True)  # SQLite makes what is not there
            away.rename(self.local_folder)

    @property
    def shuffled(self) -> tuple[Resources, Resources]:
        """What stands at a server after both phases, when the records of each came in another order."""
        return self._once("shuffled", self._shuffled)

    def _shuffled(self) -> tuple[Resources, Resources]:
        first, changed = self.first_items, self.changed_items
        site, chance = self.new_site("shuffled"), Chance(self.seed + 1)
        site.take(lambda source: Given(source, shuffled(first, chance)))
        after_first = site.resources
        site.take(lambda source: Given(source, shuffled(changed, chance)))
        return after_first, site.resources


def _own(app: App, activity: Activity) -> set[str]:
    """Return the keys of the resources that are about this activity and nothing else."""
    mapped = app.mapper.map(activity.for_mapping())
    return set() if mapped is None else {one.key for one in mapped.resources if not one.shared}


def _made(name: str, make: Callable[[], T]) -> T | _Failed:
    """Return what is made, or why it cannot be."""
    try:
        return make()
    except HmFhirError as error:
        said = f"{name}: {type(error).__name__}\n{error}"
    except BaseException as error:  # noqa: BLE001  (raised for every test that needs it)
        return _Failed(error)
    try:
        fail(said, "correct what is named")
    except pytest.fail.Exception as failure:
        return _Failed(failure)


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException
