"""NIST SP 800-190, Application Container Security Guide: the countermeasures of section 4, in words of our own."""

from __future__ import annotations

from collections.abc import Mapping

from checks.frameworks.framework import Entry

ID = "NIST-800-190"
TITLE = "NIST SP 800-190"
VERSION = "September 2017"

SECTIONS: Mapping[str, tuple[Entry, ...]] = {
    "4.1 Images": (
        Entry("4.1.1", "Vulnerabilities in images"),
        Entry("4.1.2", "Configuration defects of images"),
        Entry(
            "4.1.3", "Malware in images", "Files are compared with lists of known hashes; what is on none stays unseen."
        ),
        Entry("4.1.4", "Clear-text secrets in images"),
        Entry("4.1.5", "Untrusted images"),
    ),
    "4.2 Registries": (
        Entry("4.2.1", "Insecure connections to registries"),
        Entry("4.2.2", "Stale images"),
        Entry("4.2.3", "Access to registries", "Accounts and rights of a registry cannot be seen from a host."),
    ),
    "4.3 Orchestrator": (
        Entry("4.3.1", "Unbounded administrative access"),
        Entry("4.3.2", "Unauthorized access"),
        Entry("4.3.3", "Traffic between containers not separated"),
        Entry(
            "4.3.4", "Workloads of different sensitivity on one host", "How sensitive a workload is its owner knows."
        ),
        Entry("4.3.5", "Trust between nodes"),
    ),
    "4.4 Containers": (
        Entry("4.4.1", "Vulnerabilities in the runtime"),
        Entry("4.4.2", "Unbounded network access"),
        Entry("4.4.3", "Insecure runtime configuration"),
        Entry("4.4.4", "Vulnerabilities of the application", "How an application behaves its own tests say."),
        Entry("4.4.5", "Rogue containers"),
    ),
    "4.5 Host": (
        Entry("4.5.1", "Large attack surface"),
        Entry("4.5.2", "Shared kernel"),
        Entry("4.5.3", "Vulnerabilities of the host"),
        Entry("4.5.4", "Improper rights of users"),
        Entry("4.5.5", "Tampering with the host's files"),
    ),
}
