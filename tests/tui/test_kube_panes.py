"""The views of a cluster without a screen: what they list, in which order, and what they say of what is not known."""

from __future__ import annotations

import pytest

from inventory.gap import Gap, Reason
from inventory.kubernetes.workloads import Pod, PodStatus
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import changed
from tests.hostile import HOSTILE
from tests.hostile import forbidden as acts
from tests.kubernetes.captured import NOW, SOURCE, objects
from tests.tui.cluster import clustered, filled, forbidden, judged
from tests.tui.test_hostile import evil
from tests.tui.world import filled as host
from tui.listing import Filters, ListState, arrange
from tui.panes.base import Shown
from tui.panes.overview.pane import OverviewPane
from tui.panes.services.certificates import NOT_READ
from tui.panes.services.pane import ServicesPane
from tui.panes.services.view import KubeView
from tui.picture import Picture

NAMES = ("Workloads", "Pods", "Nodes", "RBAC", "Policies", "Exposure", "Certificates")


def at(name: str, picture: Picture) -> ServicesPane:
    """The pane on this view."""
    pane = ServicesPane()
    names = [found for found, _ in pane.views(picture)]
    pane.show_view(names.index(name))
    return pane


def view(name: str, picture: Picture) -> KubeView:
    """The view itself."""
    found = at(name, picture).view
    assert isinstance(found, KubeView)
    return found


def listed(name: str, picture: Picture | None = None, query: str = "", minor: bool = True) -> dict[str, list[str]]:
    """The text of each row by the object's id, in the view's own order."""
    shown = clustered() if picture is None else picture
    pane = at(name, shown)
    entries = arrange(pane.entries(shown, NOW), ListState(*pane.list_order(), query, minor=minor), Filters())
    return {str(entry.key.id): [cell.text for cell in entry.row.cells] for entry in entries}  # type: ignore[attr-defined]  # a resource's


def previewed(name: str, kind: Kind, identifier: str, picture: Picture | None = None) -> str:
    """The preview of an object."""
    shown = clustered() if picture is None else picture
    lines = at(name, shown).preview(ResourceKey(kind, SOURCE, identifier), shown, 100, NOW)
    return "\n".join(entry.cell.text for entry in lines)


def headline(name: str, picture: Picture) -> str:
    """The line over the list."""
    pane = at(name, picture)
    count = len(pane.entries(picture, NOW))
    return pane.headline(picture, Shown(count, count)).text


def test_there_are_seven_views_of_a_cluster_and_none_without_one() -> None:
    assert tuple(name for name, _ in ServicesPane().views(clustered())) == NAMES
    assert ServicesPane().views(Picture()) == []
    assert not ServicesPane().turn()


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_a_cell_for_each_column_and_a_preview(name: str) -> None:
    pane = at(name, clustered())
    entries = pane.entries(clustered(), NOW)
    assert entries
    for entry in entries:
        assert len(entry.row.cells) == len(pane.shown_columns())
        assert pane.preview(entry.key, clustered(), 80, NOW)
        assert set(entry.sort) == {column.key for column in pane.shown_columns()}


@pytest.mark.parametrize("name", NAMES)
def test_a_row_can_be_sorted_by_every_column(name: str) -> None:
    pane = at(name, clustered())
    entries = pane.entries(clustered(), NOW)
    for column in pane.shown_columns():
        for descending in (True, False):
            assert len(arrange(entries, ListState(column.key, descending), Filters())) == len(entries)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_of_what_has_not_changed_is_not_made_again(name: str) -> None:
    found = view(name, clustered())
    first = found.entries(clustered(), NOW)
    again = found.entries(Picture(clustered().snapshot, clustered().evaluation), NOW)
    assert first
    assert all(a is b for a, b in zip(first, again, strict=True))


def test_only_the_pod_that_changed_gets_another_row() -> None:
    store = filled()
    before = judged(store, ())
    found = view("Pods", before)
    first = {entry.key: entry for entry in found.entries(before, NOW)}
    pod = next(one for one in objects() if one.key.id == "prod/redis-0")
    store.put([changed(pod, resource_version="newer", status=PodStatus(phase="Failed", reason="Evicted"))])
    after = Picture(store.snapshot(), before.evaluation)
    again = found.entries(after, NOW)
    assert [entry.key.id for entry in again if first[entry.key] is not entry] == ["prod/redis-0"]  # type: ignore[attr-defined]  # a pod's
    assert listed("Pods", after)["prod/redis-0"][4] == "Evicted"


def test_ages_go_on() -> None:
    found = view("Pods", clustered())
    first, later = found.entries(clustered(), NOW), found.entries(clustered(), NOW + 7200)
    assert first[0].row.cells[6].text != later[0].row.cells[6].text


