"""When to try again: a pure function of the outcome, the attempts, the clock and a random number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hm_fhir.delivery.target import Later


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait.

    Args:
        first_seconds: about the wait after the first failure; it doubles with each further one.
        most_seconds: the longest wait of our own.
        retry_after_most_seconds: the longest wait that a target can ask for; at most `first_seconds` come on top, so
            that not all workers are back at once.
        blame_after: attempts after which an answer that may be the content's fault (500, an unreadable answer) is
            taken as a refusal, so that one poisonous entry is found and parked.
    """

    first_seconds: float = 5
    most_seconds: float = 3600
    retry_after_most_seconds: float = 86_400
    blame_after: int = 5


def retry_at(outcome: Later, attempts: int, now: datetime, random: float, policy: RetryPolicy) -> datetime:
    """Return when to try again.

    Args:
        outcome: what the target said; its Retry-After (RFC 9110, section 10.2.3) is never undercut, up to the cap.
        attempts: failures before this one, from 0.
        now: aware time.
        random: from 0 to 1; spreads workers that failed together over the upper half of the wait.
        policy: the limits.
    """
    own = min(policy.most_seconds, policy.first_seconds * 2.0 ** min(attempts, 60)) * (0.5 + random / 2)
    asked = min(outcome.after_seconds or 0.0, policy.retry_after_most_seconds)
    wait = max(own, asked + min(asked, policy.first_seconds) * random) if asked else own
    return now + timedelta(seconds=wait)


def blames_content(outcome: Later, attempts: int, policy: RetryPolicy) -> bool:
    """Return whether this failure came so often that its cause is sought in what is sent."""
    return outcome.may_be_content and attempts + 1 >= policy.blame_after
