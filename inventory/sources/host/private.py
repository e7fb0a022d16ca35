"""What of a file no recording of a host may hold, whether secrets are wanted in it or not."""

from __future__ import annotations

import re

from inventory.sources.host.credentials import holds_credentials, without_credentials
from inventory.sources.host.environment import OWN, holds_settings, only_assignments, only_content_trust
from inventory.sources.host.kubeconfigs import is_kubeconfig, skeleton

# A file of certificates may have its key in it.
_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----.*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|\Z)", re.DOTALL
)


def recordable(path: str, content: bytes) -> bytes:
    """The content without credentials of registries and clusters, private keys, and what only logins need.

    Of this process' environment and of login scripts the one variable is kept that is looked for.
    """
    if holds_credentials(path):
        return without_credentials(content)
    if is_kubeconfig(path):
        return skeleton(content)
    if path == OWN:
        return only_content_trust(content)
    if holds_settings(path):
        return only_assignments(content)
    return _KEY.sub(b"", content) if b"PRIVATE KEY" in content else content
