"""Bundles of type transaction and batch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest


def key(resource):
    return f"{resource['resourceType']}/{resource['id']}"


def without_id(resource):
    return {name: value for name, value in resource.items() if name != "id"}


def condition(patient):
    return f"identifier={patient['identifier'][0]['system']}|{patient['id']}"


def urn():
    return f"urn:uuid:{uuid4()}"


def statuses(answer):
    return [entry["response"]["status"][:3] for entry in answer.json()["entry"]]


def locations(answer):
    """Return ``Type/id`` of each answer: some servers give an absolute URL, some a relative one."""
    return ["/".join(entry["response"]["location"].split("/")[-4:-2]) for entry in answer.json()["entry"]]


def versions(answer):
    """Return the version of each answer: some servers write ``W/"1"``, some ``1``."""
    return [entry["response"]["etag"].removeprefix("W/").strip('"') for entry in answer.json()["entry"]]


def test_a_transaction_writes_ids_of_ours_in_any_order_and_answers_in_the_order_sent(server):
    patient = server.patient()
    observation = server.observation(key(patient))
    answer = server.bundle(server.puts(observation), server.puts(patient))
    assert answer.status_code == 200
    assert answer.json()["type"] == "transaction-response"
    assert statuses(answer) == ["201", "201"]
    assert locations(answer) == [key(observation), key(patient)]
    assert versions(answer) == ["1", "1"]
    assert server.get(key(observation)).json()["subject"] == {"reference": key(patient)}


def test_the_same_transaction_twice_has_the_effect_of_one(server):
    patient = server.patient()
    entries = [server.puts(patient), server.puts(server.observation(key(patient)))]
    server.bundle(*entries)
    again = server.bundle(*entries)
    assert statuses(again) == ["200", "200"]
    expected = "2" if server.says("the same content again makes a version") else "1"
    assert versions(again) == [expected, expected]
    assert len(server.found(f"Observation?subject={key(patient)}")) == 1


def test_no_change_is_said_to_be_none(server):
    patient = server.stored(server.patient())
    response = server.bundle(server.puts(patient)).json()["entry"][0]["response"]
    codes = [
        coding["code"]
        for issue in response.get("outcome", {}).get("issue", [])
        for coding in issue.get("details", {}).get("coding", [])
    ]
    assert ("SUCCESSFUL_UPDATE_NO_CHANGE" in codes) is not server.says("the same content again makes a version")


def test_a_transaction_is_all_or_nothing(server, refused):
    first, last = server.patient(), server.patient()
    bad = server.observation(urn())  # nothing in the Bundle has this fullUrl
    refused(server.bundle(server.puts(first), server.puts(bad), server.puts(last)), 400)
    assert not any(map(server.exists, (first, bad, last)))


def test_a_reference_to_something_absent_fails_the_transaction_and_names_no_entry(server, refused):
    patient = server.patient()
    answer = server.bundle(server.puts(patient), server.puts(server.observation("Patient/never-here")))
    if server.says("a reference to something absent") == 400:
        refused(answer, 400)
        assert "entry[" not in answer.text
        assert not server.exists(patient)
    else:
        assert statuses(answer) == ["201", "201"]


def test_placeholders_become_ids(server):
    patient, observation, of_patient = server.patient(), server.observation("", id="x"), urn()
    observation["subject"]["reference"] = of_patient
    answer = server.bundle(
        server.entry("POST", "Observation", observation, full_url=urn()),
        server.entry("POST", "Patient", patient, full_url=of_patient),
    )
    assert statuses(answer) == ["201", "201"]
    stored_observation, stored_patient = locations(answer)
    assert server.get(stored_observation).json()["subject"]["reference"] == stored_patient


def test_placeholders_may_stand_for_ids_of_ours_and_point_at_each_other(server):
    one, two = server.patient(), server.patient()
    at_one, at_two = urn(), urn()
    one["link"] = [{"other": {"reference": at_two}, "type": "seealso"}]
    two["link"] = [{"other": {"reference": at_one}, "type": "seealso"}]
    answer = server.bundle(
        server.entry("PUT", key(one), one, full_url=at_one), server.entry("PUT", key(two), two, full_url=at_two)
    )
    assert statuses(answer) == ["201", "201"]
    assert server.get(key(one)).json()["link"][0]["other"]["reference"] == key(two)
    assert server.get(key(two)).json()["link"][0]["other"]["reference"] == key(one)


def test_if_none_exist_finds_what_is_there_and_references_follow(server, refused):
    patient, placeholder = server.patient(), urn()
    create = server.entry("POST", "Patient", patient, full_url=placeholder, ifNoneExist=condition(patient))
    first = server.bundle(
        create, server.entry("POST", "Observation", server.observation(placeholder), full_url=urn())
    )
    assert statuses(first) == ["201", "201"]
    second = server.bundle(
        create, server.entry("POST", "Observation", server.observation(placeholder), full_url=urn())
    )
    assert statuses(second) == ["200", "201"]
    assert locations(first)[0] == locations(second)[0]
    assert len(server.found(f"Observation?subject={locations(first)[0]}")) == 2
    server.send("POST", "Patient", patient)
    refused(server.bundle(create), 412)


def test_a_conditional_put_in_a_transaction(server, refused):
    patient, placeholder = server.patient(), urn()
    url = f"Patient?{condition(patient)}"
    update = server.entry("PUT", url, without_id(patient), full_url=placeholder)
    first = server.bundle(
        update, server.entry("POST", "Observation", server.observation(placeholder), full_url=urn())
    )
    assert statuses(first) == ["201", "201"]
    assert server.get(locations(first)[1]).json()["subject"]["reference"] == locations(first)[0]
    second = server.bundle(server.entry("PUT", url, without_id(patient) | {"gender": "male"}, full_url=placeholder))
    assert statuses(second) == ["200"]
    assert versions(second) == ["2"]
    assert locations(second)[0] == locations(first)[0]
    server.send("POST", "Patient", patient)
    refused(server.bundle(update), 412)


def test_a_stale_if_match_fails_the_transaction(server, refused):
    patient, other = server.stored(server.patient()), server.patient()
    server.put(patient | {"gender": "male"})
    stale = server.entry("PUT", key(patient), patient | {"gender": "other"}, ifMatch='W/"1"')
    refused(server.bundle(server.puts(other), stale), server.says("a stale If-Match"))
    assert not server.exists(other)
    alone = server.bundle(server.puts(other), stale, kind="batch")
    assert statuses(alone) == ["201", str(server.says("a stale If-Match"))]
    fresh = server.entry("PUT", key(patient), patient | {"gender": "other"}, ifMatch=f'W/"{server.version(patient)}"')
    assert statuses(server.bundle(fresh)) == ["200"]


def test_the_same_resource_twice(server):
    patient = server.patient()
    male, female = (server.puts(patient | {"gender": gender}) for gender in ("male", "female"))
    answer = server.bundle(male, female)
    assert answer.status_code == server.says("the same resource twice in a transaction")
    assert server.exists(patient) is (answer.status_code == 200)
    other = server.patient()
    batch = server.bundle(server.puts(other), server.puts(other | {"gender": "male"}), kind="batch")
    assert statuses(batch) == ["201", "200"]
    assert versions(batch) == ["1", "2"]


def test_put_and_delete_of_one_resource(server):
    patient = server.stored(server.patient())
    answer = server.bundle(server.puts(patient), server.entry("DELETE", key(patient)))
    assert answer.status_code == server.says("PUT and DELETE of one resource in a transaction")


def test_the_same_condition_twice(server):
    patient = server.patient()
    twice = [server.entry("PUT", f"Patient?{condition(patient)}", without_id(patient), full_url=urn()) for _ in "12"]
    server.bundle(twice[0])
    answer = server.bundle(*twice)
    got = (200, len(answer.json()["entry"])) if answer.status_code == 200 else answer.status_code
    assert got == server.says("the same condition twice in a transaction")
    other = server.patient()
    creates = [server.entry("POST", "Patient", other, ifNoneExist=condition(other)) for _ in "12"]
    answer = server.bundle(*creates)
    assert answer.status_code == server.says("the same ifNoneExist twice, without fullUrl")
    assert len(server.found(f"Patient?{condition(other)}")) == (1 if answer.status_code == 200 else 0)


def test_the_same_full_url_twice(server):
    entry = server.entry("POST", "Patient", server.patient(), full_url=urn())
    assert server.bundle(entry, entry).status_code == server.says("the same fullUrl twice")


def test_deletes_come_before_writes_and_reads_after_them(server):
    patient = server.stored(server.patient())
    observation = server.stored(server.observation(key(patient)))
    answer = server.bundle(
        server.entry("GET", key(patient)),
        server.puts(patient | {"gender": "male"}),
        server.entry("DELETE", key(observation)),
    )
    read, written, deleted = statuses(answer)
    assert (read, written) == ("200", "200")
    assert deleted in ("200", "204")
    assert answer.json()["entry"][0]["resource"]["gender"] == "male"
    assert not server.exists(observation)


def test_what_is_referenced_is_deleted_together_with_what_references_it(server):
    patient = server.stored(server.patient())
    observation = server.stored(server.observation(key(patient)))
    alone = server.bundle(server.entry("DELETE", key(patient)))
    assert alone.status_code == server.says("deleting what is referenced")
    both = server.bundle(server.entry("DELETE", key(patient)), server.entry("DELETE", key(observation)))
    assert both.status_code == 200
    assert not server.exists(patient)
    assert not server.exists(observation)
    nothing = server.bundle(server.entry("DELETE", key(server.patient())))
    assert statuses(nothing)[0] in ("200", "204")


def test_reads_and_searches_in_a_bundle(server):
    patient = server.stored(server.patient())
    reads = [key(patient), f"{key(patient)}/_history/1", f"Patient?_id={patient['id']}"]
    for kind in ("transaction", "batch"):
        answer = server.bundle(*(server.entry("GET", url) for url in reads), kind=kind)
        assert statuses(answer) == ["200", "200", "200"]
        one, first, found = (entry["resource"] for entry in answer.json()["entry"])
        assert one["id"] == first["id"] == found["entry"][0]["resource"]["id"] == patient["id"]


def test_a_read_of_something_absent(server):
    patient = server.patient()
    entries = [server.entry("GET", "Patient/never-here"), server.puts(patient)]
    answer = server.bundle(*entries)
    if server.says("GET of something absent in a transaction") == 404:
        assert answer.status_code == 404
        assert not server.exists(patient)
    else:
        assert statuses(answer) == ["404", "201"]
    batch = server.bundle(*entries, kind="batch")
    assert statuses(batch)[0] == "404"
    assert server.exists(patient)


def test_entries_of_a_batch_stand_alone(server):
    first, last = server.patient(), server.patient()
    mistake = server.entry("PUT", key(first), server.observation("Patient/x"))
    answer = server.bundle(server.puts(first), mistake, server.puts(last), kind="batch")
    assert answer.json()["type"] == "batch-response"
    assert statuses(answer) == ["201", "400", "201"]
    outcome = answer.json()["entry"][1]["response"]["outcome"]
    assert outcome["resourceType"] == "OperationOutcome"
    assert server.exists(first)
    assert server.exists(last)


def test_placeholders_do_not_join_entries_of_a_batch(server):
    placeholder = urn()
    answer = server.bundle(
        server.entry("POST", "Patient", server.patient(), full_url=placeholder),
        server.entry("POST", "Observation", server.observation(placeholder), full_url=urn()),
        kind="batch",
    )
    assert statuses(answer) == ["201", server.says("a placeholder between entries of a batch")]


@pytest.mark.parametrize("kind", ["collection", "history", "searchset"])
def test_other_bundles_are_refused(server, refused, kind):
    refused(server.bundle(kind=kind), 400)
    refused(server.send("POST", "", server.patient()), 400)


def test_mistakes_in_an_entry_are_refused(server, refused):
    patient, other = server.patient(), server.patient()
    for mistake in (
        {"resource": patient},
        server.entry("FROB", key(patient), patient),
        server.entry("PUT", key(patient)),
        server.entry("PUT", key(patient), server.observation(key(patient))),
    ):
        refused(server.bundle(server.puts(other), mistake), 400)
    assert not server.exists(other)


def test_a_transaction_without_entries_is_answered(server):
    answer = server.bundle()
    assert answer.status_code == 200
    assert answer.json().get("entry", []) == []


def test_ids_and_urls_of_entries(server):
    patient = server.patient()
    answer = server.bundle(server.entry("PUT", key(patient), server.patient()))
    assert answer.status_code == server.says("an entry whose resource has another id than its URL")
    answer = server.bundle(server.entry("PUT", f"{server.url}/{key(patient)}", patient))
    assert answer.status_code == server.says("an absolute URL in an entry")
    assert server.bundle(server.entry("PUT", key(patient), without_id(patient))).status_code == 200
    assert server.bundle(server.entry("PUT", f"/{key(patient)}", patient)).status_code == 200


def test_resources_come_back_if_asked_for(server):
    patient = server.patient()
    asked = server.bundle(server.puts(patient), prefer="return=representation").json()["entry"][0]
    assert asked["resource"]["id"] == patient["id"]
    unasked = server.bundle(server.puts(patient | {"gender": "male"})).json()["entry"][0]
    assert ("resource" in unasked) is server.says("resources in the answer without asking")


def test_parallel_conditional_creates_make_one_resource(server):
    patient = server.patient()

    def create(_):
        return server.bundle(
            server.entry("POST", "Patient", patient, full_url=urn(), ifNoneExist=condition(patient))
        ).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(create, range(8)))
    assert 200 in answers
    assert set(answers) <= {200, 409}  # HAPI FHIR answers the loser of a race with 409
    assert len(server.found(f"Patient?{condition(patient)}")) == 1
