"""``python -m lab``: start, look at, scale and remove the lab."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from lab import plan
from lab.client import EngineError
from lab.engine import Lab, LabError
from lab.podman import PodmanLab, known_engine
from lab.podman_fill import fill
from lab.populate import populate
from lab.scale import scale


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, or 1 with one line on stderr that says what was in the way."""
    options = _parser().parse_args(arguments)
    try:
        lab = _lab(options)
        run: Callable[[Lab, argparse.Namespace], int] = options.run
        return run(lab, options)
    except (LabError, EngineError, OSError, ValueError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def up(lab: Lab, options: argparse.Namespace) -> int:
    """Start the engine and fill it; a lab that already runs is left as it is."""
    if lab.running():
        print(f"the lab already runs\n{_how_to(lab)}")
        return 0
    began = time.monotonic()
    lab.start()
    print(f"engine: {time.monotonic() - began:.1f} s", flush=True)
    if not options.empty:
        skipped = _fill(lab)
        if skipped:
            print(f"left out, this host lacks what they need: {', '.join(skipped)}")
    print(f"ready after {time.monotonic() - began:.1f} s\n{_how_to(lab)}")
    return 0


def _lab(options: argparse.Namespace) -> Lab:
    """The lab that was asked for; one that stands is of the engine that it was made with."""
    engine = options.engine or known_engine(options.dir)
    return Lab(options.dir) if engine == "docker" else PodmanLab(options.dir, rootless=engine == "podman-rootless")


def _fill(lab: Lab) -> list[str]:
    def say(line: str) -> None:
        print(line, flush=True)

    return fill(lab, say) if isinstance(lab, PodmanLab) else populate(lab, say)


def down(lab: Lab, options: argparse.Namespace) -> int:
    lab.stop()
    print(f"removed {lab.paths.root}")
    return 0


def status(lab: Lab, options: argparse.Namespace) -> int:
    """What the lab holds now; exit status 1 when it does not run."""
    if not lab.running():
        print(f"no lab in {lab.paths.root}")
        return 1
    states = Counter(entry["State"] for entry in lab.client.get("/containers/json", all=1))
    print(", ".join(f"{count} {state}" for state, count in states.most_common()) or "no containers")
    print(_how_to(lab))
    return 0


def scale_to(lab: Lab, options: argparse.Namespace) -> int:
    began = time.monotonic()
    scale(lab.client, options.count)
    print(f"{options.count} extra containers after {time.monotonic() - began:.1f} s")
    return 0


def execute(lab: Lab, options: argparse.Namespace) -> int:
    """Replace this process by the command, on the lab's host."""
    command = lab.inside(*options.command)
    os.execvp(command[0], command)


def tidy_up(lab: Lab, options: argparse.Namespace) -> int:
    """Write a recording of the lab without whatever else ran on the machine."""
    from inventory.sources.bundle.archive import read, write
    from lab.demo import tidy

    write(options.target, tidy(read(options.recording)))
    print(f"wrote {options.target}: {options.target.stat().st_size / 1024:.0f} KiB")
    return 0


def kubernetes(lab: Lab, options: argparse.Namespace) -> int:
    """Serve a cluster; nothing else of the lab is started."""
    from lab.kubernetes.command import serve

    return serve(lab.paths.root, pods=options.pods, every=options.every)


def cluster_demo(lab: Lab, options: argparse.Namespace) -> int:
    """Write a bundle that holds the recorded cluster too."""
    from inventory.sources.bundle.archive import read, write
    from lab.kubernetes.demo import beside

    write(options.target, beside(read(options.recording)))
    print(f"wrote {options.target}: {options.target.stat().st_size / 1024:.0f} KiB")
    return 0


def explain(lab: Lab, options: argparse.Namespace) -> int:
    """One line for each container: its name and what it is there for."""
    for spec in plan.containers():
        print(f"{spec.name:20} {spec.about}")
    return 0


def _how_to(lab: Lab) -> str:
    lines = [
        f"  export DOCKER_HOST={lab.docker_host}",
        f"  published ports: {lab.address or 'only inside the lab'}",
        "  python -m lab exec COMMAND...   as if on the lab's host",
    ]
    if lab.paths.configuration.exists():
        lines.append(f"  signed images: exec deckwatch scan --deep --config {lab.paths.configuration}")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="A container host to explore.")
    parser.add_argument("--dir", help="where the lab lives (default: $DECKWATCH_LAB_DIR or .lab)")
    parser.add_argument(
        "--engine", choices=("docker", "podman", "podman-rootless"), help="what to start (default: docker)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    start = commands.add_parser("up", help="start the lab")
    start.add_argument("--empty", action="store_true", help="the engine only, nothing in it")
    start.set_defaults(run=up)
    commands.add_parser("down", help="remove the lab").set_defaults(run=down)
    commands.add_parser("status", help="what runs").set_defaults(run=status)
    commands.add_parser("list", help="the containers and what each is there for").set_defaults(run=explain)
    more = commands.add_parser("scale", help="have COUNT extra sleeping containers (0 removes them)")
    more.add_argument("count", type=int, metavar="COUNT")
    more.set_defaults(run=scale_to)
    alone = commands.add_parser("tidy", help="leave out of a recording of the lab what else ran on the machine")
    alone.add_argument("recording", type=Path)
    alone.add_argument("target", type=Path)
    alone.set_defaults(run=tidy_up)
    cluster = commands.add_parser("kubernetes", help="serve a Kubernetes cluster in which something happens")
    cluster.add_argument("--dir", default=argparse.SUPPRESS, help="where its kubeconfig goes")
    cluster.add_argument(
        "--pods", type=int, default=0, metavar="COUNT", help="generated pods, not the recorded cluster"
    )
    cluster.add_argument("--every", type=float, default=4.0, metavar="SECONDS", help="how often something changes")
    cluster.set_defaults(run=kubernetes)
    demo = commands.add_parser("cluster-demo", help="put the recorded cluster into a recording")
    demo.add_argument("recording", type=Path)
    demo.add_argument("target", type=Path)
    demo.set_defaults(run=cluster_demo)
    inside = commands.add_parser("exec", help="run a command in the lab's network and mount namespace")
    inside.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    inside.set_defaults(run=execute)
    return parser


if __name__ == "__main__":
    sys.exit(main())
