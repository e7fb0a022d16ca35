"""Clusters on the overview: how they are reached, and what is broken in them now."""

from __future__ import annotations

from collections import Counter
from heapq import nlargest

from inventory.gap import Gap
from inventory.kubernetes.cluster import Cluster, KubeNode
from inventory.kubernetes.configuration import KubeEvent
from inventory.resource import Kind
from inventory.snapshot import Event
from inventory.text import safe
from tui.format import missing
from tui.panes.services.nodes import node_state
from tui.panes.services.population import ON_THE_WAY, population
from tui.panes.services.words import arriving
from tui.picture import Picture
from tui.verdicts import badge
from widgets.cells import Cell

BAD = 6
"""Kinds of trouble that are named; the others are counted together."""


def cluster_words(cluster: Cluster, picture: Picture) -> list[Cell]:
    """One cluster: who we are there, nodes, pods."""
    words = [badge(picture.judgement(cluster.key), top=2), Cell.of(safe(cluster.name, 60), "accent")]
    version, access, user = cluster.peek("git_version"), cluster.peek("access"), cluster.peek("username")
    words.append(Cell.of(missing(version) if isinstance(version, Gap) else safe(version, 40)))
    if not isinstance(access, Gap):
        words.append(Cell.of(safe(access.server, 120)))
        if access.skip_tls_verify:
            words.append(Cell.of("TLS NOT VERIFIED", "error"))
    words.append(Cell.of(f"as {missing(user) if isinstance(user, Gap) else safe(user, 80)}"))
    source = cluster.key.source
    words.append(_nodes(picture, source))
    words.append(_count(picture, source, Kind.NAMESPACE, "namespaces"))
    words.append(_count(picture, source, Kind.POD, "pods"))
    return words


def warnings(picture: Picture, most: int) -> list[Event]:
    """The latest warnings that clusters tell of, as events of the session."""
    told = (one for one in picture.snapshot.of(KubeEvent) if one.peek("type") == "Warning" and one.peek("message"))
    latest = nlargest(most, told, key=_moment)
    return [
        Event(
            _moment(one), one.key.source, one.involved.kind.lower(), one.involved.name,
            f"{one.involved.namespace}/{one.involved.name}".lstrip("/"), one.reason, one.message,
        )
        for one in latest
        if "involved" not in one.gaps and "reason" not in one.gaps and "message" not in one.gaps
    ]  # fmt: skip


def _moment(event: KubeEvent) -> float:
    found = event.peek("last_seen")
    return 0.0 if isinstance(found, Gap) else float(found)


def _nodes(picture: Picture, source: str) -> Cell:
    gap = picture.snapshot.gaps.get((source, Kind.KUBE_NODE))
    if gap is not None:
        return Cell.of(f"nodes {missing(gap)}", "unknown")
    nodes = list(picture.snapshot.of(KubeNode, source))
    ready = sum(1 for node in nodes if str(node_state(node)[0]).split(",")[0] == "Ready")
    return Cell.of(f"nodes {ready}/{len(nodes)} ready", "error" if ready < len(nodes) else "normal")


def _count(picture: Picture, source: str, kind: Kind, word: str) -> Cell:
    gap = picture.snapshot.gaps.get((source, kind))
    found = picture.snapshot.by_kind.get(kind, {})
    alone = picture.snapshot.count(Kind.CLUSTER) < 2  # then nobody else has any
    count = len(found) if alone else sum(1 for key in found if key.source == source)
    if gap is None:
        return Cell.of(f"{word} {count}")
    return Cell.of(f"{word} {count or ''}{missing(gap)}", "unknown")


def pod_states(picture: Picture) -> list[Cell]:
    """How many pods are in which state, those in trouble first, then nodes that are not well."""
    bad, well = _counts(picture)
    parts = [Cell.of(safe(f"{word} {count}", 60), "error") for word, count in bad.most_common(BAD)]
    rest = sum(bad.values()) - sum(count for _, count in bad.most_common(BAD))
    parts += [Cell.of(f"other trouble {rest}", "error")] if rest else []
    sick = [node for node in picture.snapshot.of(KubeNode) if node_state(node)[1] == "error"]
    parts += (
        [Cell.of(f"nodes in trouble {len(sick)}: {safe(', '.join(n.name for n in sick[:3]), 80)}", "error")]
        if sick
        else []
    )
    parts += [Cell.of(safe(f"{word} {count}", 60)) for word, count in well.most_common(3)]
    if arriving(picture, (Kind.POD,)):
        parts.append(Cell.of("..", "dim"))
    return parts


_counted: tuple[object, object, Counter[str], Counter[str]] = (None, None, Counter(), Counter())


def _counts(picture: Picture) -> tuple[Counter[str], Counter[str]]:
    """Pods in trouble by its cause, and the others by what they do; kept for as long as the pods are the same."""
    global _counted
    pods, everybody = picture.snapshot.by_kind.get(Kind.POD, {}), population(picture)
    kept = _counted
    if kept[0] is pods and kept[1] is everybody:
        return kept[2], kept[3]
    bad: Counter[str] = Counter()
    well: Counter[str] = Counter()
    for key, each in everybody.lines.items():
        if key not in pods:
            continue
        if each.cause:
            bad[each.cause] += 1
        elif each.gap is not None:
            well["unknown"] += 1
        else:
            well["starting or ending" if each.word in ON_THE_WAY or each.word.startswith("Init:") else each.word] += 1
    _counted = (pods, everybody, bad, well)
    return bad, well
