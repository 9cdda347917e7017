"""The static checker of mappings: what is wrong with a pack, before any data flows.

Templates and expressions are walked with what is known instead of with data: types and codes of the activity model on
one side, the definitions of FHIR (or of a profile) on the other.

``values``       what can be known of a value: kinds of items, codes, whether it is there
``scope``        what can be named at a place, and what the conditions around it say
``expressions``  what an expression can give, with ``calls`` (functions) and ``conditions``
``templates``    what a template can give; ``objects`` takes its branches apart
``claims``       which profiles a resource can claim, and when; ``produced``: what a reference leads to
``fitting``      whether objects and lists fit their elements, with ``required``, and ``items`` each item, with
                 ``primitives``, ``codes``, ``concepts``, ``fixed``, ``targets`` and ``extensions``
``slices``       what a profile asks of the items of a list, with ``discriminators`` and ``matching``
``world``        what is known of one mapping, and what of it a rule depends on, so that parts are checked once
``rules``        checks one mapping; ``packs`` all of them; ``unused`` finds what nothing uses
``remembered``   says which packs were right before
"""

from __future__ import annotations

from hm_fhir.mapping.checker.finding import Finding
from hm_fhir.mapping.checker.packs import check_folders, check_packs, load_checked
from hm_fhir.mapping.checker.world import Profiles

__all__ = ["Finding", "Profiles", "check_folders", "check_packs", "load_checked"]
