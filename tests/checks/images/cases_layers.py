"""Cases of what the layers of an image hold, as somebody who looked into it tells."""

from __future__ import annotations

from typing import Any

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.contents.model import Account, Cache, Contents, Executable, FileFact, Group, Layer, SecretFile
from inventory.image import Image
from inventory.image_analysis import ImageAnalysis
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, SOURCE, changed
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import built, with_steps

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
LAYERS = (
    Layer("sha256:a", created_by="/bin/sh -c #(nop) ADD file:0 in / "),
    Layer("sha256:b", created_by="RUN /bin/sh -c API_TOKEN=ghp_0123456789abcdefghij0123456789abcdefgh make # buildkit"),
    Layer("sha256:c", created_by="RUN /bin/sh -c rm -rf /root/.ssh # buildkit"),
)
PART: dict[str, Any] = {"complete": False, "problems": ("layer 2 is cut off",)}
_app = built()


def contents(**found: Any) -> Contents:
    """What was found in the image; nothing but what is given."""
    return Contents(_app.id, "overlay", 1, layers=LAYERS, **found)


def analysis(found: Contents) -> ImageAnalysis:
    """The image's analysis with these contents."""
    key = ResourceKey(Kind.IMAGE_ANALYSIS, SOURCE, _app.id)
    return ImageAnalysis.build(key=key, name="app", contents=found, provenance=GAP, vulnerabilities=GAP)


def case(
    check: str,
    expected: Outcome,
    severity: Severity | None = None,
    *,
    note: str,
    policy: Policy | None = None,
    image: Image = _app,
    **found: Any,
) -> Case:
    """A case of an image that holds this."""
    others = (ENGINE, analysis(contents(**found)))
    return Case(check, image, expected, severity, others=others, policy=policy or Policy(), note=note)


def file(path: str, mode: int = 0o4755, uid: int = 0) -> FileFact:
    """A file that the second layer brought."""
    return FileFact(path, mode, uid, 0, 100, "sha256:b")


def secret(rule: str, kind: str = "content", path: str = "/root/.ssh/id_rsa", removed_in: str = "") -> SecretFile:
    """A secret of the second layer."""
    return SecretFile(path, "sha256:b", 2602, rule, kind, "MI***== (1592 characters)", removed_in)


def unread(check: str) -> list[Case]:
    """Nobody looked, or not to the end: never a pass."""
    return [
        Case(check, _app, UNKNOWN, note="nobody looked"),
        case(check, UNKNOWN, note="cut off", policy=Policy(bad_hashes="bad.txt"), hashes_checked=7, **PART),
    ]


