"""What the checks on an image's contents say besides their verdict: the step behind a file, masked; all is counted."""

from __future__ import annotations

import time

from checks.images.looked_into import SHOWN
from checks.verdict import Outcome
from inventory.contents.model import Account, FileFact, SecretFile
from tests.checks.cases import judge
from tests.checks.images.cases_layers import PART, case, file, secret

MANY = 100_000


def test_a_file_names_its_rights_its_layer_and_the_step() -> None:
    (evidence,) = judge(case("IMG-015", Outcome.FAIL, note="", set_id=(file("/opt/x"),))).evidence
    assert evidence.path == "/opt/x"
    assert evidence.value.startswith("mode 4755, owner 0:0, layer 2 of 3: RUN API_TOKEN=gh***gh")
    assert evidence.value.endswith("make")
    assert "ghp_" not in evidence.value


def test_a_deleted_secret_says_where_it_was_deleted() -> None:
    result = judge(case("IMG-014", Outcome.FAIL, note="", secrets=(secret("private-key", removed_in="sha256:c"),)))
    assert result.message.endswith("1 of them deleted or replaced later and still shipped")
    assert result.evidence[0].value.endswith("make, deleted or replaced in layer 3")


def test_what_was_found_in_a_part_is_told_as_such() -> None:
    result = judge(case("IMG-030", Outcome.FAIL, note="", world_writable=(file("/usr/x", 0o777),), **PART))
    assert result.message.endswith("not all of the image could be read")
    assert "layer 2 is cut off" in judge(case("IMG-030", Outcome.UNKNOWN, note="", **PART)).message


def test_no_hash_and_no_more_than_names_of_accounts() -> None:
    accounts = (Account("svc", 7, 7, password="hash"), Account("open", 8, 8, password="empty"))
    result = judge(case("IMG-031", Outcome.FAIL, note="", accounts=accounts))
    assert [one.value for one in result.evidence] == ["open: no password", "svc: hash of a password"]


def test_many_are_counted_and_few_shown_at_once() -> None:
    files = tuple(FileFact(f"/opt/{number}", 0o4777, 0, 0, 1, "sha256:b") for number in range(MANY))
    secrets = tuple(
        SecretFile(f"/opt/{number}", "sha256:b", 9, "private-key", "content", "***") for number in range(MANY)
    )
    begin = time.process_time()
    for check, found in (
        ("IMG-014", {"secrets": secrets}),
        ("IMG-015", {"set_id": files}),
        ("IMG-030", {"world_writable": files}),
    ):
        result = judge(case(check, Outcome.FAIL, note="", **found))
        assert str(MANY) in result.message
        assert len(result.evidence) == SHOWN + 1
        assert result.evidence[-1].value == f"{MANY - SHOWN} more"
    assert time.process_time() - begin < 6.0
