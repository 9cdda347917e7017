"""What a target is: it takes writes, all or none, and says in one outcome what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class TargetContext:
    """What a target may know of its deployment.

    Args:
        name: name of the target in the settings.
        folder: folder of the settings file; secrets and paths are relative to it.
    """

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What a target takes at once.

    Args:
        writes: most resources.
        bytes: most bytes of their JSON texts together.
    """

    writes: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Write:
    """One resource as it shall be at the target.

    Args:
        key: ``Type/id``.
        text: its canonical JSON.
        if_version: only when the target still holds this version (FHIR If-Match), for what others may change too.
    """

    key: str
    text: bytes = field(repr=False)
    if_version: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A resource as a target holds it.

    Args:
        version: its version there.
        content: the resource.
    """

    version: str
    content: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """All writes are done.

    Args:
        versions: version at the target by key, as far as it told them.
    """

    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is known to be done; the same writes may be sent again.

    Args:
        code: short word for the operator.
        after_seconds: how long the target asked to wait, if it did.
        stale: a version that a write was bound to has changed meanwhile: read again before sending.
        busy: only these writes met somebody else's; the target as a whole answers.
        may_be_content: the cause may be what was sent (an error inside the server), not the moment.
    """

    code: str
    after_seconds: float | None = None
    stale: bool = False
    busy: bool = False
    may_be_content: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The target took none of the writes and will not take them as they are.

    Args:
        code: short word for the operator.
        named: keys of the writes that the target named as the cause; empty when it named none.
        too_large: fewer writes at once may be taken.
        doubtful: the target never said that the content is wrong; it failed so often that the content is suspected.
        words: what the target said; may hold personal data, so it is kept apart and shown redacted.
    """

    code: str
    named: tuple[str, ...] = ()
    too_large: bool = False
    doubtful: bool = False
    words: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Closed:
    """The target refuses this deployment as a whole (credentials, address): nothing more is sent in this run.

    Args:
        code: short word for the operator.
        fix: what to do.
    """

    code: str
    fix: str


Outcome = Done | Later | Refusal | Closed


class Target(Protocol):
    """A server that receives."""

    limits: Limits

    def send(self, writes: Sequence[Write]) -> Outcome:
        """Do all writes or none, and return what became of them; raises nothing of the network."""

    def read(self, keys: Sequence[str]) -> Mapping[str, Held] | Later | Closed:
        """Return what the target holds under these keys; keys that it does not hold are left out."""

    def check(self) -> str:
        """Return one line about the target for `hm-fhir check`.

        Raises:
            RetryLater: it does not answer.
            OperatorNeeded: it answers, but cannot be used as the settings say.
        """

    def close(self) -> None:
        """Give back connections."""
