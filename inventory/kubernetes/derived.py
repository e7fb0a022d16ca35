"""Every kind that is made from others. Whoever reads a cluster or manifests derives them when an input has changed.

A module that makes one defines a `Derivation`; an import and an entry here is all that it needs besides.
"""

from __future__ import annotations

from inventory.kubernetes import components, monitoring, subjects
from inventory.kubernetes.derivation import Derivation

DERIVED: tuple[Derivation, ...] = (components.DERIVATION, monitoring.DERIVATION, subjects.SUBJECTS)
