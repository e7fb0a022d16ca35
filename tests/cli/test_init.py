"""`deckwatch init`: a configuration that fits the host, and that can be read."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from checks.policy import Policy
from checks.result import Evaluation
from checks.verdict import Outcome, Severity
from inventory.resource import Kind
from inventory.snapshot import Snapshot
from tests.cli.running import Cli, engine
from tests.hostile import HOSTILE
from tests.tui.world import filled, judged, made, renamed, world
from tui.cli.sources import action_ids, check_ids
from tui.config import judge
from tui.keymap import ACTIONS
from tui.options import Settings
from tui.picture import Picture
from tui.starter import starter

TODAY = date(2026, 11, 23)


def written(picture: Picture) -> str:
    return starter("web-07", TODAY, "ada", picture.snapshot, picture.evaluation)


def loaded(text: str) -> Settings:
    return judge(text, Path("deckwatch.toml"), checks=check_ids, actions=action_ids)


def switched_on(text: str) -> str:
    """Every setting that is switched off, switched on; reasons filled in."""
    lines = [re.sub(r"^(\s*)#(?=\S)", r"\1", line) for line in text.splitlines()]
    return "\n".join(lines).replace('reason = ""', 'reason = "because"')


@pytest.mark.parametrize("generic", [False, True])
def test_it_can_be_read_as_it_stands_and_with_everything_switched_on(generic: bool) -> None:
    text = written(Picture(Snapshot(), Evaluation()) if generic else world())
    settings = loaded(text)
    assert settings.policy.waivers == ()
    assert settings.policy.severity == {}
    assert (settings.ui.theme, dict(settings.keys)) == (None, {})
    every = loaded(switched_on(text))
    assert every.policy.waivers
    assert {waiver.reason for waiver in every.policy.waivers} == {"because"}
    assert every.keys == {action.id: action.keys for action in ACTIONS}
    for waiver in every.policy.waivers:
        assert (waiver.owner, waiver.expires) == ("ada", date(2027, 2, 21))


def test_a_waiver_without_a_reason_is_not_accepted() -> None:
    text = written(world())
    on = "\n".join(re.sub(r"^#(?=\[\[waiver|\w+ = )", "", line) for line in text.splitlines())
    with pytest.raises(Exception, match="needs 'reason'"):
        loaded(on)


def test_what_is_critical_or_high_is_there_as_an_example() -> None:
    every = loaded(switched_on(written(world())))
    again = judged(filled(), Policy(waivers=every.policy.waivers))
    bad = [r for r in world().evaluation.results() if r.outcome is Outcome.FAIL and r.severity >= Severity.HIGH]
    left = [r for r in again.evaluation.results() if r.outcome is Outcome.FAIL and r.severity >= Severity.HIGH]
    assert bad
    assert len(bad) <= 40 and left == []


def test_registries_in_use_are_listed_with_their_number() -> None:
    text = written(world())
    assert '# Pulled: "127.0.0.1:5000/team/*", 1 image.\n' in text
    assert '"docker.io/lab/*"' in text  # built here: no digest says that a registry gave it
    resources = made()
    resources[Kind.IMAGE] = [image for image in resources[Kind.IMAGE] if image.peek("repo_digests")]
    pulled = written(judged(filled(resources)))
    assert tomllib.loads(pulled)["trust"]["registries"] == ["127.0.0.1:5000/team/*"]


def test_what_is_written_makes_no_host_look_worse() -> None:
    settings = loaded(written(world()))
    again = judged(filled(), settings.policy)
    before, after = world().evaluation.total.fails, again.evaluation.total.fails
    assert sum(after) <= sum(before)


def test_names_from_outside_stay_inside_their_line() -> None:
    resources = made()
    resources[Kind.CONTAINER] = [
        renamed(name, number, HostConfig__Privileged=True) for number, name in enumerate(HOSTILE)
    ]
    text = written(judged(filled(resources)))
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert loaded(text).policy.waivers == ()
    assert len(loaded(switched_on(text)).policy.waivers) == 40


def test_the_command_writes_what_the_host_is(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        ran = cli("init", "--host", fake.url)
        assert fake.methods <= {"GET", "HEAD"}
    target = cli.folder / "deckwatch.toml"
    assert (ran.status, ran.out) == (0, "")
    assert "deckwatch.toml written" in ran.line
    loaded(target.read_text())
    assert cli("scan", "--demo", "--fail-on", "none").status == 0  # it is what is read from here on


def test_nothing_is_written_over_without_being_asked(cli: Cli) -> None:
    target = cli.folder / "deckwatch.toml"
    target.write_text("# mine\n")
    ran = cli("init", "--demo")
    assert ran.status == 2
    assert "exists already; --force" in ran.line
    assert target.read_text() == "# mine\n"
    assert cli("init", "--demo", "--force").status == 0
    assert "[trust]" in target.read_text()
    dangling = cli.folder / "link.toml"
    dangling.symlink_to("nowhere")
    assert cli("init", "--demo", "-o", dangling).status == 2


def test_without_an_engine_it_is_a_generic_one_and_says_so(cli: Cli) -> None:
    ran = cli("init", "--host", f"unix://{cli.folder}/nothing.sock", "-o", "x.toml")
    assert ran.status == 0
    assert "it is a generic one" in ran.err
    loaded((cli.folder / "x.toml").read_text())


def test_to_standard_output(cli: Cli) -> None:
    ran = cli("init", "--demo", "-o", "-")
    assert (ran.status, ran.err) == (0, "")
    loaded(ran.out)
    assert list(cli.folder.iterdir()) == []


def test_where_it_cannot_be_written(cli: Cli) -> None:
    ran = cli("init", "--demo", "-o", "/dev/null/x.toml")
    assert ran.status == 2
    assert "cannot be written" in ran.line


def test_every_mistake_in_a_file_is_one_line(cli: Cli) -> None:
    (cli.folder / "deckwatch.toml").write_text(
        "[trsut]\n[ui]\nthem = 'x'\n[[waiver]]\ncheck='RUN-0001'\nresource='x'\n"
    )
    ran = cli("scan", "--demo")
    lines = ran.err.splitlines()
    assert (ran.status, ran.out) == (2, "")
    assert [line.split("deckwatch.toml:")[1].split(":")[0] for line in lines] == ["1", "3", "4", "5"]
    for line, near in zip(lines, ("trust", "theme", "'reason'", "RUN-001"), strict=True):
        assert near in line
