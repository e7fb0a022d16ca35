"""Which pictures there are: the size of the terminal and the keys that lead there from the overview."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shot:
    """`keys` as the application knows them; a picture is named after what it shows and its size."""

    name: str
    columns: int
    rows: int
    keys: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The file's name without its ending."""
        return f"{self.name}-{self.columns}x{self.rows}"


_VIEWS = ("workloads", "pods", "nodes", "rbac", "policies", "exposure", "certificates")
_PANES = {
    "overview": ("0",),
    "images": ("1",),
    "containers": ("2",),
    "networks": ("3",),
    **{view: ("4", "t", *view, "enter") for view in _VIEWS},
    "monitoring": ("5",),
    "coverage": ("5", "b"),
    "findings": ("6",),
    "benchmarks": ("B", *("j",) * 3),
}
_BROKEN = ("4", "t", *"workloads", "enter", "slash", *"payments", "enter", "enter")
_DETAILS = {
    "kube-state": (*_BROKEN, "t", "s"),
    "kube-rights": ("4", "slash", *"ci-runner", "enter", "enter", "t", "r"),
    "kube-reach": ("4", "slash", *"checkout-api", "enter", "enter", "t", "r", "t", "r"),
    "detail-findings": ("2", "enter"),
    "detail-inspect": ("2", "i"),
    "detail-logs": ("2", "slash", *"alertm", "enter", "l"),
    "detail-fix": ("2", "slash", *"seccomp", "enter", "X"),
    "image-signatures": ("1", "slash", *"app:1.2", "enter", "enter", "t", "s"),
    "image-vulnerabilities": ("1", "slash", *"old-pack", "enter", "enter", "t", "v"),
    "detail-layers": ("1", "slash", *"curl", "enter", "enter", "t", "l"),
}
_SIZES = ((80, 24), (120, 40))
_WIDE = (
    "overview",
    "images",
    "containers",
    "workloads",
    "pods",
    "findings",
    "benchmarks",
    "detail-findings",
    "kube-state",
)

SHOTS: tuple[Shot, ...] = tuple(
    Shot(name, columns, rows, keys)
    for name, keys in (_PANES | _DETAILS).items()
    for columns, rows in (*_SIZES, *((200, 50),) * (name in _WIDE))
)
