"""Stands in for dbt's adapter when sqlfluff renders a model."""

from collections.abc import Callable


def dispatch(name: str, *_: object) -> Callable[..., str]:
    """A macro that renders as a call of its own name."""
    return lambda *arguments, **__: f"{name}({', '.join(str(a) for a in arguments)})"
