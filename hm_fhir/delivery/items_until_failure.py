"""What a source yields before it fails is taken; only then is the failure told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.errors import HmFhirError, PluginError, StoreError, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.sources.base import Item, Source


class ItemsUntilFailure:
    """Gives what a source yields to its end or to where it fails; what came before a failure is not lost.

    Args:
        source: the source.
        since: cursor to go on from.

    Attributes:
        failure: why it ended early; None when it did not, or goes on.
    """

    def __init__(self, source: Source, since: str | None) -> None:
        self._items = self._all(source, since)
        self.failure: HmFhirError | None = None

    def __iter__(self) -> Iterator[Item]:
        return self._items

    def __next__(self) -> Item:
        return next(self._items)

    def _all(self, source: Source, since: str | None) -> Iterator[Item]:
        try:
            yield from source.records(since)
        except StoreError:
            raise
        except HmFhirError as error:
            self.failure = error
        except Exception as defect:  # noqa: BLE001  (a plugin's defect must not stop the other sources)
            self.failure = PluginError(
                f"the plugin failed: {type(defect).__name__} at {place_of(defect)}",
                code="plugin-defect",
                fix="report this to the author of the plugin",
            )
