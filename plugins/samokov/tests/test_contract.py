"""What every plugin of hm-fhir has to do; see docs/reference/testing.md of hm-fhir."""

from hm_fhir.testing import plugin_contract

TestSamokov = plugin_contract("samokov")
