"""A submission that ODK Central puts into its trash and takes out again, to the server."""

from __future__ import annotations

from pathlib import Path

from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.local_systems.odk import OdkSystem

FIELDS = """\
fields: visits
version: 1.0.0
reads: odk
record:
  number: {column: __id, required: true}
  changed: {column: [__system.updatedAt, __system.submissionDate], type: moment, required: true}
  start: {column: start, type: moment, required: true}
  name: {column: name, personal: true, required: true}
ignored: [__system, meta]
activity:
  local_id: "{{ number }}"
  updated_at: "{{ changed }}"
  municipality: {code: SHU23, name: Нови пазар}
  mediator: {local_id: M1, name: {given: [Примера]}}
  type: home-visit
  setting: home
  period: {start: "{{ start }}"}
  persons: [{local_id: "{{ number }}", name: {given: ["{{ name }}"]}}]
  topics: [hygiene]
"""


def statuses(server: FhirServer) -> list[str]:
    return sorted(one["status"] for key, one in server.resources.items() if key.startswith("Encounter/"))


def test_a_visit_that_comes_out_of_the_trash_is_there_again(tmp_path: Path, fhir_server: FhirServer) -> None:
    with OdkSystem(tmp_path) as odk:
        for number in range(3):
            submission = {"start": f"2026-03-02T0{number}:50:00+02:00", "name": "Проба"}
            native = {"submission": submission}
            odk.save({"key": f"uuid:{number}", "changed": f"2026-03-0{number + 3}T10:00:00+02:00", "native": native})
        deployment = Deployment(tmp_path / "deployment")
        (deployment.folder / "fields.yaml").write_text(FIELDS, encoding="utf-8")
        deployment.source("visits", "odk", fields="fields.yaml", **odk.options)
        with deployment.target("hospital", fhir_server.url).app() as app:
            app.run()
            assert statuses(fhir_server) == ["finished"] * 3

            odk.delete("uuid:0", "2026-03-08T10:00:00+02:00")
            assert app.run().records["visits"].deleted == 1
            assert statuses(fhir_server) == ["entered-in-error", "finished", "finished"]
            assert app.run().written == 0

            odk.restore("uuid:0")
            report = app.run()
            assert (report.records["visits"].newer, report.adds_up) == (1, True)
            assert statuses(fhir_server) == ["finished"] * 3
            assert app.run().written == 0
