"""Cases of what build steps leave in an image."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.image import Image
from tests.checks.builders import GAP, changed
from tests.checks.cases import Case
from tests.checks.facts import built, with_steps

FAIL, PASS, NA, UNKNOWN = Outcome.FAIL, Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, MEDIUM = Severity.INFO, Severity.MEDIUM
BIG = 30 << 20


def ran(command: str, size: int = BIG) -> Image:
    """An image whose build ran this."""
    return with_steps("FROM scratch", f"RUN /bin/sh -c {command} # buildkit", size=size)


def left(command: str, note: str) -> Case:
    return Case("IMG-018", ran(command), FAIL, INFO, note=note)


def clean(command: str, note: str, size: int = BIG) -> Case:
    return Case("IMG-018", ran(command, size), PASS, note=note)


CACHES = [
    left("apt-get update && apt-get install -y curl", "apt"),
    left("apt-get -qq -y --no-install-recommends install curl", "apt with options"),
    left("apk add curl", "apk"),
    left("apk --update add curl", "apk with options"),
    left("yum -y install curl", "yum"),
    left("dnf install -y curl", "dnf"),
    left("zypper -n in curl", "zypper"),
    left("pip3 install -r requirements.txt", "pip"),
    left("npm ci --omit=dev", "npm"),
    clean("apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*", "apt"),
    clean("apk add --no-cache curl", "apk"),
    clean("apk add curl && rm -rf /var/cache/apk/*", "apk removed"),
    clean("dnf install -y curl && dnf clean all", "dnf"),
    clean("pip install --no-cache-dir flask", "pip"),
    clean("npm ci && npm cache clean --force", "npm"),
    clean("make install", "no package manager"),
    clean("apt-get install -y curl", "a step that added nothing", size=10),
    Case("IMG-018", changed(ran("pip install x"), env=("PIP_NO_CACHE_DIR=1",)), PASS, note="by the environment"),
    Case("IMG-018", changed(built(), history=()), NA, note="imported"),
    Case("IMG-018", changed(built(), history=GAP), UNKNOWN, note="no history"),
    Case("IMG-018", built(), PASS, note="captured"),
]

SUDO = [
    Case("IMG-027", ran("apt-get install -y curl sudo vim"), FAIL, MEDIUM, note="installed"),
    Case("IMG-027", ran("apk add --no-cache sudo=1.9.15_p5-r0"), FAIL, MEDIUM, note="installed by version"),
    Case("IMG-027", ran("dnf -y install \\\n   curl \\\n   sudo && dnf clean all"), FAIL, MEDIUM, note="over lines"),
    Case("IMG-027", ran("make && sudo make install"), FAIL, MEDIUM, note="used"),
    Case("IMG-027", ran("sudo -u app ./x"), FAIL, MEDIUM, note="used at the start"),
    Case("IMG-027", changed(ran("make"), entrypoint=("/usr/bin/sudo", "-E", "/x")), FAIL, MEDIUM, note="entrypoint"),
    Case("IMG-027", ran("apt-get install -y sudoku pseudo libsudo"), PASS, note="other words"),
    Case("IMG-027", ran("echo no sudo here"), PASS, note="only mentioned"),
    Case("IMG-027", ran("apt-get install -y curl; echo sudo"), PASS, note="in another command"),
    Case("IMG-027", changed(built(), history=()), NA, note="imported"),
    Case("IMG-027", changed(built(), history=GAP), UNKNOWN, note="no history"),
    Case("IMG-027", built(), PASS, note="captured"),
]

CASES = [*CACHES, *SUDO]
