"""`hm-fhir validate` as people and programs use it: real processes, documented exit codes, no value of the data."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing.deployment import Deployment, Finished

COMMAND = [sys.executable, "-c", "from hm_fhir.cli.main import main; main()"]
GOOD: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "good",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    "gender": "female",
    "birthDate": "1990-05-17",
}
WRONG = {**GOOD, "gender": "woman", "birthDate": "17.05.1990"}
URL = "https://example.org/fhir/StructureDefinition/known-birth-date"
PROFILE = {
    "resourceType": "StructureDefinition",
    "url": URL,
    "name": "KnownBirthDate",
    "status": "active",
    "fhirVersion": "4.0.1",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {"element": [{"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1}]},
}


def run(*arguments: object, folder: Path | None = None, given: bytes = b"") -> Finished:
    """Run `hm-fhir validate` where there are no settings."""
    command = [*COMMAND, "validate", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, timeout=120, check=False)
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def issues(done: Finished) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.output.splitlines()]


def write(file: Path, *resources: Any) -> Path:
    """Write resources as NDJSON, or one as JSON; texts as they are."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in resources]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_a_valid_resource_is_exit_code_0(tmp_path: Path) -> None:
    done = run(write(tmp_path / "good.json", GOOD), folder=tmp_path)
    assert (done.code, done.errors) == (0, "")
    assert done.output == "1 resource in 1 file valid: nothing found\n"


def test_errors_are_exit_code_1_and_shown_by_file(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.ndjson", WRONG, GOOD, "", WRONG)
    write(tmp_path / "in" / "b.json", GOOD)
    done = run("in", folder=tmp_path)
    assert done.code == 1
    heading, *lines, last = done.output.splitlines()
    assert heading == "in/a.ndjson: 4 errors in 3 resources"
    assert [line.split(":")[0].strip() for line in lines] == ["error Patient.gender", "error Patient.birthDate"]
    assert all("2 times, first at index 0" in line for line in lines)
    assert last == "2 of 4 resources in 2 files not valid: 4 errors"


def test_json_has_one_object_for_each_issue(tmp_path: Path) -> None:
    done = run("--json", write(tmp_path / "a.ndjson", GOOD, "", WRONG), folder=tmp_path)
    assert done.code == 1
    gender, birth = issues(done)
    assert list(gender) == ["file", "index", "severity", "location", "rule", "text", "code", "profile", "origin"]
    assert (gender["file"], gender["index"]) == (str(tmp_path / "a.ndjson"), 2)
    assert (gender["severity"], gender["location"]) == ("error", "Patient.gender")
    assert (gender["rule"], gender["code"]) == ("binding-required", "code-invalid")
    assert birth["rule"] == "primitive-format"
    assert done.errors == "1 of 2 resources in 1 file not valid: 2 errors\n"


def test_a_bundle_is_one_resource_and_a_list_has_positions(tmp_path: Path) -> None:
    entry = {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "resource": WRONG}
    bundle = write(tmp_path / "bundle.json", {"resourceType": "Bundle", "type": "collection", "entry": [entry]})
    listed = write(tmp_path / "list.json", [GOOD, WRONG])
    found = issues(run("--json", "--level", "error", bundle, listed))
    places = [(Path(one["file"]).name, one["index"], one["location"]) for one in found]
    assert places == [
        ("bundle.json", 0, "Bundle.entry[0].resource.gender"),
        ("bundle.json", 0, "Bundle.entry[0].resource.birthDate"),
        ("list.json", 1, "Patient.gender"),
        ("list.json", 1, "Patient.birthDate"),
    ]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "not-json"),
        (b"not json", "not-json"),
        (b'{"resourceType": "Patient"', "not-json"),
        (b'{"resourceType": "Patient"} x', "not-json"),
        (b'{"resourceType": "Patient", "active": true, "active": true}', "not-json"),
        (b'{"resourceType": "Patient", "multipleBirthInteger": NaN}', "not-json"),
        (b'\xef\xbb\xbf{"resourceType": "Patient"}', "not-json"),
        ('{"resourceType": "Patient"}'.encode("utf-16"), "not-json"),
        (b'{"resourceType": "Patient", "id": "\xe6"}', "not-json"),
        (b'{"resourceType": "Patient", "contained": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "not-json"),
        (b'{"a": 1}', "not-fhir"),
        (b"[]", "not-fhir"),
        (b"null", "not-fhir"),
        (b'{"resourceType": "Nobody"}', "resource-type-unknown"),
    ],
)  # fmt: skip
def test_what_is_no_resource_is_one_issue_of_that_file(content: bytes, rule: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    done = run("--json", tmp_path / "a.json", write(tmp_path / "b.json", GOOD))
    assert done.code == 1
    (issue,) = issues(done)
    assert (Path(issue["file"]).name, issue["index"], issue["severity"], issue["rule"]) == (
        "a.json",
        0,
        "error",
        rule,
    )


def test_deeply_nested_resources_do_not_crash(tmp_path: Path) -> None:
    value: dict[str, Any] = {"url": "a", "valueString": "x"}
    item: dict[str, Any] = {"linkId": "1"}
    for _ in range(70):
        value = {"url": "a", "extension": [value]}
        item = {"linkId": "1", "item": [item]}
    deep = {**GOOD, "extension": [{**value, "url": "https://example.org/e"}]}
    answers = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]}
    bundles: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
    for _ in range(39):
        bundles = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bundles}]}
    done = run("--json", "--level", "error", write(tmp_path / "a.ndjson", deep, answers, bundles))
    assert done.code in (0, 1)
    assert "defect" not in done.errors


