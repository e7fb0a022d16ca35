"""`deckwatch verify` where whom the host's policy.json trusts counts too."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.resource import Kind, ResourceKey
from inventory.signatures.host_policy import parse
from tests.cli.running import Cli
from tests.cli.test_verify import away, engine, made, signed, verify
from tests.registry.fake import Registry
from tests.registry.signing import public

__all__ = ["away", "made"]


def _document(*, rejects: bool = False) -> dict[str, object]:
    signer = {"type": "sigstoreSigned", "keyData": base64.b64encode(public()).decode()}
    return {"default": [{"type": "reject"} if rejects else signer]}


@pytest.fixture
def users(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own policy.json, and a configuration by which it counts."""
    monkeypatch.setenv("HOME", str(cli.folder))
    (cli.folder / "deckwatch.toml").write_text('[trust]\nuse_host_policy = "keys"\n')
    path = cli.folder / ".config/containers/policy.json"
    path.parent.mkdir(parents=True)
    return path


def test_of_a_registry_the_users_own_counts(cli: Cli, made: Registry, users: Path) -> None:
    signed(made)
    name = f"{made.repository()}:1.0"
    users.write_text(json.dumps(_document()))
    ran = verify(cli, name)
    assert (ran.status, ran.err) == (0, ""), ran
    assert f"policy    {users}: **" in ran.out
    users.write_text(json.dumps(_document(rejects=True)))
    assert verify(cli, name).status == 3
    users.write_text(json.dumps({"default": 7}))
    ran = verify(cli, name)
    assert ran.status == 3
    assert "policy.json counts for nothing here" in ran.line
    users.write_text(json.dumps(_document()))
    (cli.folder / "deckwatch.toml").write_text('[trust]\nuse_host_policy = "evidence"\n')
    assert verify(cli, name).status == 3


@pytest.mark.parametrize("read", [True, False])
def test_of_an_engine_its_machines_counts(
    cli: Cli, made: Registry, users: Path, monkeypatch: pytest.MonkeyPatch, read: bool
) -> None:
    """Not the user's own, which may be another: here it would reject all."""
    users.write_text(json.dumps(_document(rejects=not read)))
    digest, config = signed(made)
    policy = parse(_document(), "/etc/containers/policy.json")
    there = Host.build(key=ResourceKey(Kind.HOST, "x", "x"), name="x", image_policy=policy)
    machine = there if read else Gap(Reason.DENIED, "/proc", "not permitted")
    monkeypatch.setattr("inventory.sources.host.host.host_below", lambda _endpoint: lambda _store, _name: machine)
    with engine(cli, config, f"{made.repository()}@{digest}") as running:
        ran = cli("verify", "--host", f"unix://{running.path}", "app:1.0")
    assert ran.status == (0 if read else 3), ran
    assert ("/etc/containers/policy.json: **" in ran.out) is read
    assert ("counts for nothing here: " in ran.err) is not read
