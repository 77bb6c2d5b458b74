"""What the pages compute before they show it: the lineage picture, service levels, charts, and how times are said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openclaw.incident import ClosesOn, Incident, view_of
from openclaw.lineage import Lineage, Node
from openclaw.model import Action, Advice, Diagnosis
from openclaw.web.charts import HEIGHT, WIDTH, run_charts
from openclaw.web.lineage_picture import Picture, draw
from openclaw.web.service_levels import service_levels
from openclaw.web.timeline import timeline_of
from openclaw.web.wording import ago, clock, compact, duration, seconds_between

AT = "2026-03-01T03:00:00.000Z"
INCIDENT = Incident(
    "inc-1", 1, "opened", "open", "f", "DBT_RUN_FAILED", "P1", (), "title", Diagnosis("unknown", 0.5, None, ""), "root",
    ClosesOn(), (), (), (), None, None, "openclaw", None, AT, AT, AT, AT, 1,
)  # fmt: skip


def picture(edges: list[tuple[str, str]], affected: list[str], exposures: tuple[str, ...] = ()) -> Picture:
    nodes = [Node(name, "exposure", label=f"Board {name}") for name in affected if name.startswith("exposure")]
    incident = replace(INCIDENT, affected=tuple(affected), exposures=exposures)
    return draw(incident, Lineage.of(edges, nodes))


def names(drawn: Picture, role: str) -> list[str]:
    return [box.name for box in drawn.boxes if box.role == role]


def overlaps(drawn: Picture) -> bool:
    places = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in drawn.boxes]
    return any(
        a < c2 and c < a2 and b < d2 and d < b2
        for n, (a, b, a2, b2) in enumerate(places)
        for c, d, c2, d2 in places[:n]
    )


def test_a_root_alone_is_a_picture_of_one_box() -> None:
    drawn = picture([], [])
    assert names(drawn, "root") == ["root"]
    assert (len(drawn.boxes), drawn.lines, drawn.hidden) == (1, (), 0)


def test_columns_go_from_what_the_root_reads_to_the_dashboards() -> None:
    edges = [("source", "root"), ("root", "a"), ("a", "b"), ("root", "b"), ("b", "exposure.x")]
    drawn = picture(edges, ["a", "b", "exposure.x"], ("Board exposure.x",))
    assert [b.name for b in sorted(drawn.boxes, key=lambda b: b.x)] == ["source", "root", "a", "b", "exposure.x"]
    assert names(drawn, "dashboard") == ["exposure.x"]
    assert len(drawn.lines) == 5


def test_what_a_producer_told_without_a_way_is_drawn_as_told() -> None:
    drawn = picture([], ["a"], ("Finance",))
    assert names(drawn, "dashboard") == ["Finance"]
    assert [line.is_told for line in drawn.lines] == [True, True]


@pytest.mark.parametrize("shape", ["wide", "long", "mixed", "loop"])
def test_two_hundred_nodes_stay_readable_and_none_is_forgotten(shape: str) -> None:
    every = [f"n{n:03}" for n in range(200)]
    above = {"wide": "root", "long": "before", "loop": "before", "mixed": "third"}[shape]

    def parent(n: int) -> str:
        if above == "before" and (n or shape == "loop"):
            return every[n - 1]
        return every[n // 3] if above == "third" and n > 2 else "root"

    boards = [f"exposure.{n:02}" for n in range(12)]
    edges = [(parent(n), name) for n, name in enumerate(every)] + [("root", every[0])]
    edges += [(every[-1 - n], board) for n, board in enumerate(boards)]
    drawn = picture(edges, every + boards, tuple(f"Board {b}" for b in boards))
    assert len(names(drawn, "dashboard")) == 12
    assert len(names(drawn, "affected")) + drawn.hidden == 200
    assert len(drawn.boxes) < 60
    assert drawn.width <= 1300
    assert drawn.height <= 800
    assert not overlaps(drawn)


def test_service_levels_are_medians_and_nearest_ranks_of_what_is_known() -> None:
    rows = [
        {"severity": "P1" if n < 8 else "P2", "first_seen": AT, "opened_at": f"2026-03-01T03:{n:02}:00.000Z",
         "alerted_at": None, "resolved_at": "2026-03-01T04:00:00.000Z" if n == 0 else None}
        for n in range(10)
    ]  # fmt: skip
    detect, alert, resolve = service_levels(rows)
    assert (detect.overall.median, detect.overall.p90) == (270.0, 480.0)
    assert (detect.by_severity["P1"].count, detect.by_severity["P2"].median) == (8, 510.0)
    assert (alert.overall.median, alert.missing) == (None, 10)
    assert (resolve.overall.median, resolve.missing) == (3600.0, 9)


def test_every_mark_of_a_chart_lies_within_it_and_its_axis_reaches_over_the_highest() -> None:
    runs = [
        {"run_id": str(n), "status": "success", "started_at": f"2026-03-{n + 1:02}T05:00:00.000Z", "seconds": n * 7.3, "rows_in": n or None}
        for n in range(30)
    ]  # fmt: skip
    took, rows = run_charts(runs, "2026-03-01T00:00:00.000Z", "2026-03-31T00:00:00.000Z")
    assert (len(took.marks), len(rows.marks)) == (30, 29)
    assert all(0 <= m.x <= WIDTH and 0 <= m.y <= HEIGHT for m in took.marks)
    assert took.rows[-1][1] == "5 min"
    assert min(m.y for m in took.marks) >= took.rows[-1][0]


def test_a_chart_of_nothing_has_an_axis() -> None:
    (took, _) = run_charts([], "2026-03-01T00:00:00.000Z", "2026-03-31T00:00:00.000Z")
    assert took.rows[0][1] == "0 s"


def test_messages_that_follow_each_other_are_one_line_and_a_failure_says_why() -> None:
    alerts = [
        {"channel": "discord", "phase": phase, "error": error, "recorded_at": f"2026-03-01T03:0{n}:00.000Z"}
        for n, (phase, error) in enumerate([("failed", "503"), ("failed", "429"), ("sent", None), ("sent", None), ("sent", None)])
    ]  # fmt: skip
    said = [(e.said, e.detail) for e in timeline_of(INCIDENT, [], alerts)][1:]
    assert said == [
        ("The alert could not be sent, 2 times: discord", "429"),
        ("Alert sent: discord", ""),
        ("Message edited, 2 times: discord", ""),
    ]


def test_an_alert_links_to_the_page_of_the_incident_and_to_that_of_its_runbook() -> None:
    action = Action("Do it", runbook_id="duplicate-key", heading="Fix", quote="Do it")
    advised = replace(INCIDENT, advice=Advice((action, action, action), "runbook"))
    view = view_of(advised, {}, "https://claw.example.net")
    assert view.incident_url == "https://claw.example.net/incidents/inc-1"
    assert view.runbook_url == "https://claw.example.net/runbooks/duplicate-key"
    assert view_of(INCIDENT, {}, "https://claw.example.net").runbook_url is None


def test_times_and_numbers_are_said_as_people_say_them() -> None:
    assert [duration(s) for s in (None, 0.44, 9, 61, 3600, 7500, 90000)] == [
        "–", "0.4 s", "9 s", "1 min 1 s", "1 h", "2 h 5 min", "1 d 1 h",
    ]  # fmt: skip
    assert [ago(AT, later) for later in ("2026-03-01T03:00:30.000Z", "2026-03-01T05:10:00.000Z", "2026-05-01T00:00:00.000Z")] == [
        "just now", "2 h ago", "2026-03-01",
    ]  # fmt: skip
    assert [compact(n) for n in (0, 950, 20_000, 1_500_000)] == ["0", "950", "20 k", "1.5 M"]


@pytest.mark.parametrize("odd", ["2024-99-99T99:99:99.999Z", "", "soon", "2026-03-01"])
def test_what_is_no_moment_is_said_as_it_was_written(odd: str) -> None:
    assert (ago(odd, AT), seconds_between(odd, AT), seconds_between(AT, odd)) == (odd[:10], 0.0, 0.0)
    assert clock(odd).startswith(odd[:10])