def test_standard_input_is_lines_or_one_document() -> None:
    lines = f"{json.dumps(GOOD)}\n{json.dumps(WRONG)}\n".encode()
    found = issues(run("--json", "-", given=lines))
    assert {(one["file"], one["index"]) for one in found} == {("-", 1)}
    assert run("-", given=json.dumps(GOOD, indent=2).encode()).code == 0


def test_a_package_brings_profiles_that_resources_claim(tmp_path: Path) -> None:
    package = write(tmp_path / "package" / "StructureDefinition-known.json", PROFILE).parent
    claims = {**GOOD, "meta": {"profile": [URL]}}
    nameless = {key: value for key, value in claims.items() if key != "birthDate"}
    file = write(tmp_path / "a.ndjson", claims, nameless)
    unknown = issues(run("--json", file))
    assert [one["rule"] for one in unknown] == ["profile-unknown"] * 2
    for given in (package, package / "StructureDefinition-known.json"):
        (found,) = issues(run("--json", "--package", given, file))
        assert (found["index"], found["location"]) == (1, "Patient")
        assert (found["rule"], found["profile"]) == ("cardinality-min", URL)


def test_a_package_with_broken_definitions_says_which_and_why(tmp_path: Path) -> None:
    url = "http://example.org/fhir"
    profile = {
        "resourceType": "StructureDefinition",
        "url": f"{url}/p",
        "name": "P",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "differential": {"element": [{"id": "Patient.nowhere", "path": "Patient.nowhere", "min": 1}]},
    }
    package = tmp_path / "package"
    write(package / "p.json", profile)
    write(package / "vs.json", {"resourceType": "ValueSet", "url": f"{url}/vs", "status": "active", "compose": 5})
    write(
        package / "cs.json", {"resourceType": "CodeSystem", "url": f"{url}/cs", "content": "complete", "concept": {}}
    )
    tag = {"system": f"{url}/cs", "code": "a"}
    patient = write(tmp_path / "a.json", {**GOOD, "meta": {"profile": [f"{url}/p"], "tag": [tag]}})

    done = run("--package", package, patient, folder=tmp_path)
    assert done.code == 1
    assert "cannot be used (Patient.nowhere: there is no such element" in done.output

    asked = run("--package", package, "--profile", f"{url}/p", patient, folder=tmp_path)
    assert asked.code == 2
    assert "cannot be used: Patient.nowhere" in asked.errors


def test_nothing_at_all_is_not_valid() -> None:
    done = run("-")
    assert done.code == 2
    assert "no resource was found" in done.errors


