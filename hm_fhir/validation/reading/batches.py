"""Many resources, checked here or in several processes: the same findings in the same order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hm_fhir.validation.issue import Issue
from hm_fhir.validation.reading.strict_json import read_resource

if TYPE_CHECKING:
    from hm_fhir.validation.deployment.check import ResourceCheck
    from hm_fhir.validation.reading.files import Text

MOST_TEXTS: Final = 64
MOST_BYTES: Final = 256 * 1024
"""What a batch has at most, but for a single text that is larger."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one resource.

    Attributes:
        file: see `files.Text`.
        index: see `files.Text`.
        size_bytes: of its text.
        issues: findings.
    """

    file: str
    index: int
    size_bytes: int
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class TextCheck:
    """Reads and checks texts.

    Args:
        check: what checks a resource.
    """

    check: ResourceCheck

    def __call__(self, batch: Sequence[Text]) -> list[Checked]:
        """Return what was found in each text of a batch."""
        return [Checked(one.file, one.index, len(one.text), self._issues(one.text)) for one in batch]

    def _issues(self, text: bytes) -> tuple[Issue, ...]:
        resource = read_resource(text)
        return self.check.judged(resource) if isinstance(resource, Issue) else self.check(resource)


def batches(texts: Iterable[Text]) -> Iterator[list[Text]]:
    """Yield texts some at a time, in their order."""
    batch: list[Text] = []
    size_bytes = 0
    for text in texts:
        if batch and (len(batch) == MOST_TEXTS or size_bytes + len(text.text) > MOST_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(text)
        size_bytes += len(text.text)
    if batch:
        yield batch


def check_texts(
    texts: Iterable[Text], opened: Callable[[], TextCheck], workers: int
) -> Generator[Checked, None, None]:
    """Yield what is found in each text, in their order; memory does not grow with their number.

    Args:
        texts: are read here, while others are checked.
        opened: makes what checks them, in each process; with more than one worker a function of a module, with
            arguments that can be pickled.
        workers: how many processes; 1: this one.

    Raises:
        SettingsError: a profile that is asked for is not at hand.
        HmFhirError: a worker process died, or has a defect.
    """
    if workers == 1:
        check = opened()
        for text in texts:
            yield from check((text,))
        return
    from hm_fhir.processes import work_in_processes  # only where it is needed: the start counts

    for checked in work_in_processes(batches(texts), opened, workers):
        yield from checked
