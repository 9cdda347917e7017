"""Settings: a TOML file, the environment over it, and errors that name keys and never values."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import BaseModel

from hm_fhir.config import (
    CANONICAL,
    Identifiers,
    Kinded,
    Settings,
    ValidationRule,
    load_settings,
    read_key,
    read_secret,
    settings_error,
    write_key,
)
from hm_fhir.errors import SettingsError
from hm_fhir.http.auth import Auth

SECRET = "hunter2-маркер"
FILE = """
[deployment]
name = "samokov"

[identity]
key = "file:keys/identity.key"
key_id = "key-1"

[plugins]
enabled = ["samokov"]

[delivery]
claim_entries = 50

[sources.register]
kind = "csv"
path = "register.csv"

[targets.national]
kind = "fhir"
url = "https://fhir.example.org/fhir"
auth = {kind = "basic", user = "samokov", password = "env:NATIONAL_PASSWORD"}
"""


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "hm-fhir.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(path)
    return str(refused.value)


def test_a_settings_file_is_read(settings_file: Path, tmp_path: Path) -> None:
    settings = load_settings(settings_file)
    assert settings.deployment.name == "samokov"
    assert settings.plugins.enabled == ("samokov",)
    assert settings.delivery.claim_entries == 50
    assert settings.folder == tmp_path
    assert settings.sources["register"].kind == "csv"
    assert settings.sources["register"].options == {"path": "register.csv"}
    assert settings.targets["national"].options["auth"]["password"] == "env:NATIONAL_PASSWORD"


def test_what_is_absent_has_a_default(settings_file: Path) -> None:
    settings = load_settings(settings_file)
    assert settings.deployment.time_zone == "Europe/Sofia"
    assert settings.deployment.identifier_system == f"{CANONICAL}/sid/surrogate"
    assert settings.store.path == Path("store/outbox.db")
    assert settings.delivery.retry_most_seconds == 3600


def test_the_example_that_init_writes_is_valid() -> None:
    example = Path(load_settings.__code__.co_filename).parent / "cli" / "example.toml"
    assert load_settings(example).targets["national"].kind == "fhir"


# The environment


def test_the_environment_wins_over_the_file(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HM_FHIR_TARGETS__NATIONAL__URL", "https://other.example.org")
    monkeypatch.setenv("HM_FHIR_TARGETS__NATIONAL__AUTH__USER", "burgas")
    monkeypatch.setenv("HM_FHIR_TARGETS__HOSPITAL__KIND", "fhir")
    monkeypatch.setenv("HM_FHIR_DELIVERY__CLAIM_ENTRIES", "7")
    monkeypatch.setenv("HM_FHIR_PLUGINS__ENABLED", '["samokov", "burgas"]')
    settings = load_settings(settings_file)
    national = settings.targets["national"].options
    assert national["url"] == "https://other.example.org"
    assert national["auth"] == {"kind": "basic", "user": "burgas", "password": "env:NATIONAL_PASSWORD"}
    assert settings.targets["hospital"].kind == "fhir"
    assert settings.delivery.claim_entries == 7
    assert settings.plugins.enabled == ("samokov", "burgas")
    assert settings.deployment.name == "samokov"


def test_a_wrong_value_in_the_environment_is_named_and_not_shown(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HM_FHIR_DELIVERY__CLAIM_ENTRIES", SECRET)
    assert "delivery.claim_entries: Input should be a valid integer" in refusal(settings_file)
    assert SECRET not in refusal(settings_file)


def test_an_unknown_key_in_the_environment_is_named(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HM_FHIR_DELIVERY__CLAIM_ENTRY", "7")
    assert "delivery.claim_entry: unknown key; did you mean 'claim_entries'?" in refusal(settings_file)


@pytest.mark.parametrize("value", ["samokov,burgas", "{", SECRET])
def test_a_list_in_the_environment_that_is_no_json_says_how_to_write_it(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HM_FHIR_PLUGINS__ENABLED", value)
    message = refusal(settings_file)
    assert message.startswith("HM_FHIR_PLUGINS…: an environment variable is not JSON")
    assert value not in message.removeprefix("HM_FHIR_PLUGINS") or value == "{"


def test_the_environment_cannot_move_the_folder(
    settings_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HM_FHIR_FOLDER", "/elsewhere")
    assert load_settings(settings_file).folder == tmp_path


# What is wrong


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    assert "hm-fhir init" in refusal(tmp_path / "absent.toml")


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    assert "cannot read the settings" in refusal(tmp_path)


@pytest.mark.parametrize("text", [b"[deployment", b"\xff\xfe", f'key = "{SECRET}'.encode()])
def test_a_file_that_is_no_toml_is_not_quoted(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(text)
    assert "not TOML" in refusal(path)
    assert SECRET not in refusal(path)


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("[target.x]\nkind = 'fhir'", "target: unknown key; did you mean 'targets'?"),
        ("[store]\npth = 'x'", "store.pth: unknown key; did you mean 'path'?"),
        ("[identifiers]\nekate = 'urn:x'", "identifiers.ekate: unknown key; did you mean 'ekatte'?"),
        ("[store]\nfolder = 'x'", "store.folder: unknown key; known: path"),
        ("[sources.UPPER]\nkind = 'csv'", "sources.UPPER.[key]: String should match pattern"),
        ("[sources.x]\npath = 'x'", "sources.x.kind: Field required"),
        ("[delivery.claim_entries]\nx = 5", "not TOML: Cannot"),
        ("[store]\npath = 5", "store.path: Input is not a valid path"),
    ],
)
def test_a_wrong_key_is_named_with_what_to_do(settings_file: Path, line: str, finding: str) -> None:
    settings_file.write_text(f"{FILE}\n{line}")
    assert finding in refusal(settings_file)


def test_every_wrong_key_is_named_at_once(settings_file: Path) -> None:
    settings_file.write_text('[deployment]\nname = "No Name"\n[identity]\nkeyid = "x"\n')
    message = refusal(settings_file)
    for finding in ("deployment.name:", "identity.key: Field required", "identity.key_id: Field", "identity.keyid:"):
        assert finding in message


@pytest.mark.parametrize(
    ("key", "toml"),
    [
        ("deployment.name", f'[deployment]\nname = "{SECRET}"'),
        ("deployment.time_zone", f'[deployment]\nname = "x"\ntime_zone = "{SECRET}"'),
        ("deployment.identifier_system", f'[deployment]\nname = "x"\nidentifier_system = "{SECRET}"'),
        ("identity.key", f'[identity]\nkey = "{SECRET}"\nkey_id = "k"'),
        ("delivery.lease_seconds", f'[delivery]\nlease_seconds = "{SECRET}"'),
        ("plugins.enabled", f'[plugins]\nenabled = ["{SECRET}"]'),
        ("targets.x.kind", f'[targets.x]\nkind = "{SECRET}"'),
    ],
)
def test_a_wrong_value_is_never_shown(tmp_path: Path, key: str, toml: str) -> None:
    # Somebody will write a secret where its reference belongs.
    path = tmp_path / "s.toml"
    path.write_text(toml, encoding="utf-8")
    assert key in refusal(path)
    assert SECRET not in refusal(path)


@pytest.mark.parametrize("wrong", ["inf", "nan", "0", "-1", "1e300", "true", "2592001"])
def test_a_wait_is_a_number_of_seconds_up_to_thirty_days(settings_file: Path, wrong: str) -> None:
    key = "retry_most_seconds"
    settings_file.write_text(FILE.replace("claim_entries = 50", f"{key} = {wrong}"))
    if wrong == "true":  # TOML's true is a 1 to Python
        assert load_settings(settings_file).delivery.retry_most_seconds == 1
    else:
        assert f"delivery.{key}" in refusal(settings_file)


@pytest.mark.parametrize("zone", ["Europe", "Europe/Sofiya", "../etc/passwd", "", "EET+2"])
def test_a_zone_has_a_name_that_is_known(settings_file: Path, zone: str) -> None:
    settings_file.write_text(FILE.replace('name = "samokov"', f'name = "samokov"\ntime_zone = "{zone}"'))
    assert "deployment.time_zone: unknown time zone; use a name such as Europe/Sofia" in refusal(settings_file)


def test_settings_cannot_be_changed(settings_file: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(settings_file).plugins = None  # type: ignore[assignment]


# Settings of a kind, which the plugin that brings it describes


class Options(BaseModel):
    model_config = {"extra": "forbid", "hide_input_in_errors": True}
    auth: Auth | None = None


@pytest.mark.parametrize(
    ("auth", "finding"),
    [
        ({"kind": "bearer", "tokn": "env:T"}, "auth.bearer.tokn: unknown key; did you mean 'token'?"),
        ({"kind": "basic", "token": "env:T"}, "auth.basic.token: unknown key; known: kind, password, user"),
        ({"kind": SECRET}, "auth: one of 'bearer', 'basic', 'token' is needed"),
        ({"kind": "bearer", "token": SECRET}, "auth.bearer.token: write env:NAME or file:PATH"),
        ({"kind": "basic", "user": "a:b", "password": "env:P"}, "auth.basic.user: String should match pattern"),
        ({}, "auth: Unable to extract tag"),
    ],
)
def test_a_wrong_key_of_a_kind_is_named_at_every_depth(auth: dict[str, str], finding: str) -> None:
    with pytest.raises(ValueError) as found:  # noqa: PT011  (a ValidationError of pydantic)
        Options.model_validate({"auth": auth})
    error = settings_error(found.value, Options, place="targets.national")  # type: ignore[arg-type]
    assert finding in str(error)
    assert str(error).startswith("targets.national: ")
    assert SECRET not in str(error)


def test_a_kind_keeps_its_settings_for_the_plugin() -> None:
    assert Kinded.model_validate({"kind": "csv", "path": "x"}).options == {"path": "x"}


# Secrets


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("  from-a-file\n")
    monkeypatch.setenv("TOKEN", " from-the-environment ")
    assert read_secret("env:TOKEN", tmp_path) == "from-the-environment"
    assert read_secret("env:TOKEN", tmp_path, {"TOKEN": "given"}) == "given"
    assert read_secret("file:token", tmp_path) == "from-a-file"
    assert read_secret(f"file:{tmp_path / 'token'}", Path("/elsewhere")) == "from-a-file"


@pytest.mark.parametrize(
    "reference", ["env:ABSENT", "env:BLANK", "file:absent", "file:blank", "file:.", "file:binary"]
)
def test_a_secret_that_is_not_there_is_named_by_its_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    monkeypatch.delenv("ABSENT", raising=False)
    monkeypatch.setenv("BLANK", " ")
    (tmp_path / "blank").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff" + SECRET.encode())
    with pytest.raises(SettingsError) as refused:
        read_secret(reference, tmp_path)
    assert refused.value.code == "secret"
    assert refused.value.place == reference
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_key_is_read_from_base64_also_in_lines(tmp_path: Path, ending: str) -> None:
    key = bytes(range(64))
    (tmp_path / "plain").write_text(base64.b64encode(key).decode() + ending)
    (tmp_path / "lines").write_bytes(base64.encodebytes(key) + ending.encode())  # as openssl and base64 write it
    assert read_key("file:plain", tmp_path) == read_key("file:lines", tmp_path) == key


@pytest.mark.parametrize("wrong", [SECRET, "ключ", "abc", "a-b_c===", "%%%%"])
def test_a_key_that_is_not_base64_is_refused_and_not_shown(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "key").write_text(wrong, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        read_key("file:key", tmp_path)
    assert refused.value.code == "identity-key"
    assert wrong not in str(refused.value)


def test_a_new_key_is_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "identity.key"
    write_key(path)
    first = read_key("file:keys/identity.key", tmp_path)
    assert len(first) >= 32
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        write_key(path)
    assert read_key("file:keys/identity.key", tmp_path) == first


# Identifier systems


def test_mappings_see_the_systems_by_the_kind_of_identifier() -> None:
    seen = Identifiers(egn="urn:example:egn").by_kind()
    assert seen["egn"] == "urn:example:egn"
    assert seen["nhis-newborn"] == f"{CANONICAL}/sid/bg-nhis-newborn"
    assert set(seen) == {name.replace("_", "-") for name in Identifiers.model_fields}


@pytest.mark.parametrize("wrong", ["", "no-scheme", "urn:with space", "1:x"])
def test_a_system_is_a_uri(wrong: str) -> None:
    with pytest.raises(ValueError, match="egn"):
        Identifiers(egn=wrong)


def test_every_setting_is_described() -> None:
    sections = [field.annotation for field in Settings.model_fields.values()]
    models: list[type[BaseModel]] = [one for one in sections if isinstance(one, type) and issubclass(one, BaseModel)]
    assert len(models) == 7
    models += [Kinded, ValidationRule]
    for model in models:
        assert all(field.description for field in model.model_fields.values()), model
