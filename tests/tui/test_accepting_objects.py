"""Accepting findings on objects of a cluster: the waiver covers what was meant, now and after the next rollout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from msgspec import structs

from checks.catalogue import catalogue
from checks.check import REGISTRY
from checks.engine import Engine
from checks.policy import Policy, Waiver
from checks.result import Result
from checks.verdict import Outcome
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.workloads import Pod
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import SourceHealth, Status
from inventory.store import Store
from tests.checks.builders import changed
from tests.kubernetes.captured import SOURCE, objects, one
from tests.tui.cluster import SERVER, filled
from tests.tui.stage import play
from tui import waiving
from tui.config import load
from tui.picture import Picture
from widgets.findings import FindingsList
from widgets.form import Form

REPLICA = "prod/payments-7d89c76d5-wvz2l"
BOTH = {(SOURCE, Kind.POD, REPLICA), (SOURCE, Kind.POD, "prod/payments-7d89c76d5-jglnm")}
REPORTED = "ORC-143"  # of one pod, whose template does not tell
ELSEWHERE = "kubernetes/other"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USER", "ada")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def again(
    resource: KubeResource, name: str = "", namespace: str = "", source: str = SOURCE, **fields: object
) -> Resource:
    """The object once more under another name, in another namespace or in another cluster."""
    name, namespace = name or resource.name, namespace or resource.namespace
    key = ResourceKey(resource.key.kind, source, f"{namespace}/{name}")
    return changed(resource, key=key, name=name, namespace=namespace, uid=f"{key}", **fields)


def store_of(extra: Iterable[Resource] = (), second: Iterable[Resource] = ()) -> Store:
    """The recorded cluster with more objects in it, and another cluster beside it."""
    store = filled([*objects(), *extra])
    for resource in second:
        store.put([resource])
        store.set_health(resource.key.source, SourceHealth("kubernetes", SERVER, Status.OK))
        store.answered(resource.key.source)
    return store


def picture_of(store: Store, waivers: Sequence[Waiver] = (), *checks: str) -> Picture:
    snapshot = store.snapshot()
    chosen = [REGISTRY[name] for name in checks] or catalogue()
    return Picture(snapshot, Engine(chosen, Policy(waivers=tuple(waivers))).evaluate(snapshot))


def finding(picture: Picture, check: str, kind: Kind, name: str, source: str = SOURCE) -> Result:
    judgement = picture.judgement(ResourceKey(kind, source, name))
    assert judgement is not None
    return next(result for result in judgement.results if result.check.id == check)


def waiver(picture: Picture, result: Result) -> Waiver:
    """What the narrowest choice writes."""
    chosen = waiving.places([result], picture.snapshot)[0].selectors
    return Waiver(result.check.id, **{"resource": "*", "reason": "x", **chosen})  # type: ignore[arg-type]  # texts


def waived(picture: Picture) -> set[tuple[str, Kind, str]]:
    return {(r.key.source, r.key.kind, r.key.id) for r in picture.evaluation.results() if r.outcome is Outcome.WAIVED}


async def accept(store: Store, kind: Kind, key: str, check: str, size: tuple[int, int] = (120, 40)) -> Path:
    """Open the object, select the finding, and accept it by keyboard."""
    catalogue()
    async with play(picture_of(store, (), check), size=size) as here:
        here.deck.enter((ResourceKey(kind, SOURCE, key), check))
        await here.pilot.pause()
        listing = here.deck.query_one(FindingsList)
        assert listing.move_to((ResourceKey(kind, SOURCE, key), check, 0))
        await here.press("w")
        assert isinstance(here.app.screen, Form)
        await here.press("enter")
        assert any("Reason" in line and "a reason is needed" in line for line in here.lines)
        assert f"covers {'2 findings' if kind is Kind.POD else '1 finding'} now" in here.text
        await here.type("known")
        assert "a reason is needed" not in here.text
        await here.press("enter")
        await here.until(here.at_deck, "written")
    return Path.home() / ".config" / "deckwatch" / "deckwatch.toml"


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_deployment_and_not_its_namesake(size: tuple[int, int]) -> None:
    catalogue()
    payments = one(Kind.DEPLOYMENT, "prod/payments")
    store = store_of([again(payments, namespace="shop")])
    path = await accept(store, Kind.DEPLOYMENT, "prod/payments", "ORC-115", size)
    assert path.read_text().splitlines()[1:6] == [
        f'check = "ORC-115"  # {REGISTRY["ORC-115"].title}', 'resource = "payments"', 'kind = "deployment"',
        'namespace = "prod"', 'reason = "known"',
    ]  # fmt: skip
    after = picture_of(store, load(path).policy.waivers, "ORC-115")
    assert waived(after) == {(SOURCE, Kind.DEPLOYMENT, "prod/payments")}
    assert finding(after, "ORC-115", Kind.DEPLOYMENT, "shop/payments").outcome is Outcome.FAIL


async def test_of_two_clusters_the_one() -> None:
    catalogue()
    store = store_of(second=[again(one(Kind.DEPLOYMENT, "prod/payments"), source=ELSEWHERE)])
    path = await accept(store, Kind.DEPLOYMENT, "prod/payments", "ORC-115")
    assert f'source = "{SOURCE}"' in path.read_text().splitlines()
    after = picture_of(store, load(path).policy.waivers, "ORC-115")
    assert waived(after) == {(SOURCE, Kind.DEPLOYMENT, "prod/payments")}
    assert finding(after, "ORC-115", Kind.DEPLOYMENT, "prod/payments", ELSEWHERE).outcome is Outcome.FAIL


async def test_a_pod_by_what_made_it() -> None:
    store = store_of()
    path = await accept(store, Kind.POD, REPLICA, REPORTED)
    lines = path.read_text().splitlines()
    assert lines[2:5] == ['resource = "payments-*"', 'kind = "pod"', 'namespace = "prod"']
    waivers = load(path).policy.waivers
    assert waived(picture_of(store, waivers, REPORTED)) == BOTH
    pod = one(Kind.POD, REPLICA)
    next_one = again(pod, "payments-5f6c8d9b47-qq2xz")  # after a rollout
    namesake = again(pod, namespace="shop")
    later = picture_of(store_of([next_one, namesake]), waivers, REPORTED)
    assert waived(later) == {*BOTH, (SOURCE, Kind.POD, "prod/payments-5f6c8d9b47-qq2xz")}


def test_a_pod_beside_one_whose_name_begins_alike() -> None:
    pod = one(Kind.POD, REPLICA)
    assert isinstance(pod, Pod)
    owner = structs.replace(pod.owners[0], name="payments-api-5f6c8d9b47")
    labels = {**pod.labels, "app": "payments-api", "pod-template-hash": "5f6c8d9b47"}
    labels = {name: "payments-api" if value == "payments" else value for name, value in labels.items()}
    other = again(pod, "payments-api-5f6c8d9b47-qq2xz", owners=(owner,), labels=labels)
    store = store_of([other])
    before = picture_of(store)
    made = waiver(before, finding(before, REPORTED, Kind.POD, REPLICA))
    assert made.resource == "payments-*"
    assert made.label.endswith("=payments")
    assert waived(picture_of(store, [made], REPORTED)) == BOTH


def test_a_pod_whose_replicaset_may_not_be_read() -> None:
    store = filled([found for found in objects() if found.key.kind is not Kind.REPLICASET])
    picture = picture_of(store, (), REPORTED)
    assert waiver(picture, finding(picture, REPORTED, Kind.POD, REPLICA)).resource == "payments-*"


def test_a_long_name_as_the_server_cuts_it() -> None:
    long = "a" * 70
    pod = one(Kind.POD, REPLICA)
    owner = structs.replace(pod.owners[0], name=f"{long}-7d89c76d5")
    picture = picture_of(store_of([again(pod, f"{'a' * 58}x2k9q", owners=(owner,))]), (), REPORTED)
    found = finding(picture, REPORTED, Kind.POD, f"prod/{'a' * 58}x2k9q")
    assert waiver(picture, found).resource == f"{'a' * 58}*"


def test_an_owner_that_the_name_does_not_follow_from() -> None:
    """Anybody may write any owner on a pod."""
    pod = one(Kind.POD, REPLICA)
    for number, name in enumerate(("", "*", "elsewhere")):
        owner = structs.replace(pod.owners[0], name=name)
        picture = picture_of(store_of([again(pod, f"odd-{number}", owners=(owner,))]), (), REPORTED)
        assert waiver(picture, finding(picture, REPORTED, Kind.POD, f"prod/odd-{number}")).resource == f"odd-{number}"


def test_replicas_of_one_deployment_are_one_choice() -> None:
    pod = one(Kind.POD, REPLICA)
    picture = picture_of(store_of([again(pod, "payments-7d89c76d5-zzzzz")]), (), REPORTED)
    results = [r for r in picture.evaluation.results() if r.key.id.startswith("prod/payments-7d89c76d5-")]
    assert len(results) > 1
    labels = [place.label for place in waiving.places(results, picture.snapshot)]
    assert labels == ["every pod of deployment prod/payments", "every pod of namespace prod", "every pod"]


def test_every_narrowest_choice_covers_its_finding() -> None:
    """Of all findings on the recorded cluster; and never one of another namespace, kind or source."""
    before = picture_of(store_of())
    checked = 0
    for result in before.evaluation.results():
        if result.outcome not in waiving.OPEN:
            continue
        resource = before.snapshot.get(result.key)
        assert resource is not None
        made = waiver(before, result)
        assert made.selects(resource, result.verdict)
        assert not resource.peek("namespace") or made.namespace if "namespace" in resource.field_names else True
        assert made.kind in ("", resource.key.kind.value)
        checked += 1
    assert checked > 100


def test_a_subject_by_name_kind_and_namespace() -> None:
    picture = picture_of(store_of())
    found = finding(picture, "ORC-202", Kind.SUBJECT, "ServiceAccount/monitoring/kube-state-metrics")
    made = waiver(picture, found)
    assert (made.resource, made.kind, made.namespace) == ("kube-state-metrics", "subject", "monitoring")