def test_a_profile_that_is_asked_for_is_asked_of_every_resource(tmp_path: Path) -> None:
    package = write(tmp_path / "package" / "known.json", PROFILE).parent
    nameless = {key: value for key, value in GOOD.items() if key != "birthDate"}
    file = write(tmp_path / "a.ndjson", GOOD, nameless, {"resourceType": "Basic", "code": {"text": "x"}})
    found = issues(run("--json", "--level", "error", "--package", package, "--profile", URL, file))
    assert [(one["index"], one["rule"]) for one in found] == [(1, "cardinality-min"), (2, "profile-wrong-type")]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("no-such-file.json",),
        ("empty",),
        ("--package", "no-such-package.tgz", "good.json"),
        ("--package", "good.txt", "good.json"),
        ("--profile", "https://example.org/unknown", "good.json"),
        ("--json", "--outcome", "good.json"),
        ("--workers", "0", "good.json"),
        ("--level", "all", "good.json"),
        ("--as-deployment", "good.json"),
    ],
)
def test_what_cannot_run_is_exit_code_2_and_says_why(arguments: Sequence[str], tmp_path: Path) -> None:
    write(tmp_path / "good.json", GOOD)
    write(tmp_path / "good.txt", "no package")
    (tmp_path / "empty").mkdir()
    done = run(*arguments, folder=tmp_path)
    assert (done.code, done.output) == (2, "")
    assert done.errors
    assert "defect" not in done.errors
    assert "Traceback" not in done.errors


def test_a_file_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("/proc/self/mem")  # opens, and fails when it is read
    done = run("--json", tmp_path / "a.json", write(tmp_path / "b.json", WRONG))
    assert done.code == 2
    assert len(issues(done)) == 2
    assert "a.json: cannot be read" in done.errors


def test_the_level_says_what_is_shown_and_not_the_exit_code(tmp_path: Path) -> None:
    without_text = {key: value for key, value in WRONG.items() if key != "text"}
    status = {"system": "https://example.org/status", "code": "x"}
    file = write(tmp_path / "a.json", {**without_text, "maritalStatus": {"coding": [status]}})
    severities = {
        level: {one["severity"] for one in issues(run("--json", "--level", level, file))}
        for level in ("error", "warning", "information")
    }
    assert severities["error"] == {"error"}
    assert severities["information"] == {"error", "warning", "information"}
    assert severities["warning"] == {"error", "warning"}
    assert "dom-6" not in run(file).output
    assert "dom-6" in run("--level", "information", file).output
    assert run("--level", "error", write(tmp_path / "b.json", GOOD)).code == 0


