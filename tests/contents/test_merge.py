"""Layers laid over each other, against a plain model of a file system."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.contents.finding import AnyFind, Entry, PackagesAt, Watcher
from inventory.contents.model import Package
from tests.contents.small import File, contents, diff_id


class Lines:
    """Every `status` file is a list of packages, a line each."""

    name = "lines"

    def notice(self, entry: Entry) -> AnyFind | None:
        return None

    def wants(self, entry: Entry) -> int:
        return 1 << 20 if entry.name == "status" else 0

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        packages = (Package("deb", line, "1", "/" + entry.path) for line in head.decode().split())
        yield PackagesAt(entry.path, tuple(packages))

    def watch(self, entry: Entry) -> Watcher:
        raise NotImplementedError


def _packages(*layers: dict[str, bytes]) -> dict[str, int]:
    found = contents(*layers, finders=[Lines()])
    return {package.name: found.layer_number(package.layer) for package in found.packages}


def test_a_package_is_of_the_layer_from_which_on_it_is_recorded() -> None:
    assert _packages({"d/status": b"a b"}, {"x": b""}, {"d/status": b"a c"}) == {"a": 1, "c": 3}


def test_a_break_makes_it_the_later_layers() -> None:
    assert _packages({"d/status": b"a b"}, {"d/.wh.status": b""}, {"d/status": b"a c"}) == {"a": 3, "c": 3}
    assert _packages({"d/status": b"a"}, {"d/status": b"b"}, {"d/status": b"a b"}) == {"b": 2, "a": 3}


def test_what_is_hidden_does_not_count() -> None:
    assert _packages({"d/status": b"a"}, {".wh.d": b""}) == {}
    assert _packages({"d/status": b"a"}, {"d/.wh..wh..opq": b""}) == {}
    assert _packages({"d/status": b"a"}, {"d": b"now a file"}) == {}
    assert _packages({"d/status": b"a"}, {".wh.d": b"", "d/": b""}) == {}
    assert _packages({"d/status": b"a"}, {"d/.wh..wh..opq": b"", "d/status": b"b"}) == {"b": 2}


def test_layers_count_what_they_do() -> None:
    found = contents(
        {"a": b"12345", "d/b": b"123", "d/c": b"12", "e": b"1"},
        {"a": b"1", ".wh.d": b"", "n": b"1234567"},
        {"d/b": b"12"},
        finders=[],
    )
    assert [(x.size, x.added, x.changed, x.removed, x.wasted) for x in found.layers] == [
        (11, 4, 0, 0, 0),
        (8, 1, 1, 2, 10),
        (2, 1, 0, 0, 0),
    ]
    assert (found.files, found.size) == (4, 11)
    assert found.layers[1].created_by == "step 2"
    assert [file.path for file in found.layers[1].largest] == ["/n", "/a"]
    assert found.layers[0].diff_id == diff_id(1)
    assert found.complete


_NAMES = st.sampled_from(["a", "b", "a/a", "a/b", "b/a", "a/a/a", "a/b/a", "a/b/b", "ab", "a-/x"])
_LAYER = st.dictionaries(_NAMES, st.integers(0, 3), max_size=6)
_KINDS = ["file", "whiteout", "opaque", "directory"]


@settings(max_examples=400, deadline=None)
@given(st.lists(_LAYER, max_size=5))
def test_layers_are_laid_over_each_other_as_a_file_system_would(layers: list[dict[str, int]]) -> None:
    given_: list[dict[str, File]] = []
    tree: dict[str, int] = {}
    total = 0
    for number, layer in enumerate(layers, 1):
        files = {path for path, kind in layer.items() if kind == 0}
        plain = {p: k for p, k in layer.items() if not any(p.startswith(f"{file}/") for file in files)}  # no file above
        gone: set[str] = set()
        for path, kind in plain.items():
            gone |= {path[:at] for at in range(len(path)) if path[at] == "/"} | {path}
            if kind < 3:
                gone |= {other for other in tree if other.startswith(f"{path}/")}
        tree = {path: size for path, size in tree.items() if path not in gone}
        tree |= dict.fromkeys((path for path, kind in plain.items() if kind == 0), number)
        total += number * len([path for path, kind in plain.items() if kind == 0])
        given_.append({f"{p}/.wh..wh..opq" if k == 2 else p: _entry(p, k, number) for p, k in plain.items()})
    found = contents(*given_, finders=[])
    assert (found.files, found.size) == (len(tree), sum(tree.values()))
    assert sum(layer.size for layer in found.layers) == total
    assert total - found.size == sum(layer.wasted for layer in found.layers)


def _entry(path: str, kind: int, size: int) -> File:
    return b"" if kind == 2 else Entry(path, _KINDS[kind], 0, 0, 0, 0 if kind else size)
