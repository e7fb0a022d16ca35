"""The text of a first `deckwatch.toml`, made from what is on a host. Pure.

Words are written `# words`, settings that are switched off `#key = value`: taking the sign away switches one on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import structs

from checks import selectors
from checks.policy import Policy, Waiver
from checks.result import Evaluation, Result
from checks.verdict import Outcome, Severity
from inventory.container import Container
from inventory.gap import Gap
from inventory.host import Host
from inventory.image import Image
from inventory.reference import parse
from inventory.snapshot import Snapshot
from inventory.text import safe
from tui.keymap import ACTIONS
from tui.options import THEMES
from tui.schema import POLICY
from tui.toml_edit import block, quoted
from tui.waiving import DAYS

_PROXIES = ("traefik", "nginx", "caddy", "haproxy", "envoy", "nginx-proxy-manager", "swag", "httpd")
_WEB = (80, 443)
_MOST_WAIVERS, _MOST_SEVERITIES, _MOST_NAMES = 40, 4, 4
_WORDS = {
    "trust.registries": "Where images may come from (IMG-004, ORC-133).",
    "trust.edge_proxies": "Containers, by name, that may publish ports 80 and 443 to everybody.",
    "trust.untrusted": "Pods, by label (key or key=value), whose code nobody trusts: they need a sandbox (ORC-148).",
    "trust.max_image_age": "Days after which an image counts as stale.",
    "images.max_report_age": "Days after which a look for vulnerabilities, or its data, is too old (IMG-010).",
    "images.allowed_set_id": "Set-id programs, by path, that are wanted in images besides the usual ones (IMG-015).",
    "images.bad_hashes": "A file with SHA-256 digests, one a line, of programs that no image may hold (IMG-034).",
    "host.docker_group": "Who may be in the docker group: each of them can become root on this host.",
    "host.require_rootless": "Whether an engine that runs as root is a failure.",
    "policy.require_owner": "Whether every waiver must name somebody who answers for it.",
}
_EXAMPLES = {"swarm.keys_rotated": "2026-01-31"}  # keys that have no default


def starter(host: str, today: date, owner: str, snapshot: Snapshot, evaluation: Evaluation) -> str:
    """A commented configuration that is valid as it stands."""
    parts = [
        _head(host, today),
        *(_section(name, keys, snapshot) for name, keys in POLICY.items()),
        _severities(evaluation),
        _looks(),
        _probe(),
        _kubernetes(),
        _keys(),
        _waivers(snapshot, evaluation, today, owner),
    ]
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _head(host: str, today: date) -> list[str]:
    where = f" for {_remark(host)}" if host else ""
    return [
        f"# Deckwatch{where}, as of {today}. Everything may be left out; what is not said keeps its default.",
        "# A line that begins with # and a blank is words; with # alone it is a setting that is switched off.",
    ]


def _section(name: str, keys: Mapping[str, str], snapshot: Snapshot) -> list[str]:
    lines = [f"[{name}]"]
    defaults = {item.name: item.default for item in structs.fields(Policy)}
    found = {
        "trust.registries": _registries,
        "trust.edge_proxies": _edge_proxies,
        "host.docker_group": _docker_group,
    }
    for key, field in keys.items():
        place = f"{name}.{key}"
        lines += [f"# {_WORDS[place]}"] if place in _WORDS else []
        default = _EXAMPLES.get(place) or _toml(defaults[field])
        lines += found[place](snapshot) if place in found else [f"#{key} = {default}"]
    return lines + (_trust() if name == "trust" else [])


def _trust() -> list[str]:
    return [
        "# What policy.json of this host says: evidence beside this, keys (its keys count too), or false.",
        '#use_host_policy = "evidence"',
        "# What holds for some repositories; of several rules, also written [[trust.rule]], the most specific counts.",
        '# Signatures: require = ["signature"], and whose count: signed_by = [{ key = "release.pub" }].',
        "# Also { key = ..., until = 2030-12-31 }, { issuer = ..., subject = ... } (keyless), { gpg = KEYRING,",
        "# lookaside = URL or directory } (simple signing), { notation_roots = [CERTIFICATE], subject = ... }",
        "# (Notation; without 'subject' whoever the certificates vouch for).",
        '#rule = [{ match = ["registry.example.com/prod/**"], require = ["digest"], max_age_days = 90 }]',
    ]


# -- what is there ---------------------------------------------------------------------------------------------------


def _registries(snapshot: Snapshot) -> list[str]:
    pulled: Counter[str] = Counter()
    made: Counter[str] = Counter()
    for image in snapshot.of(Image):
        tags, digests = _texts(image, "repo_tags"), _texts(image, "repo_digests")
        for pattern in {_pattern(name) for name in digests or tags} - {""}:
            (pulled if digests else made)[pattern] += 1
    if not pulled and not made:
        return ['#registries = ["registry.example.com/*", "docker.io/library/*"]']
    if not pulled:
        listed = ", ".join(quoted(pattern) for pattern in sorted(made))
        return [
            "# No image here was pulled; these are the names of what was built or loaded.",
            f"#registries = [{listed}]",
        ]
    if set(made) - set(pulled):
        return _with_local(pulled, made)
    lines = ["# All that images were pulled from: take out what you do not trust.", "registries = ["]
    lines += [f"  {quoted(pattern)},  # {_images(count)}" for pattern, count in sorted(pulled.items())]
    return [*lines, "]"]


def _with_local(pulled: Counter[str], made: Counter[str]) -> list[str]:
    """Switched off as a whole: what was built or loaded here would fail by a list of what was pulled alone."""
    listed = ", ".join(quoted(pattern) for pattern in sorted({*pulled, *made}))
    return [
        *(f"# Pulled: {quoted(pattern)}, {_images(count)}." for pattern, count in sorted(pulled.items())),
        "# The others were built or loaded here, as far as the engine knows. Take out what you do not trust.",
        f"#registries = [{listed}]",
    ]


def _pattern(name: str) -> str:
    """Registry and namespace, as a glob of everything in it; "" for what Podman built."""
    found = parse(name)
    above = found.repository.rpartition("/")[0]
    base = f"{found.registry}/{above}" if above else found.registry
    return "" if found.registry == "localhost" else f"{selectors.exactly(base)}/*"


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _edge_proxies(snapshot: Snapshot) -> list[str]:
    known: list[str] = []
    others: list[str] = []
    for container in snapshot.of(Container):
        ports = _web_ports(container)
        if ports:
            image = container.peek("image_ref")
            last = parse(image).repository.rpartition("/")[2] if isinstance(image, str) else ""
            line = f"{quoted(selectors.exactly(container.name))},  # {_remark(str(image))} publishes {ports}"
            (known if last in _PROXIES else others).append(line)
    if not known and not others:
        return ['#edge_proxies = ["traefik", "edge-*"]']
    lines = [f"  {line}" for line in sorted(known)] + [f"  #{line}" for line in sorted(others)]
    return ["edge_proxies = [", *lines, "]"]


def _web_ports(container: Container) -> str:
    ports = container.peek("ports")
    if isinstance(ports, Gap):
        return ""
    web = {p.host_port for p in ports if p.host_port in _WEB and not p.host_ip.startswith(("127.", "::1"))}
    return " and ".join(map(str, sorted(web)))


def _docker_group(snapshot: Snapshot) -> list[str]:
    members: set[str] = set()
    unread = ""
    for host in snapshot.of(Host):
        group = host.peek("docker_group")
        if isinstance(group, Gap):
            unread = f"# The members of the group could not be read: {_remark(str(group))}"
        else:
            members.update(group)
    listed = ", ".join(quoted(name) for name in sorted(members)) or '"operator"'
    there = [f"# In it now: {', '.join(map(_remark, sorted(members)))}."] if members else []
    return [*([unread] if unread else []), *there, f"#docker_group = [{listed}]"]


# -- what was found --------------------------------------------------------------------------------------------------


def _severities(evaluation: Evaluation) -> list[str]:
    lines = ["[severity]", "# What this site thinks of a check: critical, high, medium, low or info."]
    failed = [r for r in evaluation.results() if r.outcome is Outcome.FAIL and r.severity < Severity.HIGH]
    counted = Counter(result.check for result in failed).most_common(_MOST_SEVERITIES)
    for check, count in counted:
        said = f"{_remark(check.title)}: {check.severity.word}, fails {count} times here"
        lines.append(f'#"{check.id}" = "info"  # {said}')
    return lines if counted else [*lines, '#"RUN-026" = "info"']


def _waivers(snapshot: Snapshot, evaluation: Evaluation, today: date, owner: str) -> list[str]:
    lines = [
        "# Waivers: risks that somebody accepted. A waiver names a check (a glob) and at least one of resource, kind,",
        "# image, label, project, namespace, source and value (globs; all that are given must fit), the reason, who",
        "# answers for it, and the last day; after that it counts as a failure again. In the explorer, w writes these.",
    ]
    found = [r for r in evaluation.results() if r.outcome is Outcome.FAIL and r.severity >= Severity.HIGH]
    found = [result for result in found if _name(result, snapshot)]  # what has no name cannot be named
    found.sort(key=lambda result: (-result.severity, result.check.id, _name(result, snapshot)))
    if not found:
        example = Waiver("RUN-006", "node-exporter", "", owner, today + timedelta(days=DAYS))
        return [*lines, "", *_off(block(example, "an example"))]
    lines.append("# What is critical or high on this host; an accepted one needs its reason filled in.")
    for result in found[:_MOST_WAIVERS]:
        example = _waiver(result, snapshot, today, owner)
        lines += ["", f"# {result.severity.word}: {_remark(result.message)}", *_off(block(example, result.check.title))]
    if len(found) > _MOST_WAIVERS:
        lines += ["", f"# and {len(found) - _MOST_WAIVERS} more: deckwatch scan --min-severity high"]
    return lines


def _waiver(result: Result, snapshot: Snapshot, today: date, owner: str) -> Waiver:
    name = selectors.exactly(_name(result, snapshot))
    return Waiver(result.check.id, name, "", owner, today + timedelta(days=DAYS))


def _name(result: Result, snapshot: Snapshot) -> str:
    resource = snapshot.get(result.key)
    return resource.name if resource is not None else result.key.id


# -- the network ------------------------------------------------------------------------------------------------------


def _probe() -> list[str]:
    return [
        "[probe]",
        "# Whether published ports are asked for TLS: a few handshakes each, no request. --probe does it once.",
        "#tls = false",
        "# Containers (globs) and the host names that their certificates should be good for.",
        '#names = { "web*" = "www.example.com" }',
    ]


def _kubernetes() -> list[str]:
    return [
        "[kubernetes]",
        "# Contexts of the kubeconfig to look at, instead of the current one, and the namespaces; without: all.",
        '#contexts = ["production"]',
        '#namespaces = ["default"]',
        "# Whether the certificates in TLS secrets are read: whoever may do that may read every secret's values.",
        "#read_tls_secrets = false",
        "# Whether each kubelet is asked for its configuration, through the API server (nodes/proxy).",
        "#kubelet_config = false",
    ]


# -- the screen ------------------------------------------------------------------------------------------------------


def _looks() -> list[str]:
    return [
        "[ui]",
        f'#theme = "{THEMES[0]}"  # {", ".join(THEMES)}; without it, what the terminal can do',
        "#ascii = false",
        "#mono = false",
        "#mouse = true  # off over SSH if nothing is said",
        "#refresh = 2.0  # seconds between readings of live figures",
    ]


def _keys() -> list[str]:
    lines = ["[keys]", "# One key or several; the names are Textual's: full_stop, ctrl+d, f5, ..."]
    return lines + [f'#"{action.id}" = {_toml(action.keys)}  # {_remark(action.text)}' for action in ACTIONS]


def _off(lines: Iterable[str]) -> Iterator[str]:
    return (f"#{line}" for line in lines)


def _toml(value: Any) -> str:
    """Booleans, numbers, texts and lists of them are written as in JSON; no text here needs TOML's own escapes."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _remark(text: str) -> str:
    """Text from outside on a line of words: nothing in it may end the line."""
    return "".join(sign if sign.isprintable() else " " for sign in safe(text, 200))


def _texts(image: Image, field: str) -> tuple[str, ...]:
    found = image.peek(field)
    return found if isinstance(found, tuple) else ()
