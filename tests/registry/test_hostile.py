"""Registries that are slow, endless, lying or broken: bounded, and unknown with a cause."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.signatures.model import Mark, Provenance
from inventory.sources.registry.access import Access
from inventory.sources.registry.faults import Cause, RegistryError
from inventory.sources.registry.http import Tls
from inventory.sources.registry.provenance import of_digest
from inventory.text import is_safe
from tests.registry import fake
from tests.registry.conftest import MakeAccess
from tests.registry.fake import Registry, always, answer, registry
from tests.registry.signing import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    SIMPLE_SIGNING,
    Store,
    described,
    digest,
    dump,
    policy,
)

COSIGN = "dev.cosignproject.cosign/signature"
SOME = f"sha256:{'1' * 64}"
OTHER = f"sha256:{'2' * 64}"


def ask(host: str, access: Access, wanted: str = SOME) -> Provenance:
    return of_digest(f"{host}/team/app", (wanted,), policy(), access, time.time(), image_id=OTHER)


@pytest.mark.parametrize(
    ("odd", "cause"),
    [
        (fake.silent(4), Cause.TIMEOUT),
        (fake.dripping, Cause.TIMEOUT),
        (fake.dripping_head, Cause.TIMEOUT),
        (fake.endless, Cause.TOO_LARGE),
        (fake.huge, Cause.TOO_LARGE),
        (fake.noise, Cause.MALFORMED),
        (always(200, b""), Cause.WRONG_DIGEST),
        (always(200, b"[" * 100_000), Cause.WRONG_DIGEST),
        (always(302, Location="/v2/team/app/again"), Cause.REFUSED),
        (always(302, Location="ftp://127.0.0.1/x"), Cause.REFUSED),
        (always(302, Location="http://user:pass@127.0.0.1/x"), Cause.REFUSED),
        (always(302, Location="http://127.0.0.1:99999999/x"), Cause.REFUSED),
        (always(302), Cause.MALFORMED),
        (always(204), Cause.MALFORMED),
        (always(401, WWW_Authenticate="Bearer " + "a=b," * 5000), Cause.MALFORMED),
        (always(401, WWW_Authenticate='Bearer realm="http://169.254.169.254/latest"'), Cause.REFUSED),
        (always(401, WWW_Authenticate='Bearer realm="file:///etc/passwd"'), Cause.MALFORMED),
        (always(401, WWW_Authenticate="Negotiate"), Cause.DENIED),
    ],
    ids=lambda value: value.value if isinstance(value, Cause) else "by",
)
def test_a_hostile_registry_is_unknown_soon(access: MakeAccess, odd: Any, cause: Cause) -> None:
    with registry(odd=odd) as made:
        began = time.monotonic()
        found = ask(made.host, access({"read": 0.5, "connect": 0.4}))
        assert time.monotonic() - began < 4
        assert len(made.seen) < 30
    assert (found.mark, found.leads_here) == (Mark.UNKNOWN, None)
    assert found.reason == cause.value, found
    assert all(map(is_safe, found.missed))


def test_wrong_digest_for_a_tag_does_not_matter_and_for_a_digest_does(access: MakeAccess) -> None:
    with registry() as made:
        made.store().image("app", "1")
        made.store().manifests[SOME] = next(iter(made.store().manifests.values()))
        way = access().client.repository(made.repository(), until=time.monotonic() + 5)
        assert way.manifest("1").digest in made.store().manifests
        with pytest.raises(RegistryError) as caught:
            way.manifest(SOME)
        assert caught.value.cause is Cause.WRONG_DIGEST
        assert ask(made.host, access()).mark is Mark.UNKNOWN


@contextmanager
def raw_server(reply: bytes, pause: float = 0.0) -> Iterator[str]:
    """Says that to whoever connects, whatever they want, byte by byte where there is a pause."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                    with client:
                        client.settimeout(2)
                        for piece in [reply] if not pause else [bytes((byte,)) for byte in reply]:
                            client.sendall(piece)
                            time.sleep(pause)
                        while client.recv(4096):
                            pass
                except OSError:
                    if server.fileno() < 0:
                        return

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("reply", "pause"),
    [
        (b"", 0.0),
        (b"\x15\x03\x01\x00\x02\x02\x28", 0.0),
        (b"\x16\x03\x03\xff\xff" + b"\x00" * 70_000, 0.0),
        (b"\x16\x03\x03\x40\x00" + b"\x02" * 60, 0.05),
        (b"\xff" * 4096, 0.0),
        (b"SSH-2.0-OpenSSH\r\n", 0.0),
    ],
    ids=["silence", "alert", "long record", "drip", "noise", "ssh"],
)
def test_garbage_in_the_place_of_tls(access: MakeAccess, reply: bytes, pause: float) -> None:
    with raw_server(reply, pause) as host:
        began = time.monotonic()
        found = ask(host, access({"read": 0.5, "connect": 0.4}))
        assert time.monotonic() - began < 4
    assert found.mark is Mark.UNKNOWN
    assert found.reason in {"tls", "timeout", "unreachable", "malformed"}


