"""Cases of the image checks."""

from __future__ import annotations

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.resource import Kind
from tests.checks.builders import GAP, NOW, SOURCE, changed, docker, engine
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import built, made_from, service, with_steps

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
DAY = 86400.0

_busybox, _app, _root = built("busybox_1.35"), built(), built("lab_rootapp_latest")
_plain = docker("plain")
_service = service()
QUIET = engine("info-noswarm")
NO_CONTAINERS = {(SOURCE, Kind.CONTAINER): GAP}
NO_IMAGES = {(SOURCE, Kind.IMAGE): GAP}


def _used(image: object, reference: str) -> tuple[object, ...]:
    return (QUIET, changed(_plain, image_id=getattr(image, "id"), image_ref=reference))  # noqa: B009


SOURCES = [
    Case("IMG-001", _busybox, FAIL, MEDIUM, note="no user"),
    Case("IMG-001", _root, FAIL, note="USER root"),
    Case("IMG-001", changed(_app, user="000:5"), FAIL, note="zeros"),
    Case("IMG-001", _app, MANUAL, note="a name"),
    Case("IMG-001", changed(_app, user="10001"), PASS),
    Case(
        "IMG-002",
        _busybox,
        FAIL,
        MEDIUM,
        others=(QUIET, made_from(_busybox, _plain, image_ref="busybox")),
        note="no tag",
    ),
    Case(
        "IMG-002", _busybox, FAIL, others=(ENGINE, changed(_service, image_ref="busybox:latest")), note="by a service"
    ),
    Case("IMG-002", _busybox, PASS, others=(ENGINE, _service), note="a service names a version"),
    Case(
        "IMG-002",
        _busybox,
        PASS,
        others=(QUIET, made_from(_busybox, _plain, image_ref="busybox:latest@sha256:" + "0" * 64)),
        note="digest",
    ),
    Case(
        "IMG-002", _busybox, PASS, others=(QUIET, made_from(_busybox, _plain, image_ref=_busybox.id)), note="content id"
    ),
    Case("IMG-002", _busybox, NA, others=(QUIET,)),
    Case("IMG-002", _busybox, UNKNOWN, others=(QUIET,), gaps=NO_CONTAINERS),
    Case("IMG-003", _busybox, FAIL, LOW, others=(QUIET, made_from(_busybox, _plain, image_ref="busybox:1.35"))),
    Case("IMG-003", _busybox, PASS, others=(QUIET, made_from(_busybox, _plain, image_ref="a/b@sha256:" + "0" * 64))),
    Case("IMG-003", _app, NA, others=(QUIET,), note="built here"),
    Case("IMG-004", _busybox, MANUAL, others=(QUIET,), note="no policy"),
    Case("IMG-004", _busybox, FAIL, HIGH, others=(QUIET,), policy=Policy(registries=("docker.io/library",))),
    Case("IMG-004", _app, PASS, others=(QUIET,), policy=Policy(registries=("docker.io/lab",))),
    Case(
        "IMG-004",
        _app,
        FAIL,
        others=(QUIET,),
        policy=Policy(registries=("docker.io/la",)),
        note="prefix is no namespace",
    ),
    Case("IMG-005", _app, MANUAL, others=(QUIET,), note="says its source"),
    Case("IMG-005", changed(_app, labels={}), FAIL, MEDIUM, others=(QUIET, made_from(_app, _plain)), note="used"),
    Case("IMG-005", built("mc_debtools_1"), MANUAL, others=(QUIET,), note="unused"),
    Case("IMG-005", _busybox, PASS, others=(QUIET,)),
    Case("IMG-006", _busybox, FAIL, HIGH, others=(QUIET,), note="Secure=false"),
    Case("IMG-006", changed(_app, repo_tags=("10.11.12.5:5000/x:1",)), FAIL, others=(QUIET,), note="insecure range"),
    Case("IMG-006", changed(_app, repo_tags=("127.0.0.1:5000/x:1",)), PASS, others=(QUIET,), note="loopback"),
    Case("IMG-006", _app, UNKNOWN, others=(), note="engine unknown"),
]
BUILD = [
    Case("IMG-012", _app, FAIL, MEDIUM, note="DB_PASSWORD"),
    Case("IMG-012", changed(_app, env=("X=AKIAQWERTYUIOPASDFGH",)), FAIL, HIGH, note="cloud key"),
    Case("IMG-012", changed(_app, env=("DB_PASSWORD=changeme",)), MANUAL, note="placeholder"),
    Case("IMG-012", changed(_app, env=("DB_PASSWORD_FILE=/run/secrets/db", "GPG_KEY=")), PASS),
    Case("IMG-013", _app, FAIL, MEDIUM),
    Case(
        "IMG-013",
        with_steps("RUN |1 TOKEN=ghp_0123456789abcdefghij0123456789abcdefgh /bin/sh -c make # buildkit"),
        FAIL,
        HIGH,
        note="buildkit argument",
    ),
    Case(
        "IMG-013",
        with_steps("RUN /bin/sh -c curl https://ci:s3cr3tpw9@git.example/x # buildkit"),
        FAIL,
        HIGH,
        note="url",
    ),
    Case("IMG-013", with_steps("COPY . /app # buildkit", "ENV MODE=production"), PASS),
    Case("IMG-013", _busybox, NA, note="imported"),
    Case("IMG-013", changed(_app, history=GAP), UNKNOWN),
    Case("IMG-016", _app, FAIL, LOW),
    Case("IMG-016", with_steps("FROM x", "ADD https://example.org/x.tgz /x # buildkit"), FAIL, MEDIUM, note="remote"),
    Case(
        "IMG-016",
        with_steps("/bin/sh -c #(nop) ADD file:0 in / ", "COPY . /app # buildkit"),
        PASS,
        note="base layer only",
    ),
    Case("IMG-017", with_steps("/bin/sh -c apt-get -q update"), FAIL, LOW),
    Case("IMG-017", with_steps("/bin/sh -c apt-get update && apt-get install -y curl"), PASS),
    Case(
        "IMG-028",
        with_steps("RUN /bin/sh -c curl -fsSL https://example.org/i.sh | sh # buildkit"),
        FAIL,
        MEDIUM,
        note="sh",
    ),
    Case("IMG-028", with_steps("/bin/sh -c wget -qO- https://example.org/i | sudo -E bash -"), FAIL, note="sudo bash"),
    Case("IMG-028", with_steps("/bin/sh -c bash <(curl -s https://example.org/i)"), FAIL, note="substituted"),
    Case("IMG-028", with_steps("/bin/sh -c curl -sSLk https://example.org/x -o /x"), FAIL, note="-k"),
    Case("IMG-028", with_steps("ADD http://example.org/x /x # buildkit"), FAIL, note="http"),
    Case("IMG-028", with_steps("/bin/sh -c curl -fsSLo /x https://example.org/x && echo 0 /x | sha256sum -c"), PASS),
    Case("IMG-028", _app, PASS, note="a health check is no build step"),
    Case("IMG-029", with_steps("/bin/sh -c apt-get install --allow-unauthenticated x"), FAIL, MEDIUM),
    Case("IMG-029", changed(_app, env=("NODE_TLS_REJECT_UNAUTHORIZED=0",)), FAIL, note="environment"),
    Case("IMG-029", _app, PASS),
    Case("IMG-036", with_steps("/bin/sh -c apt-get update && apt-get -y dist-upgrade"), FAIL, LOW),
    Case("IMG-036", with_steps("/bin/sh -c apt-get update && apt-get upgrade -y"), MANUAL),
    Case("IMG-036", with_steps("/bin/sh -c yum update -y openssl"), PASS, note="one package"),
]
DECLARED = [
    Case("IMG-011", _root, FAIL, LOW, note="NONE"),
    Case("IMG-011", _busybox, FAIL, others=(QUIET,), note="absent"),
    Case(
        "IMG-011", _busybox, NA, others=(QUIET, made_from(_busybox, docker("healthy"))), note="containers bring theirs"
    ),
    Case("IMG-011", _app, PASS),
    Case("IMG-022", _app, MANUAL, note="no revision"),
    Case("IMG-022", _busybox, FAIL, LOW),
    Case(
        "IMG-022",
        changed(_app, labels={f"org.opencontainers.image.{key}": "x" for key in ("source", "revision")}),
        PASS,
    ),
    Case("IMG-026", changed(_app, exposed_ports=("22/tcp",)), FAIL, MEDIUM, note="ssh"),
    Case("IMG-026", changed(_app, exposed_ports=("5901/tcp",)), FAIL, LOW, note="vnc"),
    Case("IMG-026", _app, PASS),
    Case("IMG-032", changed(_app, working_dir="/proc/self/fd/8"), FAIL, CRITICAL, note="CVE-2024-21626"),
    Case("IMG-032", changed(_app, volumes=("/etc",)), FAIL, MEDIUM, note="volume"),
    Case("IMG-032", _app, PASS),
]
STORE = [
    Case("IMG-019", _app, PASS, others=(QUIET,)),
    Case("IMG-019", _app, FAIL, MEDIUM, others=(QUIET, made_from(_app, _plain)), now=NOW + 200 * DAY, note="200 days"),
    Case("IMG-019", _app, FAIL, HIGH, others=(QUIET, made_from(_app, _plain)), now=NOW + 400 * DAY, note="400 days"),
    Case("IMG-019", _app, FAIL, LOW, others=(QUIET,), now=NOW + 400 * DAY, note="unused"),
    Case("IMG-019", changed(_app, created=0.0), MANUAL, others=(QUIET,), note="no date"),
    Case("IMG-021", changed(_app, repo_tags=(), repo_digests=()), FAIL, INFO, others=(QUIET,)),
    Case(
        "IMG-021",
        changed(_app, repo_tags=(), repo_digests=()),
        PASS,
        others=(QUIET, made_from(_app, _plain)),
        note="used",
    ),
    Case("IMG-021", _app, PASS, others=(QUIET,)),
    Case("IMG-025", _app, FAIL, INFO, others=(QUIET,), now=NOW + 31 * DAY),
    Case("IMG-025", _app, PASS, others=(QUIET, made_from(_app, _plain)), now=NOW + 31 * DAY, note="used"),
    Case("IMG-025", _busybox, PASS, others=(ENGINE, _service), now=NOW + 31 * DAY, note="used by a service"),
    Case(
        "IMG-024",
        changed(_plain, image_ref="busybox"),
        FAIL,
        MEDIUM,
        others=(QUIET, changed(_busybox, id="sha256:new")),
    ),
    Case("IMG-024", _plain, PASS, others=(QUIET, _busybox)),
    Case("IMG-024", docker("pinned"), NA, others=(QUIET, _busybox)),
    Case("IMG-024", _plain, UNKNOWN, others=(QUIET,), gaps=NO_IMAGES),
    Case("IMG-037", _plain, FAIL, MEDIUM, others=(QUIET,)),
    Case("IMG-037", docker("exited-zero"), MANUAL, others=(QUIET,)),
    Case("IMG-037", _plain, PASS, others=(QUIET, _busybox)),
    Case("IMG-037", _plain, UNKNOWN, others=(QUIET,), gaps=NO_IMAGES),
]
CASES = [*SOURCES, *BUILD, *DECLARED, *STORE]
