"""Webhooks that admission asks: what they let through when they do not answer, and who answers."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from checks.check import Domain, check
from checks.evidence import capped
from checks.network.certificates import valid
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.policies import (
    ValidatingWebhookConfiguration,
    Webhook,
    WebhookConfiguration,
)
from inventory.kubernetes.resource import object_key
from inventory.resource import Kind

_SHOWN = 15
_LARGEST_BUNDLE = 1_000_000
_OWN_GROUPS = frozenset({"", "*", "apps", "batch", "autoscaling", "policy", "extensions"})
_OWN_SUFFIX = ".k8s.io"
_POLICY = ("kyverno", "gatekeeper", "kubewarden", "connaisseur", "cosign", "sigstore", "policy", "image", "security")
Fault = tuple[str, Severity, tuple[Evidence, ...]]


@check(
    "ORC-242",
    "Admission webhook that can be passed by",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=WebhookConfiguration,
    why="Who brings the webhook down passes by its policy; one outside the cluster sees, and may change, all it gets.",
    remediation="Set `failurePolicy: Fail` for webhooks that refuse, with two replicas and a namespaceSelector that "
    "leaves out kube-system and the webhook's own namespace: else nothing can be created while it is down. Remove "
    "webhooks whose Service is gone, renew an expired caBundle, move external ones into the cluster.",
    references=("OWASP-K8s:K04", "ATT&CK:T1562.001", "ATT&CK:T1546", "CWE-636"),
)
def weak_webhook(configuration: WebhookConfiguration, view: View) -> Verdict:
    """Judges each `webhooks[]`.

    F: `failurePolicy` Ignore where it guards objects of Kubernetes' own groups and refuses (validating) or belongs to a
    policy engine by its name (mutating); a `url` outside the cluster (the API server's own loopback apart); every
    certificate of `caBundle` expired (all high); the Service is missing (medium). P: none of these. U: caBundle is no
    PEM, or Services could not be read.
    """
    validating = isinstance(configuration, ValidatingWebhookConfiguration)
    faults: list[Fault] = []
    unread: Gap | None = None
    for index, webhook in enumerate(configuration.webhooks):
        path = f"webhooks[{index}]"
        faults += _policy(webhook, path, validating)
        faults += _target(webhook, path, configuration, view)
        try:
            faults += _authority(webhook, path, view)
        except Unread as error:
            unread = error.gap
    if not faults:
        if unread is not None:
            raise Unread(unread)
        return passed()
    evidence = capped((one for _, _, shown in faults for one in shown), _SHOWN)
    messages = "; ".join(dict.fromkeys(message for message, _, _ in faults))
    return failed(messages, *evidence, severity=max(severity for _, severity, _ in faults))


def _guards(webhook: Webhook) -> bool:
    """Whether it is asked about objects that Kubernetes itself acts upon, not only about its project's own."""
    return any(
        group in _OWN_GROUPS or group.endswith(_OWN_SUFFIX) for rule in webhook.rules for group in rule.api_groups
    )


def _policy(webhook: Webhook, path: str, validating: bool) -> Iterator[Fault]:
    if webhook.failure_policy != "Ignore" or not _guards(webhook):
        return
    if validating or any(word in webhook.name.lower() for word in _POLICY):
        shown = [Evidence(f"{path}.failurePolicy", f"Ignore ({webhook.name})")]
        if webhook.timeout_seconds is not None:
            shown.append(Evidence(f"{path}.timeoutSeconds", str(webhook.timeout_seconds)))
        yield "lets everything through while it does not answer", Severity.HIGH, tuple(shown)


def _target(webhook: Webhook, path: str, configuration: WebhookConfiguration, view: View) -> Iterator[Fault]:
    client = webhook.client_config
    if client.url and not _within(client.url):
        host = _host(client.url) or client.url[:100]
        shown = Evidence(f"{path}.clientConfig.url", f"{host} ({webhook.name})")
        yield "sends requests out of the cluster", Severity.HIGH, (shown,)
    if client.service is None or configuration.manifest is not None:
        return
    key = object_key(Kind.KUBE_SERVICE, configuration.key.source, client.service.namespace, client.service.name)
    if view.get(key) is None:
        shown = Evidence(f"{path}.clientConfig.service", f"{key.id} is not there ({webhook.name})")
        yield "asks a Service that is not there", Severity.MEDIUM, (shown,)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _within(url: str) -> bool:
    """A Service's name, or the API server's own machine."""
    host = _host(url)
    if host == "localhost" or host.endswith((".svc", ".svc.cluster.local")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authority(webhook: Webhook, path: str, view: View) -> Iterator[Fault]:
    bundle = webhook.client_config.ca_bundle
    if not bundle:
        return
    found = _dates(bundle)
    if found is None:
        raise Unread(Gap(Reason.MALFORMED, f"{path}.clientConfig.caBundle", "no certificates in PEM"))
    not_before, not_after = max(found, key=lambda dates: dates[1])
    if not_after < view.now:
        shown = (Evidence(f"{path}.clientConfig.caBundle", webhook.name), valid(not_before, not_after))
        yield "its certificate authority has expired", Severity.HIGH, shown


@lru_cache(maxsize=256)
def _dates(bundle: str) -> tuple[tuple[float, float], ...] | None:
    """From when to when each certificate of a caBundle is valid, or None where there is none."""
    if len(bundle) > _LARGEST_BUNDLE:
        return None
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificates(base64.b64decode(bundle))
        dates = tuple((one.not_valid_before_utc.timestamp(), one.not_valid_after_utc.timestamp()) for one in found)
    except Exception:  # whatever a hostile certificate makes the parser raise, it is one that cannot be read
        return None
    return dates or None