# -- what the views say of the recorded cluster ----------------------------------------------------------------------


def test_pods_as_kubectl_prints_them() -> None:
    rows = listed("Pods")
    words = {identifier.rpartition("-")[0].rpartition("-")[0]: row[4] for identifier, row in rows.items()}
    assert words["prod/payments"] == "CrashLoopBackOff"
    assert words["prod/image-resizer"] == "ImagePullBackOff"
    assert words["staging/config-broken"] == "CreateContainerConfigError"
    assert words["staging/init-fails"] == "Init:CrashLoopBackOff"
    assert words["prod/recommender"] == "Pending"
    assert rows["legacy/stuck-terminating"][4] == "Terminating"
    assert rows["kube-system/etcd-cp-1"][3:5] == ["1/1", "Running"]
    assert rows["kube-system/etcd-cp-1"][7] == "cp-1"


def test_what_a_pod_shares_with_its_workload_is_said_there() -> None:
    rows = listed("Pods")
    shared = next(row for identifier, row in rows.items() if identifier.startswith("kube-system/calico-node-"))
    assert shared[0].startswith("- (C")
    assert not rows["kube-system/etcd-cp-1"][0].startswith("-")
    pod = next(identifier for identifier in rows if identifier.startswith("kube-system/calico-node-"))
    assert "made by daemonset calico-node" in previewed("Pods", Kind.POD, pod)


def test_workloads_say_what_their_pods_suffer_from() -> None:
    rows = listed("Workloads", minor=False)
    assert rows["prod/payments"][3:6] == ["deploy", "0/2", "CrashLoopBackOff 2/2"]
    assert rows["prod/recommender"][5] == "Unschedulable 2/2"
    assert rows["staging/scaled-to-zero"][4:6] == ["0/0", "scaled to 0"]
    assert rows["prod/storefront"][4:6] == ["3/3", "ok"]
    assert rows["prod/db-backup"][4:6] == ["-", "scheduled"]
    assert "crashes again and again" in previewed("Workloads", Kind.DEPLOYMENT, "prod/payments")


def test_workloads_are_grouped_by_namespace_the_broken_first() -> None:
    rows = listed("Workloads", minor=False)
    spaces = [row[1] for row in rows.values()]
    assert spaces == sorted(spaces)
    prod = [row[5] for row in rows.values() if row[1] == "prod"]
    assert "ok" not in prod[: prod.index("ok")]
    assert all(word == "ok" or word == "scheduled" for word in prod[prod.index("ok") :])


def test_finished_jobs_and_replicasets_of_deployments_are_minor() -> None:
    everything, usual = listed("Workloads"), listed("Workloads", minor=False)
    assert "prod/migrate-2026-11" in everything and "prod/migrate-2026-11" not in usual
    assert "staging/flaky-import" in usual  # it failed: nobody may overlook that
    gone = everything.keys() - usual.keys()
    assert all(everything[identifier][3] in ("rs", "job") for identifier in gone)
    assert "legacy/bare-rs" in usual  # nothing made it


def test_a_pod_that_nothing_made_stands_among_the_workloads() -> None:
    rows = listed("Workloads")
    assert rows["staging/toolbox"][3] == "pod"
    assert "prod/redis-0" not in rows


def test_nodes_in_words() -> None:
    rows = listed("Nodes")
    assert rows["worker-3"][2] == "NotReady (lost), cordoned"
    assert rows["cp-1"][3] == "control-plane"
    assert rows["cp-1"][2] == "Ready"
    assert int(rows["worker-1"][5]) == sum(
        1 for row in listed("Pods").values() if row[7] == "worker-1" and row[4] not in ("Completed", "Failed")
    )
    assert "! Ready Unknown" in previewed("Nodes", Kind.KUBE_NODE, "worker-3")


def test_subjects_with_their_rights_in_words() -> None:
    rows = listed("RBAC")
    assert rows["ServiceAccount/legacy/default"][2:5] == ["legacy/default", "everywhere", "everything"]
    assert rows["Group/on-call"][3:5] == ["prod", "run in pods"]
    assert rows["ServiceAccount/prod/ghost"][2] == "prod/ghost (gone)"
    assert "may everything" in previewed("RBAC", Kind.SUBJECT, "ServiceAccount/legacy/default")
    assert "of db-credentials alone" in previewed("RBAC", Kind.SUBJECT, "ServiceAccount/prod/checkout")
    assert "ServiceAccount/kube-system/default" not in listed("RBAC", minor=False)


