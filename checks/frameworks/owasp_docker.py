"""OWASP Docker Top 10: its ten controls, in words of our own."""

from __future__ import annotations

from collections.abc import Mapping

from checks.frameworks.framework import Entry

ID = "OWASP-Docker"
TITLE = "OWASP Docker Top 10"
VERSION = "2018"

SECTIONS: Mapping[str, tuple[Entry, ...]] = {
    "Controls": (
        Entry("D01", "Users are mapped safely"),
        Entry("D02", "Patches are managed", "How soon patches are applied is a process, not a setting."),
        Entry("D03", "Networks are segmented and filtered"),
        Entry("D04", "Secure defaults and hardening"),
        Entry("D05", "Security contexts are kept apart", "Which workloads may share a host their owners decide."),
        Entry("D06", "Secrets are protected"),
        Entry("D07", "Resources are protected"),
        Entry("D08", "Integrity and origin of images"),
        Entry("D09", "Containers are immutable"),
        Entry("D10", "Logging"),
    ),
}
