"""The host's own policy of image signatures (policy.json, registries.d), by itself and beside the site's."""

from __future__ import annotations

from collections.abc import Iterator

from checks.check import Domain, check
from checks.images.trust import repositories
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed, unknown
from checks.view import View
from inventory.model import Engine, Image
from inventory.signatures.host_policy import (
    SIGSTORE,
    HostPolicy,
    Requirement,
    accepts_anything,
    authorities,
    demands_signature,
    rejects,
    scope_repository,
)
from inventory.signatures.policy import PublicKey, Rule
from inventory.signatures.rules import rule_for

_OTHERS_MAY_WRITE = 0o002
_READS_IT = "Podman, Buildah, Skopeo and CRI-O keep to it"
_IGNORED = f"the Docker engine does not read it: {_READS_IT}"


@check(
    "IMG-043",
    "Policies of the host and of the site contradict each other",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="What one of them forbids the other allows: who pulls decides which of them counts.",
    remediation="Decide which of them is right and change the other: `podman image trust show` lists the host's, "
    "`podman image trust set` changes it; the site's is `[[trust.rule]]` in deckwatch.toml. "
    "`use_host_policy = false` leaves the host's out.",
    references=("NIST-800-190:4.1.5", "CWE-347", "CWE-1220"),
)
def contradiction(engine: Engine, view: View) -> Verdict:
    """Compares policy.json with `[[trust.rule]]` for each repository that an image here or a scope of either names.

    F: the rule trusts the repository and the host's policy rejects it, or the rule does not and the host's accepts
    it, or both name public keys and have none in common; info where only the host's policy demands a signature. That
    it accepts anything where a rule demands a signature is IMG-044. P: none of these. NA: there is no policy.json, no
    rule, or trust.use_host_policy is false. U: the host's files were not read, or it is unusable (IMG-045).
    """
    trust = view.policy.trust
    if not trust.rules or not trust.host_policy:
        return not_applicable("no [[trust.rule]]" if not trust.rules else "trust.use_host_policy is false")
    policy = view.host().image_policy
    if not policy.path:
        return not_applicable("this host has no policy.json")
    if policy.mistakes:
        return unknown(f"{policy.path} cannot be used: {policy.mistakes[0]}")
    names = {**dict.fromkeys(filter(None, map(scope_repository, policy.scopes)))}
    names |= dict.fromkeys(view.index(Image, _repositories))
    found = [
        (name, *one) for name in names if (rule := rule_for(trust, name)) and (one := _differs(name, rule, policy))
    ]
    if not found:
        return passed("", Evidence("path", policy.path))
    found.sort(key=lambda one: -one[2])
    evidence = [Evidence(f"{policy.path}: {scope}", said) for name, _, _, scope, said, _ in found[:SHOWN]]
    evidence += dict.fromkeys(Evidence("policy", str(rule)) for *_, rule in found[:SHOWN])
    message = "; ".join(dict.fromkeys(f"{name}: {words}" for name, words, *_ in found[:SHOWN]))
    return failed(f"{message} ({_whose(engine)})", *evidence, severity=max(one[2] for one in found))


def _differs(name: str, rule: Rule, policy: HostPolicy) -> tuple[str, Severity, str, str, Rule] | None:
    scope, requirements = policy.applies(name)
    said = ", ".join(map(str, requirements))
    if rejects(requirements):
        words = "the host's policy rejects it, a rule trusts it"
        return (words, Severity.MEDIUM, scope, said, rule) if rule.trusted else None
    if not rule.trusted:
        return "the host's policy accepts it, a rule does not trust it", Severity.MEDIUM, scope, said, rule
    if not demands_signature(requirements):
        return None
    own = {_body(one.pem) for one in rule.signed_by if isinstance(one, PublicKey)}
    theirs = {_body(one.pem) for one in authorities(policy, name) if isinstance(one, PublicKey)}
    if own and theirs and not own & theirs:
        return "the two trust different keys", Severity.MEDIUM, scope, said, rule
    if not rule.signed_by:
        return "only the host's policy demands a signature", Severity.INFO, scope, said, rule
    return None


def _body(pem: bytes) -> bytes:
    """The key in a PEM, however its lines are broken."""
    return b"".join(pem.partition(b"-----BEGIN PUBLIC KEY-----")[2].partition(b"-----END")[0].split())


def _repositories(images: tuple[Image, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for image in images for name in repositories(image)))


