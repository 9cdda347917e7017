"""``python -m hm_fhir`` is the command `hm-fhir`."""

from hm_fhir.cli.main import main

main()
