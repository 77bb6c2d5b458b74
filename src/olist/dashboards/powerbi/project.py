"""Every file of the PBIP project by its path, and the few that say what belongs together."""

from __future__ import annotations

import json
from typing import Any

from olist.dashboards.model import Model
from olist.dashboards.powerbi.naming import guid
from olist.dashboards.powerbi.report import report_files
from olist.dashboards.powerbi.tmdl import model_files
from olist.dashboards.spec import Spec

__all__ = ["NAME", "project"]

NAME = "Olist"
_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"
_REPORT, _MODEL = f"{NAME}.Report", f"{NAME}.SemanticModel"


def project(spec: Spec, model: Model) -> dict[str, bytes]:
    """Path within the project's folder: content. UTF-8, LF."""
    files: dict[str, Any] = {
        f"{NAME}.pbip": {
            "$schema": f"{_SCHEMAS}/pbip/pbipProperties/1.0.0/schema.json",
            "version": "1.0",
            "artifacts": [{"report": {"path": _REPORT}}],
            "settings": {"enableAutoRecovery": True},
        },
        ".gitignore": "**/.pbi/localSettings.json\n**/.pbi/cache.abf\n",
        f"{_MODEL}/.platform": _platform("SemanticModel"),
        f"{_MODEL}/definition.pbism": {
            "$schema": f"{_SCHEMAS}/item/semanticModel/definitionProperties/1.0.0/schema.json",
            "version": "4.2",
            "settings": {},
        },
        f"{_REPORT}/.platform": _platform("Report"),
        f"{_REPORT}/definition.pbir": {
            "$schema": f"{_SCHEMAS}/item/report/definitionProperties/2.0.0/schema.json",
            "version": "4.0",
            "datasetReference": {"byPath": {"path": f"../{_MODEL}"}},
        },
        **{f"{_MODEL}/definition/{path}": text for path, text in model_files(spec, model).items()},
        **{f"{_REPORT}/{path}": document for path, document in report_files(spec).items()},
    }
    return {path: _bytes(content) for path, content in sorted(files.items())}


def _bytes(content: Any) -> bytes:
    text = content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    return text.encode()


def _platform(kind: str) -> dict[str, Any]:
    return {
        "$schema": f"{_SCHEMAS}/gitIntegration/platformProperties/2.0.0/schema.json",
        "metadata": {"type": kind, "displayName": NAME},
        "config": {"version": "2.0", "logicalId": guid("item", kind)},
    }
