"""The version of this package, at the bottom of all layers: what is kept on a disk names it."""

from __future__ import annotations

__version__ = "0.1.0"
