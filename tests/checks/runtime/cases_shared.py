"""Cases of what containers share: a bridge with raw sockets, a secret."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.container import Attachment, Container
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, SOURCE, changed, docker, engine, image
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import network

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity


def _named(like: Container, name: str, project: str = "", **changes: Any) -> Container:
    key = ResourceKey(Kind.CONTAINER, SOURCE, name)
    attached = (Attachment("front", ""),)
    fields = {"networks": attached, "state": "running", **changes}
    return changed(like, key=key, id=name, name=name, project=project, **fields)


_front, _noicc = network("front"), network("noicc")
_plain = docker("plain")
_secret = _named(docker("envsecret"), "one", "shop")
_image = image()

_two = (Attachment("front", ""), Attachment("gone", ""))
_on_host = _named(_plain, "a", network_mode="host", networks=(Attachment("host", ""),))
_joined = _named(_plain, "a", network_mode="container:b", networks=())

RAW = [
    Case("RUN-016", _named(_plain, "a"), FAIL, LOW, others=(ENGINE, _front, _named(_plain, "b")), note="a neighbour"),
    Case(
        "RUN-016",
        _named(_plain, "a", "x"),
        FAIL,
        MEDIUM,
        others=(ENGINE, _front, _named(_plain, "b", "y")),
        note="foreign",
    ),
    Case("RUN-016", _named(_plain, "a"), PASS, others=(ENGINE, _front), note="alone"),
    Case("RUN-016", _named(_plain, "a"), UNKNOWN, others=(ENGINE, _named(_plain, "b")), note="network not listed"),
    Case(
        "RUN-016",
        _named(_plain, "a", networks=_two),
        FAIL,
        LOW,
        others=(ENGINE, _front, _named(_plain, "b")),
        note="a neighbour, and a network that is not listed",
    ),
    Case(
        "RUN-016",
        _named(_plain, "a"),
        FAIL,
        MEDIUM,
        others=(ENGINE, _front, _named(_plain, "b", "y")),
        note="no project beside one",
    ),
    Case(
        "RUN-016",
        _named(_plain, "a", "x"),
        FAIL,
        LOW,
        others=(ENGINE, _front, _named(_plain, "b", "x")),
        note="one project",
    ),
    *(
        Case("RUN-016", _named(_plain, "a"), FAIL, MEDIUM, others=(ENGINE, changed(_front, driver=driver)), note=driver)
        for driver in ("macvlan", "ipvlan")
    ),
    *(
        Case(
            "RUN-016",
            _named(_plain, "a"),
            FAIL,
            LOW,
            others=(ENGINE, changed(_front, driver=driver), _named(_plain, "b")),
            note=driver,
        )
        for driver in ("overlay", "weave")
    ),
    Case("RUN-016", _named(_plain, "a"), PASS, others=(ENGINE, changed(_front, driver="overlay")), note="overlay"),
    Case("RUN-016", _on_host, FAIL, MEDIUM, others=(ENGINE,), note="the host's network"),
    Case(
        "RUN-016", _on_host, PASS, others=(engine(rootless=True, security_options=("name=rootless",)),), note="mapped"
    ),
    Case("RUN-016", _named(_plain, "a", network_mode="none", networks=()), PASS, others=(ENGINE,), note="no network"),
    Case(
        "RUN-016", _joined, FAIL, LOW, others=(ENGINE, _front, _named(_plain, "b"), _named(_plain, "c")), note="joined"
    ),
    Case("RUN-016", _joined, PASS, others=(ENGINE, _front, _named(_plain, "b")), note="joined, nobody else there"),
    Case("RUN-016", _joined, UNKNOWN, others=(ENGINE, _front), note="joined, not there"),
    Case(
        "RUN-016",
        _named(_plain, "a", networks=(Attachment("noicc", ""),)),
        FAIL,
        others=(ENGINE, _noicc, _named(_plain, "b", networks=(Attachment("noicc", ""),))),
        note="icc off filters no ARP",
    ),
    Case("RUN-016", _named(docker("hardened"), "a"), PASS, others=(ENGINE, _front, _named(_plain, "b")), note="no cap"),
    Case("RUN-016", _named(_plain, "a", state="exited"), NA, others=(ENGINE, _front, _named(_plain, "b"))),
    Case("RUN-016", _named(_plain, "a"), UNKNOWN, others=(ENGINE,), gaps={(SOURCE, Kind.NETWORK): GAP}),
]
_unread = _named(_plain, "three", "bank", env=GAP)
SECRETS = [
    Case("CMB-005", _secret, FAIL, HIGH, others=(ENGINE, _image, _named(docker("envsecret"), "two", "bank"))),
    Case(
        "CMB-005",
        _secret,
        MANUAL,
        others=(ENGINE, _image, _named(docker("envsecret"), "two", "shop")),
        note="same",
    ),
    Case("CMB-005", _secret, PASS, others=(ENGINE, _image, _named(_plain, "two", "bank")), note="nobody else"),
    Case("CMB-005", _named(_plain, "a"), PASS, others=(ENGINE, _image), note="no secret"),
    Case("CMB-005", _named(_plain, "a"), PASS, others=(ENGINE, _image, _unread), note="no secret, another not read"),
    Case("CMB-005", _secret, UNKNOWN, others=(ENGINE, _image, _unread), note="another one's environment not read"),
    Case(
        "CMB-005",
        _secret,
        FAIL,
        HIGH,
        others=(ENGINE, _image, _unread, _named(docker("envsecret"), "two", "bank")),
        note="found, and another not read",
    ),
    Case(
        "CMB-005",
        _secret,
        PASS,
        others=(ENGINE, changed(_image, env=_secret.env), _unread),
        note="the image's own, another not read",
    ),
    Case("CMB-005", _secret, UNKNOWN, others=(ENGINE,), gaps={(SOURCE, Kind.IMAGE): GAP}),
]
CASES = [*RAW, *SECRETS]
