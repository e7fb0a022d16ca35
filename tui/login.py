"""Who sits at the keyboard."""

from __future__ import annotations

import os
from collections.abc import Mapping


def login_name(environ: Mapping[str, str]) -> str:
    """The person, not root, where that is known; "" if nobody knows."""
    for name in ("SUDO_USER", "USER", "LOGNAME"):
        if environ.get(name):
            return environ[name]
    import pwd  # only where the environment says nothing

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except (KeyError, OSError):
        return ""
