"""Secrets where they do not belong, or are past their time: in ConfigMaps, as old tokens, as certificates."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.kubernetes import references
from checks.network.certificates import OLD_DIGESTS, covers, judge_dates, valid, weak_key
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.gap import Unread
from inventory.kubernetes.cluster import Namespace
from inventory.kubernetes.configuration import ConfigMap, KubeSecret, TlsCertificate

_SHOWN = 10
_DAY = 86400.0
_FORGOTTEN = 90.0
_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a type's name
_TLS = "kubernetes.io/tls"
_INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since"
_LAST_USED = "kubernetes.io/legacy-token-last-used"
_ACCOUNT = "kubernetes.io/service-account.name"
_NEVER_NAMED = frozenset({_TOKEN, "helm.sh/release.v1", "bootstrap.kubernetes.io/token"})


@check(
    "ORC-230",
    "Secret data in ConfigMap",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=ConfigMap,
    why="Many may read ConfigMaps who may not read Secrets; they are in backups, logs of requests and git.",
    remediation="Move the value to a Secret, mount that (or `envFrom: [{secretRef: ...}]`), delete it here, and change "
    "the password or key: it has been readable. Pods have to be restarted to see the new source.",
    references=("OWASP-K8s:K03", "ATT&CK:T1552.007", "CWE-312"),
)
def secret_in_config_map(config: ConfigMap, view: View) -> Verdict:
    """Judges keys and values, settings within files included, by the rules for secrets; values are masked.

    F: a value has the shape of a secret (high); the name of a key or setting says so (medium). M: none, but a value
    was too large (100 kB) or no text, and was not looked through (low). P: none of these.
    """
    found, skipped = config.suspicious, config.skipped
    if found:
        worst = Severity.HIGH if any(one.by_value for one in found) else Severity.MEDIUM
        evidence = capped((seen(f"data.{one.key} ({one.rule})", one.masked) for one in found), _SHOWN)
        many = f"{len(found)} values look like secrets" if len(found) > 1 else "a value looks like a secret"
        return failed(many, *evidence, severity=worst)
    if skipped:
        evidence = capped((Evidence(f"data.{key}", f"{config.sizes.get(key, 0)} bytes") for key in skipped), _SHOWN)
        return manual("not looked through: values too large, or no text", *evidence, severity=Severity.LOW)
    return passed()


@check(
    "ORC-231",
    "Service account token that never expires",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=KubeSecret,
    why="Who has read it once has the account's rights until somebody deletes the secret.",
    remediation="Use `kubectl create token ACCOUNT` or a projected token, then `kubectl delete secret NAME`. Whatever "
    "uses the old token from outside stops until it has a new one; the label legacy-token-last-used says whether "
    "anything does.",
    references=("OWASP-K8s:K09", "ATT&CK:T1528", "CWE-324"),
)
def legacy_token(secret: KubeSecret, view: View) -> Verdict:
    """Judges `type` and the labels that the legacy token cleaner sets.

    F: a token secret that is not marked invalid. P: marked (`kubernetes.io/legacy-token-invalid-since`), to be deleted
    by the cluster. NA: another type.
    """
    if secret.type != _TOKEN:
        return not_applicable("no token of a service account")
    account = seen(f"metadata.annotations[{_ACCOUNT}]", secret.annotations.get(_ACCOUNT, "not set"))
    since = secret.labels.get(_INVALID_SINCE)
    if since:
        return passed("", account, seen(f"metadata.labels[{_INVALID_SINCE}]", since))
    evidence = [Evidence("type", _TOKEN), account]
    if secret.created:
        evidence.append(Evidence("age", f"{(view.now - secret.created) / _DAY:.0f} days"))
    evidence.append(seen(f"metadata.labels[{_LAST_USED}]", secret.labels.get(_LAST_USED, "not set")))
    return failed("holds a token that never expires", *evidence)


@check(
    "ORC-232",
    "TLS secret expired or weak",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=KubeSecret,
    why="Clients stop, or learn to click the warning away.",
    remediation="Renew the certificate, RSA of 2048 bits or EC, for the hosts that it serves: `kubectl create secret "
    "tls NAME --cert --key --dry-run=client -o yaml | kubectl apply -f -`, better cert-manager. Ingress controllers "
    "load it by themselves; pods that mount it may need a restart.",
    references=("NIST-800-52r2:3.2", "CWE-298", "CWE-326"),
)
def tls_secret(secret: KubeSecret, view: View) -> Verdict:
    """Judges the first certificate of `tls.crt` by the rules of NET-018 (dates), NET-019 (the hosts of the Ingresses
    and Gateways that use it) and NET-021 (key and signature).

    F: any of them; what nothing uses: low. M: made for more than 398 days. P: none of these. NA: another type. U: not
    asked for (the policy decides), or no certificate; or it is sound, and what uses it could not be read. The key is
    never asked for.
    """
    if secret.type != _TLS:
        return not_applicable("not of the type kubernetes.io/tls")
    leaf = secret.certificate
    if leaf is None:
        return unknown("the secret has no certificate")
    if leaf.error:
        return unknown(leaf.error, Evidence("data[tls.crt]", leaf.error))
    try:
        hosts = references.served_hosts(view, secret.namespace)
        used = secret.name in hosts or secret.name in references.named_in(view, secret.namespace).secrets
    except Unread:
        itself = _certificate(leaf, (), None, view)
        if itself.outcome is Outcome.FAIL:
            return itself
        raise
    return _certificate(leaf, hosts.get(secret.name, ()), used, view)


_USED = {True: "by an Ingress, Gateway or pod", False: "by nothing that was found", None: "by what could not be read"}


def _certificate(leaf: TlsCertificate, hosts: tuple[str, ...], used: bool | None, view: View) -> Verdict:
    described = [
        Evidence("data[tls.crt]: subject", leaf.subject or "none"),
        Evidence("data[tls.crt]: issuer", leaf.issuer or "none"),
        valid(leaf.not_before, leaf.not_after),
        Evidence("key", f"{leaf.key_type} {leaf.key_bits or ''}".strip()),
        Evidence("used", _USED[used]),
    ]
    dates = judge_dates(leaf.not_before, leaf.not_after, view.now, *described)
    faults = [dates.message] if dates.outcome is Outcome.FAIL else []
    severity = dates.severity if faults else None
    others = [*weak_key(leaf.key_type, leaf.key_bits)]
    if leaf.signature in OLD_DIGESTS and not leaf.self_signed:
        others.append(f"signed with {leaf.signature}")
    missing = [host for host in hosts if not covers(leaf.names, host)]
    if missing:
        others.append(f"not for {', '.join(missing[:3])}" + (" and more" if len(missing) > 3 else ""))
        described.append(Evidence("subjectAltName", ", ".join(leaf.names) or "none"))
    if not faults and not others:
        return dates
    worst = Severity.HIGH if others else (severity or Severity.HIGH)
    return failed("; ".join((*faults, *others)), *described, severity=Severity.LOW if used is False else worst)


@check(
    "ORC-233",
    "Secrets that nothing uses, or that are missing",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Namespace,
    why="A forgotten credential is still valid, and a name that is missing waits for somebody to make it.",
    remediation="Delete what nobody needs (`kubectl delete secret NAME`, after asking its owner: controllers and "
    "programs in the cluster may read it through the API), revoke the credential in it; make or correct what is named.",
    references=("OWASP-K8s:K03", "CWE-1164"),
)
def references_of(namespace: Namespace, view: View) -> Verdict:
    """Compares the secrets, ConfigMaps and service accounts of a namespace with what its pods, pod templates, service
    accounts, Ingresses and Gateways name.

    F: something that a pod or template needs, or an Ingress serves with, is not there. M: a secret older than 90 days
    that nothing names, that no object owns, and that is no token or Helm release. P: neither. NA: a manifest, which
    does not show what the cluster has. U: a kind could not be read.
    """
    if namespace.manifest is not None:
        return not_applicable("a manifest does not show what the cluster has")
    name = namespace.name
    named, hosts = references.named_in(view, name), references.served_hosts(view, name)
    accounts, kept = references.accounts_in(view, name), references.secrets_in(view, name)
    there = {one.name for one in kept}
    missing = [
        *(f"secret {one}" for one in sorted((named.needed_secrets | set(hosts)) - there)),
        *(f"ConfigMap {one}" for one in sorted(named.needed_config_maps - references.config_maps_in(view, name))),
        *(f"service account {one}" for one in sorted(named.accounts - accounts.names - {"default"})),
    ]
    used = named.secrets | accounts.secrets | set(hosts)
    unused = [one.name for one in kept if _forgotten(one, used, view)]
    evidence = [
        *capped((Evidence("missing", one) for one in missing), _SHOWN),
        *capped((Evidence("unused for more than 90 days", f"secret {one}") for one in unused), _SHOWN),
    ]
    if missing:
        return failed(f"names {len(missing)} object(s) that are not there", *evidence)
    if unused:
        return manual(f"nothing names {len(unused)} secret(s)", *evidence)
    return passed()


def _forgotten(secret: references.Kept, used: frozenset[str] | set[str], view: View) -> bool:
    if secret.name in used or secret.owned or secret.type in _NEVER_NAMED or not secret.created:
        return False
    return (view.now - secret.created) / _DAY > _FORGOTTEN
