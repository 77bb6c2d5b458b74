"""The Power BI project, generated from the specification: the same files to the byte whenever nothing changed.

    tmdl      the semantic model's files        (names and culture beside it)
    mquery    how a table is imported
    dax       formats, and the measures that say a visual's finding
    report    pages and visuals; theme

`project(spec, model)` gives every file; `python -m olist.dashboards.powerbi` writes them.
"""

from olist.dashboards.powerbi.project import NAME, project

__all__ = ["NAME", "project"]
