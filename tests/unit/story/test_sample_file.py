"""``sample.yaml``: mistakes in it are found before anything is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hm_fhir.errors import MappingErrors, PluginError, SettingsError
from hm_fhir.testing.samples import open_sample
from hm_fhir.testing.story.defects import DEFECTS
from hm_fhir.testing.story.municipality import load_municipality
from hm_fhir.testing.story.sample_file import People, SampleSpec
from hm_fhir.testing.story.words import FUNCTIONS

REGISTER = Path(__file__).parent / "register"


@pytest.fixture
def register(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REGISTER, tmp_path / "register"))


def change(folder: Path, before: str, after: str) -> None:
    file = folder / "sample.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "message", "fix"),
    [
        ("activities: 320", "activites: 320", "activites is not known", "activities"),
        ("{{ type.word('types') }}", "{{ typ.word('types') }}", "typ", "type"),
        ("{{ case_id }}", "{{ %case }}", "%case is not defined", "%activity"),
        ("{{ case_id }}", "{{ case_id }", "{{", ""),
        ("{{ note }}", "{{ note.worde('x') }}", "worde", "word"),
        ('"{[ reasons ]}"', '"{[ reason ]}"', "reason", "reasons"),
        ("word('topics')", "word('topic')", "fields.yaml has no code table 'topic'", "did you mean 'topics'?"),
        (
            "{{ mediator.local_id }}",
            "{{ mediator.local_id.word('people') }}",
            "fields.yaml has no code table 'people'",
            "add it there, `people: {WORD: CODE}` under `codes`, or write the code itself, without .word('people')",
        ),
        ('"{[ reasons ]}"', "\"{[ reasons.word('why') ]}\"", "fields.yaml has no code table 'why'", ".word('why')"),
        ("deletion: status", "deletion: later", "deletion", ""),
        ("times: 90", "times: 900", "times", ""),
    ],
)
def test_a_mistake_is_shown_at_its_place(register: Path, before: str, after: str, message: str, fix: str) -> None:
    change(register, before, after)
    with pytest.raises(MappingErrors) as caught:
        load_municipality(register, system="register")
    text = str(caught.value)
    assert message in text
    assert fix in text
    assert "sample.yaml:" in text


def test_all_mistakes_are_shown_together(register: Path) -> None:
    change(register, "{{ note }}", "{{ notes }}")
    change(register, "{{ case_id }}", "{{ cases }}")
    with pytest.raises(MappingErrors) as caught:
        load_municipality(register, system="register")
    assert len(caught.value.errors) == 2


def test_a_file_that_is_missing_is_named(register: Path) -> None:
    (register / "sample.yaml").unlink()
    with pytest.raises(SettingsError, match=r"sample\.yaml"):
        load_municipality(register, system="register")


def test_a_table_that_is_not_there_is_named(register: Path) -> None:
    change(register, "topics: topics", "topics: themes")
    with pytest.raises(SettingsError, match="topics: there is no code table"):
        load_municipality(register, system="register")


def test_what_the_form_derives_wrongly_is_told(register: Path) -> None:
    change(register, '"{[ reasons ]}"', '"{[ type ]}"')
    with pytest.raises(SettingsError, match=r"no activity: referral\.reasons"):
        load_municipality(register, system="register").story()


def test_a_plugin_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no plugin 'nowhere'"), open_sample("nowhere", tmp_path):
        pass


def test_a_short_story_is_refused(register: Path) -> None:
    change(register, "activities: 320", "activities: 320\ndays: {first: 2026-01-05, last: 2026-02-01}")
    with pytest.raises(MappingErrors, match="at least 60 days"):
        load_municipality(register, system="register")


def test_the_reference_names_every_key_function_and_defect() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "samples.md").read_text(encoding="utf-8")
    for key in (*SampleSpec.model_fields, *People.model_fields):
        assert f"| `{key}` |" in page, key
    for function in FUNCTIONS:
        assert f"{function.name}(" in page, function.name
    for defect in DEFECTS:
        assert f"| `{defect.name}` | `{defect.code}` |" in page, defect.name


def test_the_example_of_the_reference_is_a_sample_file(register: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "samples.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    (register / "sample.yaml").write_text(example, encoding="utf-8")
    story = load_municipality(register, system="register").story()
    assert set(story.types) == {"home-visit", "referral", "group-health-talk"}
    assert set(story.changes[0].native["cells"]) <= {"№", "Дата", "Вид", "Теми"}
