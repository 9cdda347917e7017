"""What every plugin of hm-fhir has to do."""

from pathlib import Path

from hm_fhir.testing import plugin_contract

TestSamokov = plugin_contract("samokov", Path(__file__).parents[1])
