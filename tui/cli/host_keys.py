"""Whom the policy.json of a host trusts besides the site, for `deckwatch verify` where `use_host_policy` is "keys"."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from inventory.gap import Gap
from inventory.signatures.host_policy import HostPolicy, with_host
from inventory.signatures.policy import TrustPolicy
from tui.cli.output import narrate

if TYPE_CHECKING:
    from inventory.sources.registry.named import Host


def of_engine(policy: TrustPolicy, host: Host) -> TrustPolicy:
    """With whom the machine of an engine trusts, found as it is for a scan."""
    if policy.host_policy != "keys":
        return policy
    from inventory.sources.host.host import host_below
    from inventory.store import Store

    store = Store()
    if host.engine is not None:
        store.put([host.engine])
    look = host_below(host.endpoint)
    found = look(store, host.name) if look is not None else None
    return _joined(policy, None if found is None else found if isinstance(found, Gap) else found.peek("image_policy"))


def of_this_machine(policy: TrustPolicy) -> TrustPolicy:
    """With whom this user's, or this machine's, policy.json trusts: for what no engine here has."""
    if policy.host_policy != "keys":
        return policy
    from inventory.sources.host.image_policy import image_policy
    from inventory.sources.host.reader import LocalReader

    return _joined(policy, image_policy(LocalReader(), "", os.environ.get("HOME", "")))


def _joined(policy: TrustPolicy, found: HostPolicy | Gap | None) -> TrustPolicy:
    """A policy.json that cannot be used adds nobody, and the person hears of it."""
    if isinstance(found, HostPolicy) and not found.mistakes:
        return with_host(policy, found)
    why = (
        f"{found.path}: {found.mistakes[0]}"
        if isinstance(found, HostPolicy)
        else found or "the machine is out of reach"
    )
    narrate(f"the host's policy.json counts for nothing here: {why}")
    return policy