def test_quiet_is_only_the_sum(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", WRONG)
    done = run("--quiet", file)
    assert (done.code, done.output) == (1, "1 of 1 resource in 1 file not valid: 2 errors\n")
    done = run("--quiet", "--json", file)
    assert (done.code, len(issues(done)), done.errors) == (1, 2, "")


def test_outcomes_are_resources_that_validate_themselves(tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", GOOD, WRONG, "not json", {"resourceType": "Nobody"})
    done = run("--outcome", file)
    assert done.code == 1
    outcomes = issues(done)
    assert [one["issue"][0]["severity"] for one in outcomes] == ["information", "error", "error", "error"]
    assert outcomes[1]["issue"][0]["expression"] == ["Patient.gender"]
    again = run("--json", "--level", "warning", "-", given=done.output.encode())
    assert (again.code, again.output) == (0, "")


def test_several_processes_print_the_same(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", *[WRONG if number % 3 else GOOD for number in range(300)], "not json")
    write(tmp_path / "b.json", WRONG)
    write(tmp_path / "c.ndjson", *[GOOD] * 200)
    for options in ((), ("--json",), ("--outcome",)):
        one, two, three = (run(*options, "--workers", number, tmp_path) for number in (1, 2, 3))
        assert one.code == two.code == three.code == 1
        assert (one.output, one.errors) == (two.output, two.errors) == (three.output, three.errors)
        assert one.output


def test_no_value_of_a_resource_is_printed(tmp_path: Path) -> None:
    marked = "Marker-Иванова"
    values: list[Any] = [marked, 4711.25, [marked], {"text": marked}, f"2026-{marked}", True]
    keys = [
        "id", "active", "name", "gender", "birthDate", "telecom", "address", "maritalStatus", "identifier", "contact",
        "multipleBirthInteger", "deceasedDateTime", "managingOrganization", "meta", "text", "extension", "contained",
    ]  # fmt: skip
    resources: list[Any] = [{"resourceType": "Patient", key: value} for key in keys for value in values]
    resources += [{"resourceType": "Patient", "name": [{"family": marked, "given": [marked, None]}], "meta": {
        "profile": [marked], "tag": [{"system": marked, "code": marked}]}}]  # fmt: skip
    resources += [{"resourceType": marked}, f'{{"resourceType": "Patient", "id": "{marked}" "x"}}']
    file = write(tmp_path / "a.ndjson", *resources)
    for options in ((), ("--json",), ("--outcome",)):
        done = run(*options, "--level", "information", file)
        assert done.code == 1
        assert marked not in done.output + done.errors
        assert "4711" not in done.output + done.errors


_MEASURED = (
    "import resource, subprocess, sys\n"
    "done = subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], 'wb'), stderr=subprocess.DEVNULL)\n"
    "print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def most_kilobytes(number: int, workers: str) -> int:
        file = write(tmp_path / f"{number}.ndjson", *[json.dumps(WRONG)] * number)
        command = [*COMMAND, "validate", "--json", "--workers", workers, str(file)]
        # A small process between: a new process begins with the peak of the one that made it, and this one is large.
        between = [sys.executable, "-c", _MEASURED, str(tmp_path / "out"), *command]
        shown = subprocess.run(between, capture_output=True, text=True, check=True).stdout
        code, kilobytes = map(int, shown.split())
        assert code == 1
        return kilobytes

    for workers in ("1", "2"):
        small, large = (most_kilobytes(number, workers) for number in (500, 20_000))
        assert small < 1_000_000
        assert large < small + 6_000, "the larger file has 5 MB, and its issues as objects have 20"


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_stopped_and_leaves_nobody_behind(number: signal.Signals, workers: str, tmp_path: Path) -> None:
    command = [*COMMAND, "validate", "--json", "--workers", workers, "-"]
    with (tmp_path / "out").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE, start_new_session=True
        )
    assert process.stdin is not None
    process.stdin.write(f"{json.dumps(WRONG)}\n".encode() * 2000)
    process.stdin.flush()
    while not (tmp_path / "out").stat().st_size:
        time.sleep(0.05)
    children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    if number is signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    assert process.wait(60) == 130
    errors = process.stderr.read() if process.stderr is not None else b""
    process.stdin.close()
    if process.stderr is not None:
        process.stderr.close()
    assert b"Traceback" not in errors
    deadline = time.monotonic() + 20
    while any(_is_running(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_is_running(pid) for pid in children)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_reader_that_has_read_enough_is_no_error(tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", *[WRONG] * 5000)
    process = subprocess.Popen(
        [*COMMAND, "validate", "--json", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as pipe:
        pipe.readline()
    with process.stderr as errors:
        assert b"Traceback" not in errors.read()
    assert process.wait(60) == 0


def test_a_terminal_gets_progress_and_the_output_stays_whole(tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", *[WRONG] * 3000)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "validate", "--json", str(file)], stdout=subprocess.PIPE, stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(theirs)
    assert process.stdout is not None
    with process.stdout as pipe:
        lines = pipe.read().splitlines()
    assert process.wait(60) == 1
    shown = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:
            break
        if not more:
            break
        shown += more
    os.close(ours)
    assert len([json.loads(line) for line in lines]) == 6000
    assert b"validated" in shown


def test_it_starts_without_what_it_does_not_need(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", WRONG)
    program = (
        "import sys\n"
        f"sys.argv = ['hm-fhir', 'validate', '--json', {str(file)!r}]\n"
        "from hm_fhir.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sorted(sys.modules), sep='\\n', file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stderr.splitlines())
    assert "hm_fhir.validation.validator" in loaded
    heavy = {"pydantic", "yaml", "pluggy", "requests", "fhir", "fhirclient", "sqlite3", "multiprocessing", "stdnum"}
    assert not loaded & {*heavy, "hm_fhir.app", "hm_fhir.config"}


def test_as_the_deployment_wants_it(tmp_path: Path) -> None:
    write(tmp_path / "visit.json", PROFILE)
    deployment = Deployment(tmp_path).section("validation", packages=["visit.json"], profiles=[URL])
    nameless = {key: value for key, value in GOOD.items() if key != "birthDate"}
    file = write(tmp_path / "a.ndjson", nameless, {"resourceType": "Basic", "code": {"text": "x"}})
    done = deployment.run("validate", "--as-deployment", "--json", "--level", "error", str(file))
    assert done.code == 1
    assert [(one["index"], one["rule"]) for one in issues(done)] == [(0, "cardinality-min")], "of its own type only"
    with deployment.path.open("a", encoding="utf-8") as settings:
        settings.write('[[validation.rules]]\nprofile = "https://example.org/*"\nseverity = "warning"\n')
    done = deployment.run("validate", "--as-deployment", "--workers", "2", "--json", "--level", "warning", str(file))
    assert done.code == 0
    assert [(one["severity"], one["rule"]) for one in issues(done)] == [("warning", "cardinality-min")]