def test_policies_say_on_whom_they_bear() -> None:
    rows = listed("Policies")
    pods = sum(1 for one in objects() if isinstance(one, Pod) and one.namespace == "prod")
    assert rows["prod/default-deny"][4] == f"{pods} pods: everything"
    assert rows["prod/default-deny"][5] == "in: none  out: none"
    assert rows["staging/allow-all"][5].startswith("in: anybody")
    assert rows["image-policy"][5] == "on error Fail, asks legacy/gone; on error Ignore, asks legacy/gone"
    budgets = [row for row in rows.values() if row[2] == "pdb"]
    assert any("0 may go" in row[5] for row in budgets)


def test_exposure_says_what_is_behind() -> None:
    rows = listed("Exposure")
    assert rows["prod/orphan"][7] == "nobody"
    assert rows["prod/storefront"][7] == "3 of 3 ready"
    assert "not-exist" not in rows["legacy/ftp"][5] and rows["legacy/ftp"][5].startswith("pending:")
    assert rows["legacy/wildcard-all"][6] not in ("", "-")
    assert rows["prod/legacy-db"][4] == "ExternalName"
    assert listed("Exposure", query="state:broken").keys() >= {"prod/orphan", "prod/payments"}


def test_certificates_by_the_day_they_end() -> None:
    rows = listed("Certificates")
    assert list(rows) == [
        "staging/staging-tls", "prod/api-tls", "prod/shop-tls", "legacy/billing-tls", "legacy/garbage-tls",
    ]  # fmt: skip
    assert rows["staging/staging-tls"][3].startswith("expired")
    assert rows["legacy/billing-tls"][5] == "RSA 1024"
    assert rows["legacy/garbage-tls"][3].startswith("no certificate")
    assert rows["prod/shop-tls"][7] == "ing/shop gw/edge"


def test_a_certificate_that_was_not_asked_for_says_how_it_would_be() -> None:
    gap = Gap(Reason.UNSUPPORTED, "data['tls.crt']")
    secrets = [changed(one, certificate=gap) if one.key.kind is Kind.KUBE_SECRET else one for one in objects()]
    picture = judged(filled(secrets), ())
    assert listed("Certificates", picture)["prod/api-tls"][3] == NOT_READ
    assert "5 not read" in headline("Certificates", picture)


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("Workloads", "ns:prod kind:deployment state:crash", {"prod/payments"}),
        ("Workloads", "image:httpd", {"legacy/old-rc"}),
        ("Workloads", "state:notready kind:ds ns:monitoring", {"monitoring/fluent-bit", "monitoring/node-exporter"}),
        ("Pods", "node:cp-1 name:etcd", {"kube-system/etcd-cp-1"}),
        ("Pods", "label:component=etcd", {"kube-system/etcd-cp-1"}),
        ("Nodes", "state:notready", {"worker-3"}),
        ("RBAC", "may:everything kind:account ns:legacy", {
            "ServiceAccount/legacy/default", "ServiceAccount/legacy/kubernetes-dashboard",
            "ServiceAccount/legacy/tiller",
        }),
        ("Exposure", "type:NodePort ns:legacy", {"legacy/kubernetes-dashboard"}),
    ],
)  # fmt: skip
def test_filters(name: str, query: str, expected: set[str]) -> None:
    assert listed(name, query=query).keys() == expected


def test_swarm_services_stand_beside_workloads() -> None:
    store = host()
    picture = judged(filled(store=store))
    rows = listed("Workloads", picture)
    swarm = [row for row in rows.values() if row[3] == "swarm"]
    assert len(swarm) == picture.snapshot.count(Kind.SERVICE) > 0
    assert all(row[1] == "swarm" for row in swarm)
    key = next(iter(picture.snapshot.by_kind[Kind.SERVICE]))
    pane = at("Workloads", picture)
    assert pane.preview(key, picture, 80, NOW)
    assert listed("Workloads", picture, query="kind:swarm").keys() == {
        entry.id for entry in picture.snapshot.by_kind[Kind.SERVICE]
    }


# -- what is not known -----------------------------------------------------------------------------------------------


def test_a_kind_that_is_forbidden_is_one_line_and_the_other_views_work() -> None:
    picture = judged(filled(gaps=forbidden(Kind.POD, "pods")))
    pane = at("Pods", picture)
    assert pane.entries(picture, NOW) == []
    assert pane.empty(picture).startswith('forbidden: pods is forbidden: User "viewer" cannot list')
    assert "forbidden: pods is forbidden" in headline("Workloads", picture)
    assert listed("Workloads", picture)["prod/payments"][4] == "0/2"
    assert {row[5] for row in listed("Nodes", picture).values()} == {"?"}
    assert listed("Policies", picture)["prod/default-deny"][4].startswith("? pods")
    assert listed("Exposure", picture)["prod/storefront"][7] == "3 of 3 ready"


