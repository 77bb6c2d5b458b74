"""DAX that is made, not written: formats, and the measures whose text is a visual's title in the reader's language.

A title measure is the template of the specification with its figures formatted as `olist.dashboards.numbers` formats them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from olist.dashboards.checks import PLACEHOLDER
from olist.dashboards.numbers import NOTHING, compact
from olist.dashboards.powerbi.theme import BAD, GOOD
from olist.dashboards.spec import LOCALES, Format, Locale, Metric, Spec, Visual

__all__ = ["FORMATS", "Measure", "colour_name", "judged", "measures", "title_name"]

FORMATS: dict[Format, str | None] = {
    "money": r"\R\$\ #,0.00",
    "integer": "#,0",
    "percent": "0.0%",
    "score": "0.00",
    "points": "0",
    "days": "0.0",
    "hours": "0.0",
    "month": "mmm yyyy",
    "moment": "yyyy-mm-dd hh:nn",
    "text": None,
}
"""Format strings of measures; Power BI puts the separators of the reader's locale."""
_TITLES = {"pt-BR": "Títulos", "en-US": "Titles"}
_COLOURS = {"pt-BR": "Cores", "en-US": "Colours"}


@dataclass(frozen=True)
class Measure:
    """One measure as the model holds it, its Portuguese beside its English."""

    name: str
    caption: str
    dax: str
    format_string: str | None
    folder: str
    folder_caption: str
    description: str
    description_caption: str
    hidden: bool


def measures(spec: Spec) -> Iterator[Measure]:
    """The metrics', then the titles'."""
    for metric in spec.metrics.values():
        yield Measure(
            name=metric.name["en-US"],
            caption=metric.name["pt-BR"],
            dax=metric.dax.strip(),
            format_string=FORMATS[metric.format],
            folder=metric.folder["en-US"],
            folder_caption=metric.folder["pt-BR"],
            description=metric.description["en-US"],
            description_caption=metric.description["pt-BR"],
            hidden=metric.hidden,
        )
    for visual in spec.visuals.values():
        yield _made(title_name(visual), _title(spec, visual), _TITLES, visual, "Title", "Título")
    for visual in judged(spec):
        yield _made(colour_name(visual), _colour(spec, visual), _COLOURS, visual, "Colour", "Cor")


def judged(spec: Spec) -> Iterator[Visual]:
    """The cards whose metric has a fixed target and a direction: their figure is green when it is met, else red."""
    for visual in spec.visuals.values():
        metric = spec.metrics[visual.metrics[0]]
        if visual.kind == "kpi" and metric.better and metric.target and metric.target.value is not None:
            yield visual


def title_name(visual: Visual) -> str:
    """The name of a visual's title measure."""
    return f"Title {visual.id}"


def colour_name(visual: Visual) -> str:
    """The name of the measure that colours a card."""
    return f"Colour {visual.id}"


def _made(name: str, dax: str, folder: dict[str, str], visual: Visual, english: str, portuguese: str) -> Measure:
    """A hidden measure that belongs to one visual."""
    return Measure(
        name=name,
        caption=name,
        dax=dax,
        format_string=None,
        folder=folder["en-US"],
        folder_caption=folder["pt-BR"],
        description=f"{english} of {visual.id}.",
        description_caption=f"{portuguese} de {visual.id}.",
        hidden=True,
    )


def _colour(spec: Spec, visual: Visual) -> str:
    metric = spec.metrics[visual.metrics[0]]
    sign = ">=" if metric.better == "higher" else "<="
    target = metric.target.value if metric.target else None
    return f'IF([{metric.name["en-US"]}] {sign} {target:g}, "{GOOD}", "{BAD}")'