def test_a_host_that_failed_is_left_alone_for_a_while(access: MakeAccess) -> None:
    with registry(odd=always(503)) as made:
        one = access()
        assert ask(made.host, one).mark is Mark.UNKNOWN
        before = len(made.seen)
        assert ask(made.host, one, OTHER).mark is Mark.UNKNOWN
        assert len(made.seen) == before


@pytest.mark.parametrize(
    "manifest",
    [
        {"layers": None, "config": 3},
        {"layers": [None, 3, [], {"digest": 5}, {"digest": "sha256:../../etc/passwd"}, {"digest": "md5:1"}]},
        {"layers": {"a": 1}},
        {"layers": [{"digest": SOME, "mediaType": SIMPLE_SIGNING, "annotations": [1]}]},
        {"layers": [{"digest": SOME, "mediaType": SIMPLE_SIGNING, "size": 1 << 70, "annotations": {"a": 1}}]},
        {"mediaType": OCI_INDEX, "manifests": [{"digest": SOME}] * 3},
        {"schemaVersion": "x"},
        [],
        "text",
        None,
    ],
)
def test_signature_manifests_of_wrong_types(access: MakeAccess, manifest: Any) -> None:
    with registry() as made:
        wanted, _ = made.store().image("app")
        made.store().manifest(manifest, f"{wanted.replace(':', '-')}.sig")
        made.store().referrers[wanted] = dump(manifest)
        found = of_digest(made.repository(), (wanted,), policy(), access(), time.time())
    assert found.mark in {Mark.UNSIGNED, Mark.UNKNOWN, Mark.FAILED}


def test_deep_json(access: MakeAccess) -> None:
    with registry() as made:
        deep = b'{"layers":' + b"[" * 500_000 + b"]" * 500_000 + b"}"
        made.store().manifests[digest(deep)] = deep
        found = of_digest(made.repository(), (digest(deep),), policy(), access(), time.time())
        assert found.mark is Mark.UNKNOWN
        assert found.reason == "malformed"


def test_hundreds_of_layers_in_one_signature(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        wanted, _ = store.image("app")
        layers = [described(b"%d" % number, SIMPLE_SIGNING) for number in range(500)]
        for number in range(500):
            store.blob(b"%d" % number)
        store.manifest({"layers": layers, "config": described(b"", OCI_CONFIG)}, f"{wanted.replace(':', '-')}.sig")
        found = of_digest(made.repository(), (wanted,), policy(), access(), time.time())
        assert len(made.seen) < 80
    assert found.mark is Mark.UNKNOWN, "not all were looked at"


def test_an_index_of_thousands(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        listed = [
            described(b"%d" % n, OCI_MANIFEST, platform={"os": "linux", "architecture": "amd64"}) for n in range(5000)
        ]
        wanted = store.manifest({"mediaType": OCI_INDEX, "manifests": listed})
        found = of_digest(made.repository(), (wanted,), policy(), access(), time.time(), image_id=OTHER)
        assert len(made.seen) < 60
    assert found.mark is Mark.UNKNOWN
    assert found.leads_here is None


def test_pages_of_referrers_end(access: MakeAccess) -> None:
    def odd(request: Any) -> bool:
        if "/referrers/" not in request.path:
            return False
        body = dump({"mediaType": OCI_INDEX, "manifests": []})
        answer(request, 200, body, {"Link": f'<{request.path.partition("?")[0]}?n=1>; rel="next"'})
        return True

    with registry(odd=odd) as made:
        wanted, _ = made.store().image("app")
        found = of_digest(made.repository(), (wanted,), policy(), access(), time.time())
        assert len(made.seen) < 20
    assert found.mark is Mark.UNKNOWN


@pytest.mark.parametrize(
    "link",
    ['<http://169.254.169.254/v2/team/app/referrers/x>; rel="next"', '</v2/other/blobs/x>; rel="next"', "<", ";;;"],
)
def test_pages_elsewhere_are_not_followed(access: MakeAccess, link: str) -> None:
    def odd(request: Any) -> bool:
        if "/referrers/" not in request.path:
            return False
        answer(request, 200, dump({"manifests": []}), {"Link": link})
        return True

    with registry(odd=odd) as made:
        wanted, _ = made.store().image("app")
        found = of_digest(made.repository(), (wanted,), policy(), access(), time.time())
        assert all(path.startswith("/v2/team/app/") for path in made.paths())
    assert found.mark is Mark.UNSIGNED


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "127.0.0.1:1/../../x",
        "127.0.0.1:1/A B",
        "127.0.0.1:1/a?b=c",
        "a@b/c",
        "-x/y",
        "x\x1b[31m/y",
        "h/" + "a" * 300,
    ],
)
def test_names_that_no_registry_has(access: MakeAccess, name: str) -> None:
    found = of_digest(name, (SOME,), policy(), access(), time.time())
    assert found.mark is Mark.UNKNOWN
    assert all(map(is_safe, found.missed))


