"""A plugin of each kind that `hm-fhir plugins new` writes does all that a plugin has to do, before it is changed.

Their samples are made small, to be quick; one of full size is tried in an environment of its own
(``tests/acceptance/test_new_plugin.py``).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

import pytest

from hm_fhir.scaffold.kinds import KINDS
from hm_fhir.scaffold.plugin import write_plugin
from hm_fhir.testing.contract import delivered
from hm_fhir.testing.contract.contract import Contract, plugin_contract


def new_plugin_contract(kind: str) -> type[Contract]:
    """Return the contract of a plugin that is written when its first test begins."""
    name = f"new-{kind}"

    class OfANewPlugin(plugin_contract(name)):  # type: ignore[misc]
        parent: ClassVar[Path]
        patch: ClassVar[pytest.MonkeyPatch]

        @classmethod
        def setup_class(cls) -> None:
            cls.parent = Path(tempfile.mkdtemp(prefix="hm-fhir-new-"))
            plugin = write_plugin(name, kind, cls.parent)
            sample = plugin.folder / plugin.package / "sample.yaml"
            told = sample.read_text(encoding="utf-8")
            sample.write_text(told.replace("activities: 330", "activities: 80"), encoding="utf-8")
            cls.plugin_folder = plugin.folder
            cls.patch = pytest.MonkeyPatch()
            cls.patch.setattr(delivered, "LEAST_ACTIVITIES", 80)
            super().setup_class()

        @classmethod
        def teardown_class(cls) -> None:
            super().teardown_class()
            cls.patch.undo()
            shutil.rmtree(cls.parent)

    return OfANewPlugin


TestCht = new_plugin_contract("cht")
TestCsv = new_plugin_contract("csv")
TestDhis2 = new_plugin_contract("dhis2")
TestJson = new_plugin_contract("json")
TestKobo = new_plugin_contract("kobo")
TestNdjson = new_plugin_contract("ndjson")
TestOdk = new_plugin_contract("odk")
TestQuestionnaireResponse = new_plugin_contract("questionnaire-response")
TestRest = new_plugin_contract("rest")
TestSql = new_plugin_contract("sql")
TestXlsx = new_plugin_contract("xlsx")


def test_no_kind_is_left_out() -> None:
    tried = {value.plugin_name.removeprefix("new-") for name, value in globals().items() if name.startswith("Test")}
    assert tried == set(KINDS)
