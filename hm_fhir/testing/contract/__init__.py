"""What every plugin has to do, as a class of tests; `plugin_contract` makes it.

A plugin's own test file is two lines::

    from hm_fhir.testing import plugin_contract

    TestSamokov = plugin_contract("samokov")
"""

from __future__ import annotations

from hm_fhir.testing.contract.contract import plugin_contract

__all__ = ["plugin_contract"]