def _title(spec: Spec, visual: Visual) -> str:
    templates = {locale: _with_target(spec, visual, locale) for locale in LOCALES}
    used = sorted(set(PLACEHOLDER.findall(templates["en-US"])))
    lines = ['VAR Portuguese = LEFT(USERCULTURE(), 2) = "pt"']
    if used:
        lines.append('VAR Culture = IF(Portuguese, "pt-BR", "en-US")')
    for metric_id in used:
        lines += _value(spec, spec.metrics[metric_id])
    lines += ["RETURN", f"    IF(Portuguese, {_joined(templates['pt-BR'])}, {_joined(templates['en-US'])})"]
    return "\n".join(lines)


def _with_target(spec: Spec, visual: Visual, locale: Locale) -> str:
    """A card's title, and what it should reach."""
    title = visual.title[locale]
    metric = spec.metrics[visual.metrics[0]]
    if visual.kind != "kpi" or metric.target is None or metric.target.value is None:
        return title  # a target that is a metric moves with the months, and stands in the chart
    word = {"pt-BR": "meta", "en-US": "target"}[locale]
    return f"{title} · {word} {compact(metric.target.value, metric.format, locale)}"


def _joined(template: str) -> str:
    """Words and variables, concatenated."""
    parts = PLACEHOLDER.split(template)
    words = [
        f"{part}_text" if odd else '"' + part.replace('"', '""') + '"' for odd, part in _alternating(parts) if part
    ]
    return " & ".join(words)


def _alternating(parts: list[str]) -> Iterator[tuple[bool, str]]:
    """`re.split` with one group gives text and names in turn."""
    for number, part in enumerate(parts):
        yield number % 2 == 1, part


def _value(spec: Spec, metric: Metric) -> list[str]:
    """Variables <id>_value and <id>_text."""
    value, text = f"{metric.id}_value", f"{metric.id}_text"
    shown = _labelled(spec, metric, value) if metric.values_of else _formatted(metric.format, value)
    return [
        f"VAR {value} = [{metric.name['en-US']}]",
        f"VAR {text} =",
        f'    IF(ISBLANK({value}), "{NOTHING}", {shown})',
    ]


def _labelled(spec: Spec, metric: Metric, value: str) -> str:
    labels = spec.dimensions[metric.values_of or ""].labels
    cases = "".join(f', "{code}", "{label["pt-BR"]}"' for code, label in labels.items())
    return f"IF(Portuguese, SWITCH({value}{cases}, {value}), {value})"


def _formatted(kind: Format, value: str) -> str:
    """An expression of text, as `numbers.compact` writes it."""
    if kind in ("money", "integer"):
        return _scaled(kind, value)
    if kind == "text":
        return value
    if kind == "moment":
        return f'FORMAT({value}, IF(Portuguese, "dd/mm/yyyy hh:nn", "yyyy-mm-dd hh:nn"), Culture)'
    if kind == "month":
        return f'SUBSTITUTE(FORMAT({value}, "mmm yyyy", Culture), ".", "")'
    pattern, suffix = {
        "percent": ("0.0%", '""'),
        "score": ("0.00", '""'),
        "points": ("0", '""'),
        "days": ("0.0", 'IF(Portuguese, " dias", " days")'),
        "hours": ("0.0", '" h"'),
    }[kind]
    return f'FORMAT({value}, "{pattern}", Culture) & {suffix}'


def _scaled(kind: Format, value: str) -> str:
    size = f"ABS({value})"
    small = "#,0.00" if kind == "money" else "#,0"
    prefix = 'IF(Portuguese, "R$ ", "R$") & ' if kind == "money" else ""
    cases = ", ".join(
        f'{size} >= {start}, FORMAT({size} / {scale}, "#,0.0", Culture) & IF(Portuguese, "{words}", "{letter}")'
        for start, scale, words, letter in (
            (999950000, 1000000000, " bi", "B"),
            (999950, 1000000, " mi", "M"),
            (10000, 1000, " mil", "K"),
        )
    )
    return f'IF({value} < 0, "-", "") & {prefix}SWITCH(TRUE(), {cases}, FORMAT({size}, "{small}", Culture))'
