"""Few colours: ink on paper, one accent, one for warnings."""

from __future__ import annotations

from typing import Any

__all__ = ["BAD", "BASE_THEME", "GOOD", "HEAT", "THEME_FILE", "colours", "theme"]

BASE_THEME = "CY24SU10"
THEME_FILE = "OlistTheme.json"
INK, QUIET, PAPER, SURFACE, RULE = "#1B2733", "#5B6B7A", "#F5F6F8", "#FFFFFF", "#D9DEE4"
ACCENT, WARNING, GOOD, BAD = "#0B6E69", "#C9701B", "#2E7D4F", "#B23A3A"
HEAT = ("#FFFFFF", "#7DB8B4")
"""From nothing to much, in the cells of a matrix."""
_SERIES = [ACCENT, WARNING, "#4A6FA5", "#8FA6B2", "#7A5C99", "#A3B86C"]
_FONT = "Segoe UI"


def colours() -> dict[str, str]:
    """The colours by name, for a style sheet."""
    named = {"ink": INK, "quiet": QUIET, "paper": PAPER, "surface": SURFACE, "rule": RULE, "accent": ACCENT}
    return named | {"warning": WARNING, "good": GOOD, "bad": BAD, "hot": HEAT[1]}


def theme() -> dict[str, Any]:
    """The theme's file."""
    return {
        "name": THEME_FILE.removesuffix(".json"),
        "dataColors": _SERIES,
        "good": GOOD,
        "neutral": QUIET,
        "bad": BAD,
        "maximum": ACCENT,
        "center": "#9CC4C1",
        "minimum": "#EAF3F2",
        "foreground": INK,
        "foregroundNeutralSecondary": QUIET,
        "background": SURFACE,
        "backgroundLight": PAPER,
        "tableAccent": ACCENT,
        "textClasses": {
            "callout": {"fontSize": 22, "fontFace": f"{_FONT} Semibold", "color": INK},
            "title": {"fontSize": 11, "fontFace": f"{_FONT} Semibold", "color": INK},
            "header": {"fontSize": 10, "fontFace": f"{_FONT} Semibold", "color": INK},
            "label": {"fontSize": 9, "fontFace": _FONT, "color": QUIET},
        },
        "visualStyles": {
            "*": {"*": _container()},
            "page": {"*": {"background": [{"color": _solid(PAPER), "transparency": 0}]}},
            "textbox": {"*": {"background": [{"show": False}], "border": [{"show": False}]}},
            "slicer": {"*": {"background": [{"show": False}], "border": [{"show": False}]}},
            "card": {"*": {"categoryLabels": [{"show": False}], "labels": [{"labelPrecision": 1}]}},
        },
    }


def _container() -> dict[str, Any]:
    """What every visual has: a white sheet with a hairline, its title on top and on the left."""
    return {
        "background": [{"show": True, "color": _solid(SURFACE), "transparency": 0}],
        "border": [{"show": True, "color": _solid(RULE), "radius": 6, "width": 1}],
        "dropShadow": [{"show": False}],
        "title": [{"alignment": "left", "titleWrap": True, "fontColor": _solid(INK)}],
        "legend": [{"position": "Top", "showTitle": False}],
        "categoryAxis": [{"showAxisTitle": False, "gridlineShow": False}],
        "valueAxis": [{"showAxisTitle": False, "gridlineColor": _solid(RULE)}],
    }


def _solid(colour: str) -> dict[str, Any]:
    return {"solid": {"color": colour}}
