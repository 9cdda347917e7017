"""An HIS that embeds the library: its own row and the entry are committed together, or neither is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hm_fhir import Activity
from hm_fhir.config import write_key
from hm_fhir.errors import MappingRefused, RecordRejected, StoreError
from hm_fhir.outbox.entry import Outcome, State
from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment


def visit(number: int, **more: object) -> Activity:
    return Activity.model_validate(
        {
            "system": "his",
            "local_id": str(number),
            "updated_at": "2026-03-05T10:00:00+02:00",
            "municipality": {"code": "SFO39", "name": "Самоков"},
            "mediator": {"local_id": "M1", "name": {"family": "Примерова"}},
            "type": "home-visit",
            "period": {"start": "2026-03-05"},
            "setting": "home",
            "persons": [{"local_id": "7", "name": {"given": ["Проба"]}}],
            **more,
        }
    )


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    return Deployment(tmp_path).section("store", path="his.db").target("hospital", fhir_server.url)


@pytest.fixture
def his(deployment: Deployment) -> Iterator[sqlite3.Connection]:
    """The database of the HIS; the outbox lives in the same file."""
    with closing(sqlite3.connect(deployment.folder / "his.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE visits (number INTEGER PRIMARY KEY)")
        yield connection


def test_the_entry_is_there_when_the_caller_commits(
    deployment: Deployment, his: sqlite3.Connection, fhir_server: FhirServer
) -> None:
    with deployment.app() as app:
        app.prepare()
        his.execute("BEGIN IMMEDIATE")
        his.execute("INSERT INTO visits VALUES (1)")
        assert app.submit(visit(1), connection=his) is Outcome.NEW
        his.execute("COMMIT")
        assert app.deliver()["hospital"].settled == {"delivered": 1}
    assert any(key.startswith("Encounter") for key in fhir_server.resources)


def test_nothing_is_there_when_the_caller_rolls_back(deployment: Deployment, his: sqlite3.Connection) -> None:
    with deployment.app() as app:
        app.prepare()
        his.execute("BEGIN IMMEDIATE")
        his.execute("INSERT INTO visits VALUES (1)")
        app.submit(visit(1), connection=his)
        his.execute("ROLLBACK")
        assert app.deliver()["hospital"].settled == {}
        assert his.execute("SELECT count(*) FROM visits").fetchone() == (0,)
        assert app.submit(visit(1)) is Outcome.NEW, "it was never known"


def test_a_refusal_leaves_the_transaction_to_the_caller(deployment: Deployment, his: sqlite3.Connection) -> None:
    with deployment.app() as app:
        app.prepare()
        his.execute("BEGIN IMMEDIATE")
        his.execute("INSERT INTO visits VALUES (1)")
        with pytest.raises(MappingRefused):
            app.submit(visit(1, type="referral"), connection=his)
        his.execute("COMMIT")
        assert his.execute("SELECT count(*) FROM visits").fetchone() == (1,)


def test_a_store_that_is_not_open_is_said_at_once_and_does_not_block(
    deployment: Deployment, his: sqlite3.Connection
) -> None:
    with deployment.app() as app:
        his.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="prepare"):
            app.submit(visit(1), connection=his)
        his.execute("ROLLBACK")


def test_versions_are_told_apart(deployment: Deployment) -> None:
    with deployment.app() as app:
        assert app.submit(visit(1)) is Outcome.NEW
        assert app.submit(visit(1)) is Outcome.REPEATED
        assert app.submit(visit(1, updated_at="2026-03-06T10:00:00+02:00", topics=["hygiene"])) is Outcome.NEWER
        assert app.submit(visit(1)) is Outcome.OLDER
        assert app.store.counts()["hospital"].states[State.SUPERSEDED] == 1
        with pytest.raises(RecordRejected) as caught:
            app.submit(visit(1, updated_at="2026-03-06T10:00:00+02:00", topics=["nutrition"]))
        assert caught.value.code == "version-conflict"


@pytest.mark.parametrize(
    "wrong",
    [{"period": {"start": "2099-01-01"}}, {"updated_at": "2099-01-01T00:00:00+02:00"}],
    ids=["done", "changed"],
)
def test_what_was_done_or_changed_in_the_future_is_rejected(deployment: Deployment, wrong: dict[str, object]) -> None:
    with deployment.app() as app:
        with pytest.raises(RecordRejected) as caught:
            app.submit(visit(1, **wrong))
        assert caught.value.code == "future-date"
        planned = visit(1, period={"start": "2099-01-01"}, status="planned")
        assert app.submit(planned) is Outcome.NEW


def test_a_target_that_comes_later_gets_what_is_known_already(deployment: Deployment, tmp_path: Path) -> None:
    with deployment.app() as app:
        app.submit(visit(1))
        app.deliver()
    with FhirServer() as ministry:
        deployment.target("ministry", ministry.url)
        with deployment.app() as app:
            assert app.submit(visit(1)) is Outcome.REPEATED
            counts = app.deliver()
            assert counts["ministry"].settled == {"delivered": 1}
            assert counts["hospital"].settled == {}
            assert not any(one.missing for one in app.store.counts().values())


def test_a_second_key_is_noticed_before_anybody_gets_a_second_id(deployment: Deployment) -> None:
    with deployment.app() as app:
        app.submit(visit(1))
    (deployment.folder / "keys" / "identity.key").unlink()
    write_key(deployment.folder / "keys" / "identity.key")
    with deployment.app() as app, pytest.raises(StoreError):
        app.submit(visit(2))