def test_roles_that_may_not_be_read_leave_subjects_unknown() -> None:
    picture = judged(filled(gaps=forbidden(Kind.CLUSTERROLE, "clusterroles")), ())
    assert "forbidden: clusterroles" in at("RBAC", picture).empty(picture)


def test_what_is_arriving_is_counted_with_dots() -> None:
    store = filled()
    store.set_gap(SOURCE, Kind.POD, Gap(Reason.PENDING, "GET /api/v1/pods"))
    picture = judged(store, ())
    assert dict(ServicesPane().views(picture))["Pods"] == "75.."
    assert headline("Pods", picture).startswith("Pods 75..")
    store.replace(SOURCE, Kind.POD, [])
    store.set_gap(SOURCE, Kind.POD, Gap(Reason.PENDING, "GET /api/v1/pods"))
    assert at("Pods", judged(store, ())).empty(judged(store, ())) == "being read .."


def test_nothing_that_is_not_judged_is_ok() -> None:
    picture = Picture(filled().snapshot())
    for name in NAMES:
        for row in listed(name, picture).values():
            assert row[0].startswith(".."), row


@pytest.mark.parametrize("gap", [Gap(Reason.PENDING, "GET /x"), Gap(Reason.ABSENT, "status")])
def test_any_field_may_be_missing(gap: Gap) -> None:
    """One object of each kind, each of its fields missing in turn, then all at once."""
    first = {one.key.kind: one for one in objects()}
    kept = {"key", "name", "gaps", "raw", "observed_at"}
    for one in first.values():
        names = [name for name in one.field_names if name not in kept]
        for lacking in (*([name] for name in names), names):
            poor = changed(one, **dict.fromkeys(lacking, gap))
            store = filled([])
            store.put([poor])
            everything(judged(store, ()))


def everything(picture: Picture) -> list[str]:
    """All that the pane makes of a picture."""
    words: list[str] = []
    pane = ServicesPane()
    for number, _ in enumerate(pane.views(picture)):
        pane.show_view(number)
        entries = pane.entries(picture, NOW)
        arrange(entries, ListState(*pane.list_order(), "x", minor=False), Filters(pinned="name:x"))
        for column in pane.shown_columns():
            arrange(entries, ListState(column.key), Filters())
        words.append(pane.headline(picture, Shown(len(entries), len(entries))).text)
        words.append(pane.empty(picture))
        for entry in entries:
            words += [cell.text for cell in entry.row.cells]
            words += [found.cell.text for found in pane.preview(entry.key, picture, 70, NOW)]
    return words


# -- hostile text ----------------------------------------------------------------------------------------------------


def test_no_view_and_no_preview_lets_anything_through() -> None:
    """Every kind of object once for every hostile string, in every string that it has."""
    first = {one.key.kind: one for one in filled().snapshot()}
    resources = [evil(one, text, number) for one in first.values() for number, text in enumerate(HOSTILE)]
    store = filled([])
    for kind in first:
        store.replace(SOURCE, kind, [one for one in resources if one.key.kind is kind])
    store.set_gap(SOURCE, Kind.PERSISTENTVOLUME, Gap(Reason.DENIED, HOSTILE[0], HOSTILE[4]))
    store.set_gap(SOURCE, Kind.RESOURCEQUOTA, Gap(Reason.DENIED, HOSTILE[0], HOSTILE[4]))
    picture = judged(store)
    count = 0
    for width, height in ((39, 8), (79, 20), (199, 46)):
        for entry in OverviewPane().lines(picture, width, height, NOW):
            assert acts(entry.cell.text) is None, repr(entry.cell.text)
    for text in everything(picture):
        assert acts(text) is None, repr(text)
        count += 1
    assert count > 10_000


def test_the_overview_says_what_is_broken_in_the_cluster() -> None:
    words = " ".join(entry.cell.text for entry in OverviewPane().lines(clustered(), 119, 40, NOW))
    for fact in ("CLUSTER", "v1.36.2", "as admin", "nodes 3/4 ready", "pods 75", "namespaces 12"):
        assert fact in words
    for fact in ("CrashLoopBackOff 3", "Unschedulable 3", "nodes in trouble 1: worker-3", "Running 58"):
        assert fact in words
    for fact in ("privileged 5", "host mounts", "host namespaces"):
        assert fact in words


@pytest.mark.parametrize(("width", "height"), [(39, 6), (79, 20), (119, 36), (199, 46)])
def test_the_overview_of_a_cluster_fits(width: int, height: int) -> None:
    lines = OverviewPane().lines(clustered(), width, height, NOW)
    assert [entry.cell.text for entry in lines if entry.cell.width > width] == []
