"""What is installed in an image: one module for each way in which packages are recorded.

Read is what installing leaves behind, never what somebody asked for: lock files of Python, Node and Ruby are not
looked at, as they name what may not be there. Nothing of an image is run.
"""

from __future__ import annotations

from inventory.contents.finding import Finder
from inventory.contents.packages.apk import ApkFinder
from inventory.contents.packages.cargo import CargoFinder
from inventory.contents.packages.dpkg import DpkgFilesFinder, DpkgFinder
from inventory.contents.packages.executables import ExecutableFinder
from inventory.contents.packages.java import JavaFinder
from inventory.contents.packages.npm import NpmFinder
from inventory.contents.packages.os_release import DistributionFinder
from inventory.contents.packages.python import PythonFinder
from inventory.contents.packages.rpm import RpmFinder
from inventory.contents.packages.ruby import RubyFinder

FINDERS: tuple[Finder, ...] = (
    DistributionFinder(),
    DpkgFinder(),
    DpkgFilesFinder(),
    ApkFinder(),
    RpmFinder(),
    PythonFinder(),
    NpmFinder(),
    ExecutableFinder(),
    JavaFinder(),
    RubyFinder(),
    CargoFinder(),
)
"""All of them, in no order that matters."""
