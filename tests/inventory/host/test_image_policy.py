"""The host's own policy of image signatures, as its files are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inventory.gap import Gap, Reason
from inventory.signatures.host_policy import NO_HOST_POLICY, HostPolicy
from inventory.sources.host.image_policy import image_policy
from tests.inventory.host.rooted import DENIED, Rooted

KEYS = Path(__file__).parents[2] / "data" / "trust"
HOME = "/home/ann"
POLICY, USERS = "/etc/containers/policy.json", f"{HOME}/.config/containers/policy.json"
ANYTHING = '{"default": [{"type": "insecureAcceptAnything"}]}'  # as Debian ships it


@pytest.fixture
def machine(tmp_path: Path) -> Rooted:
    return Rooted(tmp_path)


def signed(*keys: str, kind: str = "sigstoreSigned") -> str:
    more = {"keyType": "GPGKeys"} if kind == "signedBy" else {}
    return json.dumps({"default": [{"type": kind, "keyPaths": list(keys), **more}]})


def read(machine: Rooted, home: str = HOME) -> HostPolicy:
    found = image_policy(machine, "", home)
    assert isinstance(found, HostPolicy)
    return found


def test_a_host_without_a_policy(machine: Rooted) -> None:
    assert read(machine) is NO_HOST_POLICY


def test_the_users_own_policy_alone_counts(machine: Rooted) -> None:
    machine.write(POLICY, ANYTHING)
    assert read(machine).path == POLICY
    machine.write(USERS, '{"default": [{"type": "reject"}]}', 0o602)
    found = read(machine)
    assert (found.path, found.mode, [each.type for each in found.default]) == (USERS, 0o602, ["reject"])
    assert read(machine, "").path == POLICY


@pytest.mark.parametrize("text", ["{", "[]", "", "\xff", "[" * 100_000])
def test_what_is_no_json_is_unusable(machine: Rooted, text: str) -> None:
    machine.write(POLICY, text)
    assert read(machine).mistakes == ("is no JSON object",)


def test_what_may_not_be_read_is_a_gap(machine: Rooted) -> None:
    machine.write(POLICY, ANYTHING)
    machine.refused = {POLICY: DENIED}
    found = image_policy(machine, "", HOME)
    assert isinstance(found, Gap)
    assert found.reason is Reason.DENIED


def test_keys_are_looked_at(machine: Rooted) -> None:
    for name in ("p256.pub", "notation-root.pem", "gpg-release.gpg"):
        machine.write(f"/etc/keys/{name}", (KEYS / name).read_bytes(), 0o644)
    machine.write("/etc/keys/private", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n")
    machine.write("/etc/keys/open.pub", (KEYS / "p256.pub").read_bytes(), 0o666)
    machine.write("/etc/keys/denied.pub")
    machine.refused = {"/etc/keys/denied.pub": DENIED}
    names = ("p256.pub", "notation-root.pem", "gpg-release.gpg", "private", "open.pub", "denied.pub", "gone.pub")
    machine.write(POLICY, signed(*(f"/etc/keys/{name}" for name in names)))
    keys = {path.rpartition("/")[2]: key for path, key in read(machine).keys.items()}
    assert keys["p256.pub"].content == (KEYS / "p256.pub").read_bytes()
    assert keys["open.pub"].mode == 0o666
    assert keys["denied.pub"].unread is not None
    said = {name: key.mistake for name, key in keys.items() if key.mistake}
    assert said == {
        "notation-root.pem": "holds certificates, where a public key is expected",
        "gpg-release.gpg": "is no public key: expected PEM (-----BEGIN PUBLIC KEY-----)",
        "private": "holds a private key: only the public one belongs here",
        "gone.pub": "does not exist",
    }
    assert all(not key.content for key in keys.values() if key.mistake)
    machine.write(POLICY, signed("release.pub"))
    assert "relative" in read(machine).keys["release.pub"].mistake
    assert "release.pub" not in machine.asked
    machine.write(POLICY, signed("/etc/keys/gpg-release.gpg", kind="signedBy"))
    assert read(machine).keys["/etc/keys/gpg-release.gpg"].content


def test_a_users_policy_opens_nobody_elses_files(machine: Rooted) -> None:
    machine.write("/etc/shadow", "root:secret")
    machine.write(f"{HOME}/k.pub", (KEYS / "p256.pub").read_bytes())
    (machine.root / "home/ann/link.pub").symlink_to("/etc/shadow")
    listed = ("/etc/shadow", f"{HOME}/../../etc/shadow", f"{HOME}/k.pub", f"{HOME}/link.pub")
    machine.write(USERS, signed(*listed))
    found = read(machine).keys
    assert not {"/etc/shadow", listed[1]} & set(machine.asked)
    assert [bool(found[path].unread) for path in listed] == [True, True, False, True]
    assert found[f"{HOME}/k.pub"].content


def test_registries_of_the_first_directory_that_is_there(machine: Rooted) -> None:
    machine.write(POLICY, ANYTHING)
    machine.write("/etc/containers/registries.d/b.yaml", "default-docker:\n  lookaside: https://b.example\n")
    machine.write(
        "/etc/containers/registries.d/a.yaml",
        "default-docker:\n  sigstore: file:///srv/a\ndocker:\n  quay.io/acme:\n    use-sigstore-attachments: true\n",
    )
    machine.write("/etc/containers/registries.d/c.yaml", "a: &a [*a]\n")
    machine.write("/etc/containers/registries.d/d.txt", "docker: 1")
    found = read(machine)
    assert found.lookaside("quay.io/acme/app") == "file:///srv/a"
    assert found.sigstore_attachments("quay.io/acme/app")
    assert not found.sigstore_attachments("quay.io/acmeapp/app")
    machine.write(f"{HOME}/.config/containers/registries.d/a.yaml", "docker: {}")
    assert read(machine).registries == {}
