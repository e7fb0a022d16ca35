"""Services: what the orchestrators run, and whether it has converged. Views of a cluster, or the Swarm's services."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from checks.result import Summary
from inventory.resource import CLUSTER_KINDS, Kind
from inventory.snapshot import Snapshot
from tui.panes.base import Entry, Pane, Shown
from tui.panes.services.certificates import CertificatesView
from tui.panes.services.exposure import ExposureView
from tui.panes.services.nodes import NodesView
from tui.panes.services.pods import PodsView
from tui.panes.services.policies import PoliciesView
from tui.panes.services.subjects import SubjectsView
from tui.panes.services.swarm import SwarmView
from tui.panes.services.view import KubeView
from tui.panes.services.workloads import WorkloadsView
from tui.picture import Picture
from widgets.cells import Cell
from widgets.columns import Column
from widgets.textview import TextLine

_SWARM = (Kind.SERVICE, Kind.SWARM, Kind.NODE, Kind.SECRET, Kind.CONFIG)


class ServicesPane(Pane):
    """Where nothing of a cluster is known or asked for, the Swarm's services alone."""

    id = "services"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.SERVICE,)

    def __init__(self) -> None:
        self._swarm = SwarmView()
        self._views: tuple[KubeView, ...] = (
            WorkloadsView(), PodsView(), NodesView(), SubjectsView(), PoliciesView(), ExposureView(),
            CertificatesView(),
        )  # fmt: skip
        self._chosen = 0
        self._clusters = False

    @property
    def view(self) -> SwarmView | KubeView:
        """What is shown now."""
        return self._views[self._chosen] if self._clusters else self._swarm

    def look_at(self, picture: Picture) -> None:
        """Whether there is a cluster decides which views there are."""
        self._clusters = of_clusters(picture.everything.snapshot)

    def views(self, picture: Picture) -> Sequence[tuple[str, str]]:
        """Names of the views, each with how many rows it has."""
        self.look_at(picture)
        return [(view.name, view.counts(picture)) for view in self._views] if self._clusters else []

    def show_view(self, number: int) -> None:
        """Show this view."""
        self._chosen = number % len(self._views)

    def turn(self, step: int = 1) -> bool:
        """The next view of a cluster."""
        if self._clusters:
            self.show_view(self._chosen + step)
        return self._clusters

    @property
    def list_id(self) -> str:
        """Each view is sorted and filtered on its own."""
        view = self.view
        return view.list_id if isinstance(view, KubeView) else self.id

    @property
    def shows_minor(self) -> bool:  # type: ignore[override]  # each view on its own
        """Whether minor rows are shown at first."""
        view = self.view
        return not (isinstance(view, KubeView) and view.hides_minor)

    @property
    def hidden(self) -> str:  # type: ignore[override]  # each view on its own
        """What minor rows are."""
        view = self.view
        return view.hidden if isinstance(view, KubeView) else super().hidden

    def list_order(self) -> tuple[str, bool]:
        """Of the view that is shown."""
        return self.view.order

    def shown_columns(self) -> tuple[Column, ...]:
        """Of the view that is shown."""
        return self.view.columns

    def size(self, picture: Picture) -> int:
        """Of the view that is shown."""
        self.look_at(picture)
        return self.view.size(picture)

    def entries(self, picture: Picture, now: float) -> Sequence[Entry]:
        """Of the view that is shown."""
        self.look_at(picture)
        return self.view.entries(picture, now)

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """Of the view that is shown; then the names of the others."""
        view = self.view
        if not isinstance(view, KubeView):
            return view.headline(picture, shown)
        others = " ".join(each.short for each in self._views if each is not view)
        return Cell.join(view.headline(picture, shown), (f"   t: {others}", "dim"))

    def preview(self, key: Hashable, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Of the view that is shown."""
        return self.view.preview(key, picture, width, now)

    def empty(self, picture: Picture) -> str:
        """Of the view that is shown."""
        return self.view.empty(picture)

    def alarm(self, picture: Picture) -> Summary:
        """Everything of the swarm and of clusters."""
        return picture.summary(*_SWARM, *CLUSTER_KINDS)

    def count(self, picture: Picture) -> str:
        """Services and workloads together."""
        self.look_at(picture)
        return self._views[0].counts(picture) if self._clusters else super().count(picture)


_OF_A_NODE = (Kind.KUBE_HOST, Kind.KUBELET, Kind.CONTROL_PLANE)
"""What an engine's machine may have, too, without a cluster being looked at."""


def of_clusters(snapshot: Snapshot) -> bool:
    """Whether anything of a Kubernetes cluster is known or was asked for."""
    return snapshot.has_clusters or any(snapshot.by_kind.get(kind) for kind in CLUSTER_KINDS if kind not in _OF_A_NODE)


PANE = ServicesPane()
