"""The use cases of a deployment: submit, map, deliver, run, replay; its parts are made in `deployment`."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from hm_fhir.activities.model import Activity
from hm_fhir.config import Settings, load_settings
from hm_fhir.delivery.clock import Clock, SystemClock
from hm_fhir.delivery.intake import map_records, refuse_future
from hm_fhir.delivery.mapping_chunks import ChunkMapper, MappedChunk, map_here
from hm_fhir.delivery.mapping_workers import map_in_workers
from hm_fhir.delivery.owners import is_dead, new_owner
from hm_fhir.delivery.prepare import Preparation
from hm_fhir.delivery.reading import Reading
from hm_fhir.delivery.reconcile import RunReport
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.delivery.retry import RetryPolicy
from hm_fhir.delivery.target import Closed, Target
from hm_fhir.delivery.worker import DeliveryCounts, Worker
from hm_fhir.deployment import Deployment
from hm_fhir.errors import (
    DeliveryError,
    OperatorNeeded,
    RecordRejected,
    RetryLater,
    SettingsError,
    StoreError,
    did_you_mean,
)
from hm_fhir.mapping.engine import Mapped
from hm_fhir.opening import record_again
from hm_fhir.outbox.entry import Outcome, RejectedRecord, State, TargetCounts
from hm_fhir.sources.base import Record, Understood, count_of, last_read_counts

Advance = Callable[[int], None]
Progress = Callable[[str, int | None], Advance]
"""Called with a label and a total when a long part of the work starts; what it returns is told of each step."""


def _silent(_label: str, _total: int | None) -> Advance:
    return lambda _: None


def open_app(settings: Settings | Path | str = "hm-fhir.toml", *, clock: Clock | None = None) -> App:
    """Return the app of a deployment; use it in a `with` statement.

    Args:
        settings: settings, or the path of their TOML file.
        clock: time; the machine's when None.

    Raises:
        SettingsError: the settings are missing or wrong.
    """
    if not isinstance(settings, Settings):
        settings = load_settings(Path(settings))
    return App(settings, clock=clock or SystemClock())


class App(Deployment):
    """One deployment, ready to work; see `Deployment` for the arguments."""

    def refuse(self, told: Understood) -> None:
        """Refuse what a run would refuse of a record: by its day, and by its mapping. Needs no key and no store.

        Args:
            told: what it tells.

        Raises:
            RecordRejected: it would be refused.
        """
        refuse_future(told.activity, self._clock.now(), is_timed=not told.last_read_counts)
        self.case_mapper.map(told.activity.for_mapping())

    def replay(self, source_name: str, *, limit: int | None = None) -> RecordCounts:
        """Take the rejected records of a source again; what is good by now goes to the outbox.

        Args:
            source_name: name of the source in the settings.
            limit: at most so many.

        Returns:
            What became of them; what is rejected again stays kept.
        """
        reading = self.reading(source_name)
        return self.intake.replay(reading, map(record_again, islice(self._to_replay(reading), limit)))

    def _to_replay(self, reading: Reading) -> Iterable[RejectedRecord]:
        if not last_read_counts(reading.source):
            return self.store.rejected(reading.name)
        if reading.source.incremental:
            return self.store.rejected(reading.name, to_replay=True)
        # What the last reading did not meet is not there any more, and nothing would say that it is old.
        place = self.store.reading_place(reading.name)
        kept = self.store.rejected(reading.name)
        return sorted((one for one in kept if place and one.last_at >= place.read_at), key=lambda one: one.last_at)

    def read_again(self, source_name: str) -> None:
        """Forget where reading of a source went on: the next run reads all of it. Nothing is sent twice by that.

        Raises:
            SettingsError: there is no such source.
        """
        if source_name not in self.settings.sources:
            fix = did_you_mean(source_name, self.settings.sources)
            raise SettingsError(f"there is no source {source_name!r}", fix=fix)
        self.store.read_again(source_name)

    def submit(self, activity: Activity, *, connection: sqlite3.Connection | None = None) -> Outcome:
        """Put one activity version into the outbox.

        Args:
            activity: the version.
            connection: the caller's own SQLite connection, inside the caller's transaction: the entry is there when
                the caller commits, and only then. ``[store] path`` names the caller's database, and `prepare` was
                called before the transaction began.

        Returns:
            Whether it was NEW, NEWER, REPEATED or OLDER.

        Raises:
            RecordRejected: it cannot be sent as it is.
            StoreError: the store cannot be opened while the caller's transaction holds it.
        """
        if connection is not None and "store" not in self.__dict__ and connection.in_transaction:
            # To open it needs the lock that the caller holds: both would wait.
            raise StoreError(
                "the store is not open, and the caller's transaction has begun",
                code="store-not-open",
                fix="call app.prepare() once at start, before BEGIN",
            )
        return self.intake.submit(activity, connection=connection)

    def map(self, source_name: str) -> Iterator[tuple[Record, Mapped | RecordRejected | None]]:
        """Yield each record of a source with what it maps to; nothing is stored or sent."""
        return map_records(self.source(source_name), self.mapper)

    def map_to_json(
        self, source_name: str, *, workers: int = 1, validate: bool = True
    ) -> Generator[MappedChunk, None, None]:
        """Yield the resources of a source as NDJSON, in the order of its records; nothing is stored or sent.

        Args:
            source_name: name of the source in the settings.
            validate: whether they are checked as a run would check them.
            workers: how many processes map. With more than one, the program that calls this must be importable
                without side effects (``if __name__ == "__main__":``), as for every new process in Python.

        Raises:
            SettingsError: the source as a whole cannot be read; what was read before has been yielded.
            HmFhirError: a worker process died.
        """
        source, map_chunk = self.source(source_name), self._chunk_mapper(source_name, validate=validate)
        if workers == 1:
            return map_here(source, map_chunk)
        return map_in_workers(source, partial(_chunk_mapper, self.settings, source_name, validate), workers)

    def _chunk_mapper(self, source_name: str, *, validate: bool) -> ChunkMapper:
        return ChunkMapper(self.source(source_name), self.mapper, self.mapped_check if validate else None)

    def deliver(
        self, targets: Sequence[str] = (), *, patience_seconds: float = 0, progress: Progress = _silent
    ) -> dict[str, DeliveryCounts]:
        """Deliver what waits.

        Args:
            targets: names of targets; all when empty.
            patience_seconds: how long to wait for entries that are to be tried again.
            progress: told of each target and its entries.

        Returns:
            What was done, by target.
        """
        counts: dict[str, DeliveryCounts] = {}
        self._deliver(counts, targets, patience_seconds, progress)
        return counts

    def _deliver(
        self, counts: dict[str, DeliveryCounts], targets: Sequence[str], patience_seconds: float, progress: Progress
    ) -> None:
        self._free_leases_of_the_dead()
        for name in self._chosen(targets):
            worker = self._worker(name)
            counts[name] = worker.counts
            waiting = self.store.counts().get(name)
            if waiting and not waiting.was_reached and waiting.states[State.WAITING]:
                worker.counts.closed = _first_contact(self.targets[name])
                if worker.counts.closed:
                    continue
            advance = progress(f"to {name}", waiting.states[State.WAITING] if waiting else 0)
            worker.run(patience_seconds=patience_seconds, advance=advance)

    def _chosen(self, targets: Sequence[str]) -> Sequence[str]:
        for name in targets:
            if name not in self.targets:
                raise SettingsError(f"there is no target {name!r}", fix=did_you_mean(name, self.targets))
        return targets or tuple(self.targets)

    def _worker(self, name: str) -> Worker:
        settings = self.settings.delivery
        return Worker(
            self.store,
            name,
            self.targets[name],
            Preparation(self.store, self.identity.digest),
            policy=RetryPolicy(
                first_seconds=settings.retry_first_seconds,
                most_seconds=settings.retry_most_seconds,
                retry_after_most_seconds=settings.retry_after_most_seconds,
            ),
            clock=self._clock,
            random=random.random,
            # Of this worker alone: threads, and processes that were forked, have the app in common.
            owner=new_owner(),
            claim_entries=settings.claim_entries,
            lease_seconds=settings.lease_seconds,
        )

    def _free_leases_of_the_dead(self) -> None:
        """Take back at once what a killed process of this machine held; other leases have to end."""
        for owner in self.store.owners():
            if is_dead(owner):
                self.store.release(owner, attempted=True)

    def run(
        self,
        *,
        sources: Sequence[str] = (),
        targets: Sequence[str] = (),
        patience_seconds: float = 0,
        progress: Progress = _silent,
    ) -> RunReport:
        """Read every source, deliver to every target, and report whether everything is accounted for.

        Args:
            sources: names of sources; all when empty.
            targets: names of targets; all when empty.
            patience_seconds: how long to wait for entries that are to be tried again.
            progress: told of each source and target.
        """
        report = RunReport()
        self.prepare()
        readings = [self.reading(name) for name in sources or self.settings.sources]
        try:
            for reading in readings:
                name = reading.name
                counts = report.records[name] = RecordCounts()
                advance = progress(f"from {name}", self._expected(reading))
                try:
                    self.intake.take(reading, advance, counts=counts)
                except (SettingsError, DeliveryError) as error:
                    report.failed_sources[name] = str(error)
            self._deliver(report.deliveries, targets, patience_seconds, progress)
        except KeyboardInterrupt:
            report.interrupted = True
        sums = self.store.counts()
        report.targets = {name: sums.get(name) or TargetCounts.none(name) for name in (*sums, *self.targets)}
        report.unknown_targets = tuple(
            name for name, one in sums.items() if name not in self.targets and one.states[State.WAITING]
        )
        return report

    def _expected(self, reading: Reading) -> int | None:
        """Return about how many records will be read; how many have changed since the last time nobody knows."""
        place = self.store.reading_place(reading.name)
        goes_on = reading.source.incremental and place is not None and place.cursor is not None
        return None if goes_on else count_of(reading.source)


def _chunk_mapper(settings: Settings, source_name: str, validate: bool) -> ChunkMapper:
    """Return what a worker process maps with."""
    return open_app(settings)._chunk_mapper(source_name, validate=validate)


def _first_contact(target: Target) -> Closed | None:
    """Look at a target that never took anything before it gets the first entry: a wrong address parks nothing."""
    try:
        target.check()
    except OperatorNeeded as error:
        return Closed("first-contact", str(error))
    except RetryLater:
        pass  # the worker finds out, and waits
    return None
