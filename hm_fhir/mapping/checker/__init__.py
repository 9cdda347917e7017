"""The static checker of mappings: what is wrong with a pack, before any data flows.

Templates and expressions are walked with what is known instead of with data: types and codes of the activity model on
one side, the definitions of FHIR (or of a profile) on the other. ``values`` says what can be known of a value,
``scope`` what can be named and what conditions say, ``expressions`` (with ``calls`` and ``conditions``) what an
expression can give, ``templates`` what a template can give, ``fitting`` (with ``primitives``, ``terminology`` and
``fixed``) whether it fits, ``rules`` checks one mapping, ``packs`` all of them.
"""

from __future__ import annotations

from hm_fhir.mapping.checker.finding import Finding
from hm_fhir.mapping.checker.packs import check_folders, check_packs, load_checked

__all__ = ["Finding", "check_folders", "check_packs", "load_checked"]
