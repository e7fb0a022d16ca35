"""The optional `sigstore` package (extra `keyless`): proofs of the log's second version, and the public trust root.

Loaded when there is something for it to do: it costs 0.4 s and a dozen packages. It is given bytes and never asked
to use the network.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib import metadata, util
from typing import Any

ADVICE = "its proofs (transparency log of the second version) need the optional package: install deckwatch[keyless]"
_NOWHERE = logging.NullHandler()
_PUBLIC_GOOD = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"


def installed() -> str:
    """The package's version, "" where it is not there."""
    try:
        return metadata.version("sigstore") if util.find_spec("sigstore") is not None else ""
    except (metadata.PackageNotFoundError, ValueError):
        return ""


@lru_cache(maxsize=1)
def shipped_root() -> bytes:
    """The public good instance's trust root as the package brings it (and as old), b"" without the package."""
    from importlib import resources

    if not installed():
        return b""
    try:
        return (resources.files("sigstore") / "_store" / _PUBLIC_GOOD / "trusted_root.json").read_bytes()
    except (OSError, ModuleNotFoundError):
        return b""


def verify(bundle: bytes, message: bytes, trust_root: bytes) -> float | str | None:
    """When a bundle was signed if all of it is good (0.0: not known), what is wrong, or None without the package.

    `message` is what the caller takes to be signed; for an envelope the caller has compared it with the signature.
    Whose identity it is remains to be compared.
    """
    if not installed():
        return None
    logging.getLogger("sigstore").propagate = False  # what it logs would go over the screen
    logging.getLogger("sigstore").addHandler(_NOWHERE)
    try:
        return _verify(bundle, message, trust_root)
    except ImportError:
        return None
    except Exception as error:  # somebody else's code over hostile input: whatever it raises is a refusal
        return str(error)[:500] or type(error).__name__


class _Anybody:
    """The package insists on a policy. Whose identity is wanted is compared here, by patterns that it does not have."""

    def verify(self, cert: object) -> None:
        """Refuses nobody."""


def _verify(bundle: bytes, message: bytes, trust_root: bytes) -> float | str:
    from sigstore.models import Bundle
    from sigstore.verify import Verifier

    read = Bundle.from_json(bundle)
    verifier = Verifier(trusted_root=_root(trust_root))
    if read._dsse_envelope is not None:
        verifier.verify_dsse(read, _Anybody())
    else:
        verifier.verify_artifact(message, read, _Anybody())
    stamps = read.verification_material.timestamp_verification_data
    return float(stamps.rfc3161_timestamps[0].tst_info.gen_time.timestamp()) if stamps else 0.0


@lru_cache(maxsize=4)
def _root(raw: bytes) -> Any:
    from sigstore.models import TrustedRoot
    from sigstore_models.trustroot.v1 import TrustedRoot as Model

    return TrustedRoot(Model.from_json(raw))