ONE = Access()
"""Knows after the first question how the registry speaks."""
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from([SOME, SIMPLE_SIGNING, OCI_INDEX]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["layers", "manifests", "config", "digest", "mediaType", "annotations", "platform", "artifactType"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def running() -> Iterator[Registry]:
    with registry() as made:
        yield made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.lists(JSON, min_size=3, max_size=3))
def test_whatever_they_say_it_is_a_verdict(running: Registry, answers: list[Any]) -> None:
    made, signature, listed = (json.dumps(value).encode() for value in answers)
    store = running.store()
    wanted = digest(made)
    store.manifests[wanted] = made
    store.manifests[f"{wanted.replace(':', '-')}.sig"] = signature
    store.referrers[wanted] = listed
    found = of_digest(running.repository(), (wanted,), policy(), ONE, time.time(), image_id=OTHER)
    assert found.mark is not Mark.VERIFIED


def test_a_place_that_a_registry_names_is_not_on_this_machine(access: MakeAccess) -> None:
    """Neither by a name that leads there: what counts is whom the connection is with."""
    one = access()
    http = one.client._http
    with registry() as made:
        port = made.host.partition(":")[2]
        for host in ("localhost", "127.0.0.1", "127.1.2.3"):
            with pytest.raises(RegistryError) as caught:
                http.send("GET", f"http://{host}:{port}/v2/", {}, tls=Tls(False), seconds=2, limit=10, inward=False)
            assert caught.value.cause in {Cause.REFUSED, Cause.UNREACHABLE}
        assert not made.seen
        assert http.send("GET", f"http://{made.host}/v2/", {}, tls=Tls(False), seconds=2, limit=99).status == 404
        for method in ("POST", "PUT", "DELETE"):
            with pytest.raises(RegistryError):
                http.send(method, f"http://{made.host}/v2/", {}, tls=Tls(False), seconds=2, limit=99)
        assert len(made.seen) == 1


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_no_byte_can_be_changed_on_the_way(running: Registry, data: st.DataObject) -> None:
    """Of the manifest, of what was signed, of the signature: what was verified is not any more."""
    running.stores = {"team/app": Store()}
    store = running.store()
    wanted, config = store.image("app")
    store.sign(running.repository(), wanted)
    tag = f"{wanted.replace(':', '-')}.sig"
    payload = json.loads(store.manifests[tag])["layers"][0]
    good = of_digest(running.repository(), (wanted,), policy(), ONE, time.time(), image_id=config)
    assert good.mark is Mark.VERIFIED
    part = data.draw(st.sampled_from(["manifest", "payload", "signature"]))
    content = {
        "manifest": store.manifests[wanted],
        "payload": store.blobs[payload["digest"]],
        "signature": base64.b64decode(payload["annotations"][COSIGN]),
    }[part]
    at = data.draw(st.integers(0, 4095)) % len(content)  # a signature's length differs from run to run
    changed = content[:at] + bytes((content[at] ^ data.draw(st.integers(1, 255)),)) + content[at + 1 :]
    if part == "manifest":
        store.manifests[wanted] = changed
    elif part == "payload":
        promised = data.draw(st.booleans())
        store.blobs[digest(changed) if promised else payload["digest"]] = changed
        if promised:  # whoever changes it changes its descriptor too
            store.manifests[tag] = store.manifests[tag].replace(payload["digest"].encode(), digest(changed).encode())
    else:
        encoded = base64.b64encode(changed)
        store.manifests[tag] = store.manifests[tag].replace(payload["annotations"][COSIGN].encode(), encoded)
    found = of_digest(running.repository(), (wanted,), policy(), ONE, time.time(), image_id=config)
    assert found.mark in {Mark.FAILED, Mark.UNKNOWN}, (part, at)
    assert not found.by
