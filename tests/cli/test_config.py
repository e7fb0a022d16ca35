"""`deckwatch.toml`: what it gives, and what each mistake says."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from checks.policy import Policy, Waiver
from checks.verdict import Severity
from tui.config import ConfigError, find, load
from tui.key_names import mistake, name_of
from tui.schema import DECIDED, POLICY
from tui.toml_lines import line_of, lines

CHECKS = ("RUN-001", "RUN-002", "IMG-004")
ACTIONS = ("table.down", "app.quit")

GOOD = """\
[trust]
registries = ["registry.example/*", "ghcr.io/acme/*"]
max_image_age = 90

[host]
require_rootless = true
docker_group = ["ops"]

[severity]
"RUN-001" = "low"

[ui]
theme = "light"
refresh = 5
mouse = false

[keys]
table.down = ["n", "down"]
"app.quit" = "X"

[[waiver]]
check = "RUN-*"
resource = "backup-*"
reason = "reads all volumes"
owner = "ops"
expires = 2030-06-30

[[waiver]]
check = "IMG-004"
resource = "*"
reason = "for ever"
"""


def read(tmp_path: Path, text: str | bytes) -> ConfigError:
    path = tmp_path / "deckwatch.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(path, checks=lambda: CHECKS, actions=lambda: ACTIONS)
    assert "\n" not in str(caught.value)
    return caught.value


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "deckwatch.toml"
    path.write_text(GOOD)
    found = load(path, checks=lambda: CHECKS, actions=lambda: ACTIONS)
    assert found.policy == Policy(
        registries=("registry.example/*", "ghcr.io/acme/*"),
        max_image_age=90,
        require_rootless=True,
        trusted_docker_group=("ops",),
        severity={"RUN-001": Severity.LOW},
        waivers=(
            Waiver("RUN-*", "backup-*", "reads all volumes", "ops", date(2030, 6, 30)),
            Waiver("IMG-004", "*", "for ever"),
        ),
    )
    assert (found.ui.theme, found.ui.refresh, found.ui.mouse, found.ui.ascii) == ("light", 5.0, False, None)
    assert found.keys == {"table.down": ("n", "down"), "app.quit": ("X",)}
    assert found.path == path


def test_no_file_is_the_defaults(tmp_path: Path) -> None:
    found = load(environ={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert (found.policy, found.path) == (Policy(), None)


def test_where_it_is_looked_for(tmp_path: Path) -> None:
    here, home, xdg = tmp_path / "here", tmp_path / "home", tmp_path / "xdg"
    for folder in (here, home / ".config" / "deckwatch", xdg / "deckwatch"):
        folder.mkdir(parents=True)
    environ = {"HOME": str(home)}
    assert find(environ, here) is None
    user = home / ".config" / "deckwatch" / "deckwatch.toml"
    user.touch()
    assert find(environ, here) == user
    assert find({**environ, "XDG_CONFIG_HOME": str(xdg)}, here) is None
    (here / "deckwatch.toml").touch()
    assert find(environ, here) == here / "deckwatch.toml"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[trust\n", 1, "not TOML"),
        ("a = 1\nb = \n", 2, "not TOML"),
        ("[ui]\ntheme = 'dark\n", 2, "not TOML"),
        ("x = " + "[" * 100_000, 1, "not TOML"),
        (b"[ui]\n# \xff\n", 2, "not UTF-8"),
        ("[trsut]\n", 1, "unknown section 'trsut'; did you mean trust?"),
        ("colour = 'x'\n", 1, "unknown section 'colour'; known: trust, host, "),
        ("[prob]\n", 1, "unknown section 'prob'; did you mean probe?"),
        ("[probe]\ntsl = true\n", 2, "unknown key 'tsl'"),
        ("[probe]\ntls = 1\n", 2, "'tls' must be true or false"),
        ("[probe.names]\nweb = 5\n", 2, "'web' must be a host name"),
        ("\n[trust]\nregistrys = []\n", 3, "unknown key 'registrys'; did you mean registries?"),
        ("[trust]\nregistries = 'x'\n", 2, "'registries' must be a list of strings, not a string"),
        ("[trust]\nregistries = [\n 'x',\n 1]\n", 2, "list of strings only"),
        ("[trust]\nmax_image_age = true\n", 2, "'max_image_age' must be a whole number of days, not a boolean"),
        ("[trust]\nmax_image_age = -1\n", 2, "must not be negative"),
        ("[host]\nrequire_rootless = 1\n", 2, "must be true or false"),
        ("trust = 3\n", 1, "'trust' must be a table, not a number"),
        ("[severity]\nRUN-001 = 'hihg'\n", 2, "'hihg' is no severity; expected critical, high"),
        ("[severity]\nRUN-001 = 'hihg'\n", 2, "did you mean high?"),
        ("[severity]\nRUN-001 = 3\n", 2, "3 is no severity"),
        ("[severity]\nRUN-01 = 'high'\n", 2, "unknown check 'RUN-01'; did you mean RUN-0"),
        ("waiver = 1\n", 1, "[[waiver]]"),
        ("[waiver]\n", 1, "[[waiver]]"),
        ("[[waiver]]\ncheck='RUN-001'\nresource='x'\nreason='y'\n[[waiver]]\ncheck='RUN-001'\n", 5, "needs 'resource'"),
        ("[[waiver]]\ncheck='RUN-001'\nresource='x'\nreason='  '\n", 4, "needs 'reason'"),
        ("[[waiver]]\ncheck='RUN-9*'\nresource='x'\nreason='y'\n", 2, "no check is called 'RUN-9*'"),
        ("[[waiver]]\ncheck='RUN-001'\nresource='x'\nreason='y'\nexpires='2030-01-01'\n", 5, "must be a date"),
        ("[[waiver]]\ncheck='RUN-001'\nresource='x'\nreason='y'\nexpires=2030-01-01T00:00:00Z\n", 5, "must be a date"),
        ("[[waiver]]\ncheck='RUN-001'\nresource='x'\nreason='y'\nexpire=2030-01-01\n", 5, "did you mean expires?"),
        ("waiver = [{check = 'RUN-001', resource = 'x'}]\n", 1, "needs 'reason'"),
        ("waiver = [3]\n", 1, "must be a table"),
        ("[[waiver]]\ncheck='RUN-001'\nreason='y'\n", 1, "needs 'resource' (\"*\" for every one) or another of kind"),
        ("[[waiver]]\ncheck='RUN-001'\nresource=''\nreason='y'\n", 3, "needs 'resource'"),
        ("[[waiver]]\ncheck='RUN-001'\nimag='x'\nreason='y'\n", 3, "unknown key 'imag'; did you mean image?"),
        ("[[waiver]]\ncheck='RUN-001'\nkind='contaner'\nreason='y'\n", 3, "did you mean container?"),
        ("[[waiver]]\ncheck='RUN-001'\nvalue=3\nreason='y'\n", 3, "'value' must be a list of strings"),
        ("[[waiver]]\ncheck='RUN-001'\nlabel=['x']\nreason='y'\n", 3, "'label' must be a string"),
        ("[[waiver]]\ncheck='RUN-001'\nresource='x'\nreason='y'\nexpires=2027-02-31\n", 5, "2027-02-31 is no day"),
        ("[policy]\nrequire_owner=true\n[[waiver]]\ncheck='RUN-001'\nresource='x'\nreason='y'\n", 3, "needs 'owner'"),
        ("[policy]\nrequire_owners=true\n", 2, "did you mean require_owner?"),
        ("[ui]\ntheme = light\n", 2, 'a text is written in quotes: theme = "light"'),
        ("[keys]\ntable.down = 'ecsape'\n", 2, "no key is called 'ecsape'; did you mean escape?"),
        ("[keys]\ntable.down = ['j', 'ctlr+x']\n", 2, "no modifier is called 'ctlr'; did you mean ctrl?"),
        ("[ui]\ntheme = 'monno'\n", 2, "unknown theme 'monno'; did you mean mono?"),
        ("[ui]\nrefresh = 0\n", 2, "0.5 to 3600 seconds"),
        ("[ui]\nrefresh = nan\n", 2, "0.5 to 3600 seconds"),
        ("[ui]\nascii = 'yes'\n", 2, "'ascii' must be true or false, not a string"),
        ("[ui]\nmose = true\n", 2, "did you mean mouse?"),
        ("[keys]\n'table.dwn' = 'x'\n", 2, "unknown action 'table.dwn'; did you mean table.down?"),
        ("[keys]\ntable.down = 3\n", 2, "'table.down' must be a key or a list of keys"),
        ("[keys]\ntable.down = ['x', 1]\n", 2, "'table.down' must be a key or a list of keys"),
        ("[keys.table]\ndown = ''\n", 2, "'table.down' must be a key or a list of keys"),
    ],
)
def test_mistakes(tmp_path: Path, text: str | bytes, line: int, said: str) -> None:
    error = read(tmp_path, text)
    assert said in str(error)
    assert str(error).startswith(f"{tmp_path / 'deckwatch.toml'}:{line}: ")


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = """\
[ui]
theme = "drak"
refresh = "soon"

