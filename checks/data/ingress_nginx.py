"""Published vulnerabilities of ingress-nginx. Source: the Kubernetes project's own advisories (official CVE feed)."""

from __future__ import annotations

from datetime import date

from checks.data.advisories import advisory
from checks.verdict import Severity

TABLE_DATE = date(2026, 8, 20)
RETIRED = date(2026, 3, 31)
"""After this day there are no releases, not for vulnerabilities either (announced on 2025-11-11)."""
SNIPPETS_OFF_SINCE = "1.9.0"
"""From here on `allow-snippet-annotations` is false unless it is set."""
_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL

ADVISORIES = (
    advisory("CVE-2021-25742", "snippets read Secrets of all namespaces", _HIGH, "..0.49.1", "1.0.0..1.0.1"),
    advisory("CVE-2021-25745", "spec.rules[].http.paths[].path reads the controller's token", _HIGH, "..1.2.0"),
    advisory("CVE-2021-25746", "annotations become configuration", _HIGH, "..1.2.0"),
    advisory("CVE-2021-25748", "a newline in a path gets past its check", _HIGH, "..1.2.1"),
    advisory("CVE-2022-4886", "a path gets past its check by log_format", _HIGH, "..1.8.0"),
    advisory("CVE-2023-5043", "annotations run commands", _HIGH, "..1.9.0"),
    advisory("CVE-2023-5044", "permanent-redirect injects code", _HIGH, "..1.9.0"),
    advisory("CVE-2024-7646", "annotations get past their check", _HIGH, "..1.10.4", "1.11.0..1.11.2"),
    advisory("CVE-2025-24513", "directory traversal in the controller", _MEDIUM, "..1.11.5", "1.12.0-beta.0..1.12.1"),
    advisory("CVE-2025-24514", "auth-url becomes configuration", _HIGH, "..1.11.5", "1.12.0-beta.0..1.12.1"),
    advisory("CVE-2025-1097", "auth-tls-match-cn becomes configuration", _HIGH, "..1.11.5", "1.12.0-beta.0..1.12.1"),
    advisory("CVE-2025-1098", "mirror annotations become configuration", _HIGH, "..1.11.5", "1.12.0-beta.0..1.12.1"),
    advisory(
        "CVE-2025-1974", "whoever reaches the admission webhook runs code in the controller", _CRITICAL,
        "..1.11.5", "1.12.0-beta.0..1.12.1",
    ),
    advisory("CVE-2025-15566", "auth-proxy-set-headers becomes configuration", _HIGH, "..1.12.5", "1.13.0..1.13.1"),
    advisory("CVE-2026-1580", "auth-method becomes configuration", _HIGH, "..1.13.7", "1.14.0..1.14.3"),
    advisory("CVE-2026-24512", "a path becomes configuration", _HIGH, "..1.13.7", "1.14.0..1.14.3"),
    advisory("CVE-2026-3288", "rewrite-target becomes configuration", _HIGH, "..1.13.8", "1.14.0..1.14.4"),
)  # fmt: skip
