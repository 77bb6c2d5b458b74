"""Stands in for dbt's cross-database macros when sqlfluff renders a model: it needs something that parses, not the right answer."""


def listagg(text: str, delimiter: str, order_by: str) -> str:
    """The one macro whose arguments are not all expressions."""
    return f"string_agg({text}, {delimiter} {order_by})"


def __getattr__(name: str) -> object:
    if name.startswith("type_"):
        return lambda: "text"
    return lambda *arguments, **_: f"{name}({', '.join(str(a) for a in arguments)})"
