"""Who can log in to what runs from an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from checks.check import Domain, check
from checks.evidence import capped
from checks.images.looked_into import SHOWN, as_far_as_read, contents_of, remark
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from checks.view import View
from inventory.contents.model import Contents
from inventory.image import Image

_PASSWD, _SHADOW, _GROUP = "/etc/passwd", "/etc/shadow", "/etc/group"
_NAMED = 5
Fault = tuple[Severity, str, str]  # how bad, which file, what about whom


@check(
    "IMG-031",
    "Weak accounts in image",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="An account without a password, or with one that everybody can try to guess at home, is a way to log in.",
    remediation="Lock passwords in the last step that runs as root: `RUN passwd -l NAME` or `usermod -p '*' NAME`; "
    "remove further accounts with user id 0 (`userdel NAME`). su and sudo with these passwords no longer work.",
    references=("ATT&CK:T1078.003", "CWE-258", "CWE-521"),
)
def weak_accounts(image: Image, view: View) -> Verdict:
    """Judges /etc/passwd, /etc/shadow and /etc/group as they are when all layers are laid over each other.

    F: an account with an empty password (high), a user id 0 besides root (high), the hash of a real password (medium),
    names or numbers of users or numbers of groups that occur twice (low). P: none. U: nobody looked into the image, or
    not all of it could be read. Accounts are named, hashes never shown. Source: Dockle DKL-LI-0001, DKL-LI-0002.
    """
    contents = contents_of(image, view)
    faults = sorted(_faults(contents), key=lambda fault: -fault[0])
    if not faults:
        return as_far_as_read(contents, passed())
    evidence = capped((Evidence(path, said) for _severity, path, said in faults), SHOWN)
    message = f"{len(faults)} weakness(es) of accounts: {faults[0][2]}"
    return failed(message + remark(contents), *evidence, severity=faults[0][0], salient=faults[0][2])


def _faults(contents: Contents) -> Iterator[Fault]:
    accounts = contents.accounts
    for account in accounts:
        if account.password == "empty":  # noqa: S105 - a state, not a password
            yield Severity.HIGH, _SHADOW, f"{account.name}: no password"
        elif account.password == "hash":  # noqa: S105
            yield Severity.MEDIUM, _SHADOW, f"{account.name}: hash of a password"
    roots = [account.name for account in accounts if account.uid == 0]
    for name in _others(roots):
        yield Severity.HIGH, _PASSWD, f"{name}: user id 0 besides {roots[0] if 'root' not in roots else 'root'}"
    for name, count in Counter(account.name for account in accounts).items():
        if count > 1:
            yield Severity.LOW, _PASSWD, f"{name}: {count} accounts of this name"
    for uid, names in _shared((account.uid, account.name) for account in accounts if account.uid):
        yield Severity.LOW, _PASSWD, f"{names}: same user id {uid}"
    for gid, names in _shared((group.gid, group.name) for group in contents.groups):
        yield Severity.LOW, _GROUP, f"{names}: same group id {gid}"


def _shared(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Numbers that several have, and the first of their names."""
    holders: dict[int, list[str]] = {}
    for number, name in numbered:
        holders.setdefault(number, []).append(name)
    for number, names in holders.items():
        if len(names) > 1:
            yield number, ", ".join(names[:_NAMED]) + (" and others" if len(names) > _NAMED else "")


def _others(roots: list[str]) -> list[str]:
    rest = list(roots)
    if rest:
        rest.remove("root" if "root" in rest else rest[0])
    return rest
