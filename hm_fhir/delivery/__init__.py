"""From the outbox to the targets."""
