"""`deckwatch diff OLD NEW`: what changed between two bundles, resources and results."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from tui.cli.output import emit, narrate
from tui.cli.parser import SEVERITIES, one_of
from tui.cli.problem import Exit
from tui.cli.sources import load_settings
from tui.options import SourceOptions

NEVER = "none"


def add_arguments(parser: ArgumentParser) -> None:
    """The two bundles, and how to tell."""
    parser.add_argument("old", type=Path, metavar="OLD", help="a bundle made by 'deckwatch capture'")
    parser.add_argument("new", type=Path, metavar="NEW", help="a later one")
    parser.add_argument("--config", type=Path, metavar="FILE", help="instead of deckwatch.toml here or of the user")
    parser.add_argument(
        "--format", type=one_of("table", "json"), default="table", metavar="F", help="table (default) or json"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to standard output")
    parser.add_argument(
        "--fail-on",
        type=one_of(*SEVERITIES, NEVER),
        default=NEVER,
        metavar="S",
        help=f"exit with 1 if a failure came that is at or above, or '{NEVER}' (default)",
    )


def run(args: Namespace) -> int:
    """Compare."""
    from checks.report import difference_text
    from checks.report.difference import difference
    from tui.collect import scan

    policy = load_settings(args).policy
    old, new = (scan(SourceOptions(bundle=path), policy, None, narrate) for path in (args.old, args.new))
    found = difference(old, new)
    emit((difference_text.table if args.format == "table" else difference_text.as_json)(found), args.output)
    if args.fail_on == NEVER:
        return Exit.OK
    from checks.verdict import Outcome, Severity

    least = Severity[args.fail_on.upper()]
    came = (finding.result for finding in found.appeared)
    return Exit.FOUND if any(item.outcome is Outcome.FAIL and item.severity >= least for item in came) else Exit.OK
