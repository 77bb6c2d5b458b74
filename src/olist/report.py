"""What a command tells: its listener while it works, and at the end a report."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal, Protocol

from olist.errors import OlistError
from opstore.store import Check

__all__ = ["LayerRow", "Listener", "Report", "Silent", "Status"]

Status = Literal["success", "no_op", "failed"]


@dataclass(frozen=True)
class LayerRow:
    """What a step did to one table of one layer. Rows in = published + superseded + rejected + quarantined; seconds are wall time."""

    layer: Literal["bronze", "silver", "gold", "export", "load"]
    table: str
    rows_in: int
    published: int
    superseded: int
    rejected: int
    quarantined: int
    seconds: float


@dataclass
class Report:
    """What a command did. `status` is `no_op` when everything was up to date; `phases` is the seconds of each phase of silver."""

    run_id: str
    status: Status = "no_op"
    source: str | None = None
    seconds: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    layers: list[LayerRow] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    error: OlistError | None = None

    def as_json(self) -> dict[str, object]:
        """The report as `--json` prints it."""
        document: dict[str, object] = {
            "run_id": self.run_id,
            "status": self.status,
            "source": self.source,
            "seconds": round(self.seconds, 3),
            "layers": [asdict(row) for row in self.layers],
        }
        if self.error is not None:
            names = ("what", "resource", "expected", "found", "remedy", "transient")
            document["error"] = {name: getattr(self.error, name) for name in names}
        return document


class Listener(Protocol):
    """Who is told of progress."""

    def source(self, name: str, reason: str) -> None:
        """Which source was taken, and why."""
        ...

    def begin(self, layer: str, total: int | None) -> None:
        """A layer begins, with so many parts (None: not known)."""
        ...

    def advance(self, part: str) -> None:
        """A part of the layer is done."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line."""
        ...


class Silent:
    """A listener that does not care."""

    def source(self, name: str, reason: str) -> None: ...
    def begin(self, layer: str, total: int | None) -> None: ...
    def advance(self, part: str) -> None: ...
    def note(self, text: str) -> None: ...
