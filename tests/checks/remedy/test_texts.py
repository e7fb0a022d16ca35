"""What is to be pasted: a shell and a YAML parser read it as it was meant, whatever the names are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from checks.remedy import as_compose, as_run, as_service
from checks.remedy.option import PLACEHOLDER
from checks.remedy.plan import Plan, plan
from inventory.container import Container, LogConfig, Mount
from tests.checks.builders import changed
from tests.checks.frameworks.lab import lab
from tests.checks.remedy.test_plan import containers, image_of, named, plan_of
from tests.hostile import HOSTILE, forbidden

SHELL = shutil.which("sh") or ""
PRINT = 'docker() { printf "%s\\0" "$@"; printf "\\n\\0"; }\n'


def run_text(found: Plan) -> str:
    return "\n".join(as_run.lines(found)) + "\n"


def compose(found: Plan) -> Any:
    return yaml.safe_load("\n".join(as_compose.lines(found)))


def words(text: str) -> list[list[str]]:
    """The commands that a shell would run, each as the words that the program would get."""
    done = subprocess.run([SHELL, "-eu"], input=PRINT + text, capture_output=True, text=True, check=True, timeout=20)
    assert not done.stderr
    return [each.strip("\0").split("\0") for each in done.stdout.split("\n\0") if each]


def hostile(text: str) -> Container:
    """A container in which everything that its maker may name is this text."""
    mounts = (Mount("bind", f"/{text}", f"/x{text}", True, "shared"), Mount("volume", "", f"/y{text}", True, name=text))
    return changed(
        named("root-user"),
        name=text,
        hostname=text,
        user=text,
        working_dir=text,
        env=(f"{text}=1", f"GOOD={text}"),
        image_ref=text,
        command=("sh", "-c", text),
        entrypoint=(text, text),
        labels={text: text},
        mounts=mounts,
        tmpfs={f"/{text}": text},
        security_opt=(text,),
        cap_add=(text,),
        log_config=LogConfig(text, {text: text}),
        network_mode=text,
        networks=(),
        extra_hosts=(f"{text}:1.2.3.4",),
        sysctls={text: text},
        group_add=(text,),
    )


NASTY = (
    "$(touch pwned)",
    "`id`",
    "'; rm -rf /; '",
    '"; id; "',
    "a b",
    "#c",
    "-v",
    "--privileged",
    "a,readonly",
    "x: y",
    "${X}",
)


@pytest.mark.parametrize("text", [*HOSTILE, *NASTY], ids=ascii)
def test_hostile_names_never_become_commands(text: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = plan(hostile(text), None, lab()[1].judgements[named("root-user").key].results)
    written = run_text(found)
    assert forbidden(written.replace("\n", "")) is None
    for command in words(written):
        assert command[0] in {"run", "network"}
    assert not list(tmp_path.iterdir())
    told = "\n".join(as_compose.lines(found))
    assert forbidden(told.replace("\n", "")) is None
    assert set(yaml.safe_load(told)) <= {"services", "networks", "volumes"}
    assert len(yaml.safe_load(told)["services"]) == 1


@pytest.mark.parametrize("text", NASTY)
def test_harmless_but_odd_values_arrive_as_they_are(text: str) -> None:
    container = changed(named("hardened"), working_dir=text, labels={"note": text}, command=("echo", text))
    found = plan(container, None, ())
    (command,) = words(run_text(found))
    assert command[command.index("--workdir") + 1] == text
    assert f"note={text}" in command
    assert command[-1] == text
    (service,) = compose(found)["services"].values()
    assert service["working_dir"].replace("$$", "$") == text
    assert service["labels"]["note"].replace("$$", "$") == text


def test_every_container_of_the_lab_can_be_pasted() -> None:
    for container in containers():
        found = plan_of(container)
        commands = [each for each in words(run_text(found)) if each[0] == "run"]
        assert len(commands) == 1
        assert commands[0][commands[0].index("--name") + 1] == container.name
        assert found.after.image_ref in commands[0]
        service = compose(found)["services"][container.name]
        assert service["image"] == found.after.image_ref
        assert service.get("read_only", False) is found.after.readonly_rootfs
        assert service.get("mem_limit", 0) == found.after.memory


def test_changed_lines_name_their_checks() -> None:
    found = plan_of(named("writable-rootfs"))
    told = "\n".join(as_compose.lines(found))
    assert re.search(r"^    read_only: true  # RUN-026$", told, re.MULTILINE)
    assert not re.search(r"^    mem_limit: .*#", told, re.MULTILINE)
    assert "#   RUN-026: --read-only" in run_text(found)
    for part in ("# may break:", "# changed:"):
        assert part in run_text(found)
    assert "#   RUN-001: --privileged" in run_text(plan_of(named("privileged-created"))).split("# left out:")[1]
    assert "#   RUN-039" in run_text(plan_of(named("no-healthcheck"))).split("# not fixed here:")[1]


def test_variables_are_named_and_their_values_stay() -> None:
    container = named("env-secret")
    found = plan_of(container)
    image = image_of(container)
    own = set(image.env) if image is not None else set()
    mine = [variable.partition("=") for variable in container.env if variable not in own]
    assert mine
    told = run_text(found) + "\n".join(as_compose.lines(found))
    for name, _, value in mine:
        assert f"--env {name}" in told
        assert value not in told
        assert compose(found)["services"][container.name]["environment"][name] == f"${{{name}}}"


def test_secrets_of_the_command_line_are_left_out() -> None:
    found = plan_of(named("cmdline-secret"))
    secret = [word for word in named("cmdline-secret").args if "=" in word or "://" in word]
    assert PLACEHOLDER in run_text(found)
    assert all(word not in run_text(found) for word in secret)


def test_a_task_is_changed_where_its_service_is() -> None:
    container = next(each for each in containers() if each.name.startswith("edge_no_limits"))
    found = plan_of(container)
    (command,) = words("\n".join(as_service.lines(found)) + "\n")
    assert command[:2] == ["service", "update"]
    assert command[-1] == "edge_no_limits"
    assert command[command.index("--limit-pids") + 1] == "200"
    assert "Swarm" in run_text(found)
    told = "\n".join(as_service.lines(found))
    assert "RUN-012" in told.split("# not fixed here:")[1]
    assert "RUN-012" not in told.split("# not fixed here:")[0]


def test_podman_is_told_to_podman() -> None:
    assert "\npodman run --detach" in run_text(plan(named("hardened"), None, (), "podman"))


def test_a_volume_and_a_path_with_a_comma() -> None:
    container = changed(named("hardened"), mounts=(Mount("bind", "/a,b", "/c", False),))
    (command,) = words(run_text(plan(container, None, ())))
    assert '"source=/a,b"' in command[command.index("--mount") + 1]
    entry = compose(plan(container, None, ()))["services"]["hardened"]["volumes"][0]
    assert json.dumps(entry, sort_keys=True) == json.dumps(
        {"read_only": True, "source": "/a,b", "target": "/c", "type": "bind"}
    )
