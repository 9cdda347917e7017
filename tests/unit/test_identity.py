"""Ids are made of business keys with the deployment's secret: always the same, for others a riddle."""

from __future__ import annotations

import hmac
import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.activities.identity import MINIMUM_KEY_BYTES, Identity
from hm_fhir.errors import SettingsError

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # R4, datatypes.html#id
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
EGN_KEY = "egn|7523169263"


def identity(key: bytes = KEY) -> Identity:
    return Identity(key, key_id="key-1", system="urn:example:surrogate")


def test_the_same_business_key_has_the_same_id_for_ever() -> None:
    # Written down: if this id changes, every deployment makes second ids for everybody.
    assert identity().resource_id("Patient", EGN_KEY) == "1aa2c4ab-6859-8070-8154-83d24efbff12"
    assert identity().resource_id("Patient", EGN_KEY) == identity().resource_id("Patient", EGN_KEY)


def test_another_secret_gives_other_ids() -> None:
    assert identity().resource_id("Patient", EGN_KEY) != identity(OTHER_KEY).resource_id("Patient", EGN_KEY)
    assert identity().pseudonym("person", EGN_KEY) != identity(OTHER_KEY).pseudonym("person", EGN_KEY)
    assert identity().digest(b"content") != identity(OTHER_KEY).digest(b"content")


def test_the_type_is_part_of_the_id() -> None:
    assert identity().resource_id("Patient", EGN_KEY) != identity().resource_id("RelatedPerson", EGN_KEY)


@given(st.text(), st.text())
def test_an_id_is_a_fhir_id_and_a_uuid_of_version_8(resource_type: str, key: str) -> None:
    made = identity().resource_id(resource_type, key)
    assert FHIR_ID.fullmatch(made)
    assert UUID(made).version == 8
    assert UUID(made).variant == "specified in RFC 4122"


@given(st.text(), st.text(), st.text(), st.text())
def test_nothing_collides_by_being_joined(left: str, right: str, other_left: str, other_right: str) -> None:
    same_parts = (left, right) == (other_left, other_right)
    assert (identity().resource_id(left, right) == identity().resource_id(other_left, other_right)) == same_parts


@pytest.mark.parametrize(("one", "other"), [(("ab", "c"), ("a", "bc")), (("", "ab"), ("ab", ""))])
def test_parts_that_read_the_same_when_joined_differ(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert identity().resource_id(*one) != identity().resource_id(*other)
    assert identity().pseudonym(*one) != identity().pseudonym(*other)


def test_every_use_of_the_secret_is_a_domain_of_its_own() -> None:
    made = identity()
    values = [
        made.resource_id("Patient", "x").replace("-", ""),
        made.pseudonym("Patient", "x"),
        made.pseudonym("resource", "Patient"),
        made.digest(b"Patientx"),
        made.digest(b""),
        made.fingerprint,
    ]
    assert len({value[:12] for value in values}) == len(values)


@given(st.binary(), st.binary())
def test_a_digest_tells_contents_apart(one: bytes, other: bytes) -> None:
    assert (identity().digest(one) == identity().digest(other)) == (one == other)
    assert re.fullmatch(r"[0-9a-f]{64}", identity().digest(one))


def test_the_fingerprint_tells_secrets_apart_and_depends_on_nothing_else() -> None:
    renamed = Identity(KEY, key_id="key-2", system="urn:example:other")
    assert identity().fingerprint == renamed.fingerprint
    assert identity().fingerprint != identity(OTHER_KEY).fingerprint
    assert re.fullmatch(r"[0-9a-f]{16}", identity().fingerprint)


def test_a_surrogate_identifier_has_the_deployments_system_and_the_id() -> None:
    assert identity().surrogate("Patient", EGN_KEY) == {
        "system": "urn:example:surrogate",
        "value": identity().resource_id("Patient", EGN_KEY),
    }


def test_nothing_of_the_business_key_or_the_secret_can_be_read() -> None:
    made = identity()
    seen = [made.resource_id("Patient", EGN_KEY), made.pseudonym("person", EGN_KEY), repr(made), made.fingerprint]
    assert not any(part in text for text in seen for part in ("7523169263", "egn", KEY.hex()))


@pytest.mark.parametrize("size", [0, 1, MINIMUM_KEY_BYTES - 1])
def test_a_short_secret_is_refused_without_being_shown(size: int) -> None:
    with pytest.raises(SettingsError) as refused:
        Identity(b"s" * size, key_id="key-1", system="urn:example:surrogate")
    assert refused.value.code == "identity-key"
    assert f"{size} bytes" in str(refused.value)
    assert "sss" not in str(refused.value)


def test_the_shortest_secret_is_taken() -> None:
    assert identity(b"s" * MINIMUM_KEY_BYTES).fingerprint


@pytest.mark.parametrize("length", [32, 64, 65, 200])
def test_an_id_is_the_hmac_of_type_and_key_whatever_the_length_of_the_secret(length: int) -> None:
    secret = bytes(range(length))
    framed = b"".join(len(text).to_bytes(4, "big") + text for text in (b"resource", b"Task", "ключ".encode()))
    raw = bytearray(hmac.new(secret, framed, "sha256").digest()[:16])
    raw[6], raw[8] = 0x80 | raw[6] & 0x0F, 0x80 | raw[8] & 0x3F
    assert Identity(secret, key_id="k", system="urn:x").resource_id("Task", "ключ") == str(UUID(bytes=bytes(raw)))
