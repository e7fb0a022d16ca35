"""Make the pictures of the README from a recording: SVG from the running program, PNG from the SVG.

python -m screenshots [--from BUNDLE] [--only NAME] [--svg] [--to DIRECTORY]
"""

from __future__ import annotations

import argparse
import asyncio
import re
from pathlib import Path

import resvg_py

from checks.policy import Policy
from screenshots.shots import SHOTS, Shot
from tui.app import DeckwatchApp
from tui.options import ExplorerOptions, Settings, SourceOptions
from widgets.style import choose

HERE = Path(__file__).parent
FONT = "DejaVu Sans Mono"
QUIET = 12  # tenths of a second in which nothing is left to judge
PATIENCE = 30.0  # seconds for the recording to be read and judged


async def take(shot: Shot, sources: SourceOptions) -> str:
    """One picture as SVG."""
    options = ExplorerOptions(sources, Settings(Policy()))
    app = DeckwatchApp(options, choose("colour"))
    async with app.run_test(size=(shot.columns, shot.rows)) as pilot:
        await _until_judged(app)
        for key in shot.keys:
            await pilot.press(key)
            await asyncio.sleep(0.3)
        await asyncio.sleep(0.7)
        return app.export_screenshot(title=f"deckwatch - {shot.name}")


async def _until_judged(app: DeckwatchApp) -> None:
    quiet = 0  # a recording of several sources is judged part by part
    for _ in range(int(PATIENCE / 0.1)):
        await asyncio.sleep(0.1)
        quiet = quiet + 1 if app.ready and app.session.settled else 0
        if quiet == QUIET:
            return
    raise TimeoutError("the recording was not judged in time")


def plain(svg: str) -> str:
    """Without fonts from elsewhere: the picture is drawn with what is installed."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", FONT).replace("font-family: arial", f"font-family: {FONT}")


def main() -> None:
    """Write all pictures, or those whose name contains a word."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="bundle", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--svg", action="store_true")
    parser.add_argument("--to", type=Path, default=HERE)
    args = parser.parse_args()
    sources = SourceOptions(bundle=args.bundle, demo=args.bundle is None)
    for shot in SHOTS:
        if args.only not in shot.file:
            continue
        svg = plain(asyncio.run(take(shot, sources)))
        png = resvg_py.svg_to_bytes(svg_string=svg, font_family=FONT, monospace_family=FONT)
        if args.svg:
            (args.to / f"{shot.file}.svg").write_text(svg)
        (args.to / f"{shot.file}.png").write_bytes(bytes(png))
        print(f"{shot.file}  {len(svg) // 1024} KiB")


if __name__ == "__main__":
    main()
