"""Makes the class of tests of one plugin."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from hm_fhir.testing.contract.delivered import SampleIsDelivered
from hm_fhir.testing.contract.disturbed import NothingIsLostOrDoubled
from hm_fhir.testing.contract.laboratory import Laboratory
from hm_fhir.testing.contract.private import NothingPersonalGetsOut
from hm_fhir.testing.contract.written import PluginIsWritten


# pytest collects the last base first.
class Contract(NothingPersonalGetsOut, NothingIsLostOrDoubled, SampleIsDelivered, PluginIsWritten):
    """All that a plugin has to do.

    Attributes:
        plugin_name: name of its entry point.
        plugin_folder: its distribution, when it need not be installed.
        source_kind: the source that is tried, of a plugin with several.
        seed: of the sample.
        laboratory: where the plugin is tried, between `setup_class` and `teardown_class`.
    """

    plugin_name: ClassVar[str]
    plugin_folder: ClassVar[Path | None]
    source_kind: ClassVar[str | None]
    seed: ClassVar[int]

    @classmethod
    def setup_class(cls) -> None:
        """Prepare a place to try the plugin; nothing runs before a test asks for it."""
        cls.laboratory = Laboratory(cls.plugin_name, cls.plugin_folder, source_kind=cls.source_kind, seed=cls.seed)

    @classmethod
    def teardown_class(cls) -> None:
        """Stop servers and remove files."""
        cls.laboratory.close()


def plugin_contract(
    name: str, folder: str | Path | None = None, *, source: str | None = None, seed: int = 1
) -> type[Contract]:
    """Return the tests that every plugin has to pass, as a class for pytest to collect.

    Args:
        name: of the plugin, as in ``plugins.enabled``.
        folder: its distribution (with setup.cfg or pyproject.toml), to try it without installing it; None: the
            installed one.
        source: the kind of source to try, of a plugin that brings several.
        seed: of its sample; another number is another story.

    Returns:
        The class; give it a name that begins with ``Test``.
    """
    members = {
        "plugin_name": name,
        "plugin_folder": None if folder is None else Path(folder),
        "source_kind": source,
        "seed": seed,
        "__doc__": f"What every plugin has to do: {name}.",
    }
    return type(f"Test{''.join(part.capitalize() for part in name.split('-'))}", (Contract,), members)