@check(
    "IMG-044",
    "Host's signature policy accepts anything",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Engine,
    why="What Podman, Buildah, Skopeo or CRI-O pull here is run whoever made it.",
    remediation="Let the default reject, and list what is wanted: `podman image trust set --type reject default`, "
    "`podman image trust set --type sigstoreSigned --pubkeysfile KEY REGISTRY`. What is not listed cannot be pulled "
    "any more by these tools; the Docker engine goes on as before.",
    references=("CIS-Docker-1.6:4.5", "NIST-800-190:4.1.5", "CWE-347", "CWE-1188"),
)
def accepts_everything(engine: Engine, view: View) -> Verdict:
    """Judges `default` and the scopes of the transport docker in policy.json.

    F: a repository for which a `[[trust.rule]]` demands a signature is accepted with none (medium), or the default is
    insecureAcceptAnything and no scope demands more. P: neither. NA: there is no policy.json; the engine is Podman and
    no rule demands a signature, where IMG-007 judges it. U: the host's files were not read, or it is unusable
    (IMG-045). Debian ships it as insecureAcceptAnything. Source: containers-policy.json(5).
    """
    policy = view.host().image_policy
    if not policy.path:
        return not_applicable("this host has no policy.json")
    if policy.mistakes:
        return unknown(f"{policy.path} cannot be used: {policy.mistakes[0]}")
    evidence = [Evidence(f"{policy.path}: {scope}", ", ".join(map(str, found))) for scope, found in policy.lists]
    weaker = list(_weaker(policy, view)) if view.policy.trust.host_policy else []
    if weaker:
        said = dict.fromkeys(Evidence("policy", str(rule)) for _, rule in weaker[:SHOWN])
        names = ", ".join(name for name, _ in weaker[:SHOWN])
        message = f"accepts {names} unsigned, where a rule demands a signature ({_whose(engine)})"
        return failed(message, *evidence[-SHOWN:], *said, severity=Severity.MEDIUM)
    if engine.flavour == "podman":
        return not_applicable("judged by IMG-007 where the engine is Podman")
    if accepts_anything(policy.default) and all(accepts_anything(found) for _, found in policy.lists):
        return failed(f"images without a signature are accepted ({_whose(engine)})", *evidence[-SHOWN:])
    return passed("", *evidence[-SHOWN:])


def _weaker(policy: HostPolicy, view: View) -> Iterator[tuple[str, Rule]]:
    if not any("signature" in rule.require for rule in view.policy.trust.rules):
        return
    for name in view.index(Image, _repositories):
        rule = rule_for(view.policy.trust, name)
        if rule is not None and "signature" in rule.require and accepts_anything(policy.applies(name)[1]):
            yield name, rule


@check(
    "IMG-045",
    "Host's signature policy cannot do its work",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Signatures are demanded that nobody can verify, or by keys that somebody else can replace.",
    remediation="Correct policy.json (containers-policy.json(5)), put the key file in its place, owned by root with "
    "mode 0644, and set `use-sigstore-attachments: true` for the registry in /etc/containers/registries.d. Until then "
    "pulls by Podman, Buildah, Skopeo and CRI-O fail.",
    references=("CIS-Docker-1.6:4.5", "NIST-800-190:4.1.5", "CWE-732", "CWE-347"),
)
def unusable(engine: Engine, view: View) -> Verdict:
    """Judges policy.json, the key files that it names and registries.d.

    F: it is not understood; a key file does not exist, or is no key; a scope demands sigstore signatures and
    `use-sigstore-attachments` is off there; the file or a key file may be written by everybody (high). P: none of
    these. NA: there is no policy.json. U: the host's files, or a key file, were not read. The Docker engine does not
    read it. Source: containers-policy.json(5), containers-registries.d(5).
    """
    policy = view.host().image_policy
    if not policy.path:
        return not_applicable("this host has no policy.json")
    severity = Severity.MEDIUM
    found = [Evidence(policy.path, mistake) for mistake in policy.mistakes]
    found += [Evidence(path, key.mistake) for path, key in policy.keys.items() if key.mistake]
    found += [
        Evidence("registries.d: use-sigstore-attachments", f"off for {scope}, which demands sigstore signatures")
        for scope, requirements in policy.scopes.items()
        if _by_sigstore(requirements) and not _attached(policy, scope)
    ]
    modes = {policy.path: policy.mode, **{path: key.mode for path, key in policy.keys.items()}}
    open_ = [Evidence(path, f"mode {mode:04o}") for path, mode in modes.items() if mode & _OTHERS_MAY_WRITE]
    if open_:
        severity = Severity.HIGH
        found = [*open_, *found]
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        words = f"{found[0].path}: {found[0].value}{more} ({_whose(engine)})"
        return failed(words, *found[: 2 * SHOWN], severity=severity, salient=found[0].path)
    unread = [str(key.unread) for key in policy.keys.values() if key.unread is not None]
    return unknown("; ".join(unread[:SHOWN])) if unread else passed("", Evidence("path", policy.path))


def _by_sigstore(requirements: tuple[Requirement, ...]) -> bool:
    return any(one.type == SIGSTORE for one in requirements)


def _attached(policy: HostPolicy, scope: str) -> bool:
    name = scope.removeprefix("*.") or scope
    if scope.startswith("*."):  # any host below it; what is said of one of them is not looked for
        said = [policy.registries[one].sigstore_attachments for one in (scope, "") if one in policy.registries]
        return next((one for one in said if one is not None), False)
    repository, colon, tag = name.rpartition(":")
    return policy.sigstore_attachments(repository if colon and "/" not in tag and "/" in repository else name)


def _whose(engine: Engine) -> str:
    """Who keeps to it."""
    return _IGNORED if engine.peek("flavour") == "docker" else _READS_IT