SECRETS = [
    case("IMG-014", FAIL, CRITICAL, note="private key", secrets=(secret("github-token"), secret("private-key"))),
    case("IMG-014", FAIL, CRITICAL, note="deleted later", secrets=(secret("private-key", removed_in="sha256:c"),)),
    case("IMG-014", FAIL, HIGH, note="token", secrets=(secret("github-token"),)),
    case("IMG-014", FAIL, HIGH, note="encrypted key", secrets=(secret("encrypted-private-key"),)),
    case("IMG-014", FAIL, HIGH, note="token, not all read", secrets=(secret("npm-token"),), **PART),
    case("IMG-014", MANUAL, note="name only", secrets=(secret("env-file", "name", "/app/.env"),)),
    case("IMG-014", PASS, note="nothing"),
    *unread("IMG-014"),
]
SET_ID = [
    case("IMG-015", FAIL, MEDIUM, note="odd", set_id=(file("/usr/bin/su"), file("/opt/helper"))),
    case("IMG-015", FAIL, MEDIUM, note="sudo", set_id=(file("/usr/bin/sudo"),)),
    case("IMG-015", FAIL, MEDIUM, note="usual name, odd place", set_id=(file("/opt/su"),)),
    case("IMG-015", FAIL, MEDIUM, note="usual name, odd owner", set_id=(file("/usr/bin/su", uid=1000),)),
    case("IMG-015", FAIL, MEDIUM, note="odd, not all read", set_id=(file("/x"),), **PART),
    case("IMG-015", MANUAL, note="usual", set_id=(file("/usr/bin/su"), file("/usr/bin/chage", 0o2755))),
    case("IMG-015", MANUAL, note="allowed", set_id=(file("/usr/bin/sudo"),), policy=Policy(allowed_set_id=("*/sudo",))),
    case("IMG-015", PASS, note="none"),
    *unread("IMG-015"),
]
WRITABLE = [
    case("IMG-030", FAIL, MEDIUM, note="in /usr", world_writable=(file("/usr/local/bin/x", 0o777),)),
    case("IMG-030", FAIL, MEDIUM, note="in /lib64", world_writable=(file("/lib64/x.so", 0o666),)),
    case(
        "IMG-030",
        FAIL,
        MEDIUM,
        note="entrypoint",
        world_writable=(file("/srv/run", 0o777),),
        image=changed(_app, entrypoint=("./run",), working_dir="/srv"),
    ),
    case(
        "IMG-030",
        FAIL,
        MEDIUM,
        note="entrypoint on the search path",
        world_writable=(file("/srv/bin/run", 0o777),),
        image=changed(_app, entrypoint=(), command=("run",), env=("PATH=/bin:/srv/bin",)),
    ),
    case("IMG-030", PASS, note="elsewhere", world_writable=(file("/srv/other", 0o777),)),
    case("IMG-030", PASS, note="none"),
    *unread("IMG-030"),
]
ACCOUNTS = [
    case("IMG-031", FAIL, HIGH, note="no password", accounts=(Account("root", 0, 0, password="empty"),)),
    case("IMG-031", FAIL, HIGH, note="two roots", accounts=(Account("root", 0, 0), Account("toor", 0, 0))),
    case("IMG-031", FAIL, MEDIUM, note="hash", accounts=(Account("app", 1000, 1000, password="hash"),)),
    case("IMG-031", FAIL, LOW, note="same number", accounts=(Account("a", 7, 7), Account("b", 7, 8))),
    case("IMG-031", FAIL, LOW, note="same name", accounts=(Account("a", 7, 7), Account("a", 8, 8))),
    case("IMG-031", FAIL, LOW, note="same group number", groups=(Group("a", 7), Group("b", 7))),
    case(
        "IMG-031",
        PASS,
        note="locked",
        accounts=(Account("root", 0, 0, password="locked"), Account("app", 1, 0)),
        groups=(Group("root", 0),),
    ),
    *unread("IMG-031"),
]
CACHES = [
    case("IMG-018", FAIL, INFO, note="files", caches=(Cache("/var/lib/apt/lists", 40 << 20, 12, "sha256:b"),)),
    case(
        "IMG-018",
        FAIL,
        INFO,
        note="files of an imported image",
        image=changed(_app, history=()),
        caches=(Cache("/root/.cache/pip", 2 << 20, 3, "sha256:a"),),
    ),
    case("IMG-018", FAIL, INFO, note="by the text", image=with_steps("RUN /bin/sh -c pip install x", size=30 << 20)),
    case("IMG-018", PASS, note="small", caches=(Cache("/tmp", 1000, 2, "sha256:b"),)),
    case("IMG-018", PASS, note="imported and clean", image=changed(_app, history=())),
    case("IMG-018", UNKNOWN, note="cut off", **PART),
    case("IMG-018", UNKNOWN, note="imported and cut off", image=changed(_app, history=()), **PART),
]
TOOLS = [
    case("IMG-033", MANUAL, note="a shell", tools={"shell": ("/bin/sh",), "network": ("/usr/bin/curl",)}),
    case("IMG-033", PASS, note="none", tools={}),
    *unread("IMG-033"),
]
BAD = [
    case("IMG-034", FAIL, CRITICAL, note="name", suspicious=(Executable("/tmp/xmrig", "sha256:b", "name xmrig"),)),
    case(
        "IMG-034",
        FAIL,
        CRITICAL,
        note="digest, not all read",
        suspicious=(Executable("/x", "sha256:b", "sha256 of the list", "0" * 64),),
        **PART,
    ),
    case("IMG-034", NA, note="no list"),
    case("IMG-034", NA, note="no list, cut off", **PART),
    case("IMG-034", PASS, note="compared", policy=Policy(bad_hashes="bad.txt"), hashes_checked=7),
    case("IMG-034", UNKNOWN, note="not compared", policy=Policy(bad_hashes="bad.txt")),
    *unread("IMG-034"),
]
CASES = [*SECRETS, *SET_ID, *WRITABLE, *ACCOUNTS, *CACHES, *TOOLS, *BAD]
