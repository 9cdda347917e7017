"""Whatever stands in a record: no message about it holds a value of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Record, understand
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.fields.loading import load_fields
from hm_fhir.sources.fields.source import FieldsSource

from .conftest import CONTEXT, FOLDER, ROW, Items, all_headings

FIELDS = load_fields(FOLDER / "samokov.yaml")
SOURCE = FieldsSource(Items([]), FIELDS, Directory(FOLDER / "directory.yaml"), CONTEXT)
HEADINGS = all_headings(FIELDS)
SECRET = "ъъСкритоъъ"
HOW = (
    st.just(SECRET),
    st.integers(10**8, 10**12).map(lambda number: f"{SECRET}{number}"),
    st.just(["a", SECRET]),
    st.just({"a": SECRET}),
    st.just(f"05.01.2026, {SECRET}"),
    st.just(f"{SECRET}\n{{{{ {SECRET} }}}} {{% if %}}"),
    st.just("\x00" + SECRET),
    st.just(Decimal("20260105.5")),
    st.just(True),
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.dictionaries(st.sampled_from(HEADINGS), st.one_of(*HOW), min_size=1, max_size=4))
def test_no_rejection_shows_a_value_and_nothing_but_rejections_is_raised(changes: dict[str, Any]) -> None:
    record = Record("table:2", {**ROW, **changes})
    error = rejection(record)
    if error is not None:
        causes = [error, error.__cause__]
        told = " ".join([*map(str, causes), *map(repr, causes), error.message, error.fix or ""])
        assert "Скрито" not in told
        assert "20260105" not in told
        assert (error.place, error.code == "plugin-defect") == ("table:2", False)
    SOURCE.local_id(record)


def rejection(record: Record) -> RecordRejected | None:
    try:
        understand(SOURCE, record)
    except RecordRejected as error:
        return error
    return None


def test_records_and_typed_values_do_not_show_themselves() -> None:
    assert ROW["ЕГН/ЛНЧ"] not in repr(Record("table:2", ROW))
    assert ROW["ЕГН/ЛНЧ"] not in repr(understand(SOURCE, Record("table:2", ROW)))