[trust]
registrys = []
max_image_age = -3

[severity]
"RUN-01" = "hihg"

[[waiver]]
chek = "RUN-001"
resource = "x"
expires = "tomorrow"

[keys]
"table.down" = "ecsape"
"table.dwn" = "x"
"""
    error = read(tmp_path, text)
    told = [(mistake.line, mistake.message) for mistake in (error, *error.more)]
    assert [line for line, _ in told] == [2, 3, 6, 7, 10, 10, 12, 12, 13, 15, 18, 19]
    assert all("\n" not in message for _, message in told)
    assert "theme 'drak'" in told[0][1]


def test_one_broken_waiver_does_not_hide_another(tmp_path: Path) -> None:
    error = read(tmp_path, "[[waiver]]\ncheck='RUN-9'\nresource='x'\nreason='y'\n" * 2)
    assert [mistake.line for mistake in (error, *error.more)] == [2, 6]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("image = 'nginx:*'", Waiver("RUN-001", "*", "y", image="nginx:*")),
        ("label = 'tier=edge'\nproject = 'shop'", Waiver("RUN-001", "*", "y", label="tier=edge", project="shop")),
        ("value = 'a'", Waiver("RUN-001", "*", "y", value=("a",))),
        ("value = ['a', 'b*']\nkind = 'container'", Waiver("RUN-001", "*", "y", value=("a", "b*"), kind="container")),
        ("namespace = 'n'\nsource = 's'\nresource='r'", Waiver("RUN-001", "r", "y", namespace="n", source="s")),
    ],
)
def test_selectors(tmp_path: Path, said: str, expected: Waiver) -> None:
    path = tmp_path / "deckwatch.toml"
    path.write_text(f"[[waiver]]\ncheck = 'RUN-001'\nreason = 'y'\n{said}\n")
    assert load(path, checks=lambda: CHECKS).policy.waivers == (expected,)


def test_keys_may_be_written_as_characters(tmp_path: Path) -> None:
    path = tmp_path / "deckwatch.toml"
    path.write_text("[keys]\n'table.down' = ['/', 'ctrl+@', 'G', '+']\n")
    assert load(path, actions=lambda: ACTIONS).keys == {"table.down": ("slash", "ctrl+at", "G", "plus")}


def test_every_name_of_a_key_is_one_that_textual_knows() -> None:
    from string import punctuation

    from textual.keys import Keys, _character_to_key

    for sign in punctuation:
        assert name_of(sign) == _character_to_key(sign)
        assert mistake(sign) == ""
    known = {key.value for key in Keys if "<" not in key.value and key.value not in {"return", "ctrl-at"}}
    assert [key for key in known if mistake(key)] == []


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)
    (tmp_path / "big.toml").write_bytes(b"#" * (2 << 20))
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load(tmp_path / "big.toml")


def test_lines_of_keys() -> None:
    found = lines('a = 1\nb.c = """\n[no]\nx = 2\n"""\n[t."u.v"]\nk = 1\n[[w]]\n\n[[w]]\nz = 1\n')
    assert found == {
        ("a",): 1, ("b",): 2, ("b", "c"): 2, ("t",): 6, ("t", "u.v"): 6, ("t", "u.v", "k"): 7,
        ("w",): 8, ("w", 0): 8, ("w", 1): 10, ("w", 1, "z"): 11,
    }  # fmt: skip
    assert line_of(found, ("t", "u.v", "k", "deep")) == 7
    assert line_of(found, ("nowhere",)) == 1


def test_every_decision_can_be_configured() -> None:
    elsewhere = {"tables", "news"}  # from fetched tables and from a baseline
    assert DECIDED | elsewhere == {item.name for item in structs.fields(Policy)}
    assert DECIDED.isdisjoint(elsewhere)


def test_what_verdicts_ask_for_exists() -> None:
    known = {f"{section}.{key}" for section, keys in POLICY.items() for key in keys}
    checks = Path(__file__).parents[2] / "checks"
    asked = {word for path in checks.rglob("*.py") for word in re.findall(r'policy="([^"]+)"', path.read_text())}
    assert asked
    assert asked <= known
