"""Writes the schema of Google's Terraform provider as JSON, from the description inside `cdktf-cdktf-provider-google`.

    python google_schema.py OUT.json [google_storage_bucket …]

That package is generated from the real provider's schema: names, types, which arguments are required. What it lacks are allowed values
and ranges, so these are not checked. Each property names the argument it stands for by the link to its documentation.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

_ARGUMENT = re.compile(r"providers/hashicorp/google/[\d.]+/docs/(?:resources|data-sources)/\w+#(\w+)")
_NAME = re.compile(r"providers/hashicorp/google/[\d.]+/docs/(?:resources|data-sources)/(\w+)[ }\"]")
_KINDS = {"cdktf.TerraformResource": "resources", "cdktf.TerraformDataSource": "data_sources"}
_PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool"}
# Arguments of later versions than the package's, from the provider's own documentation; versions.tf asks for one that has them.
_NEWER = {"google_cloud_run_v2_service": {"iap_enabled": {"type": "bool", "required": False}}}
_DEPTH = 12  # deeper than any resource nests, and a stop for those that nest in themselves

Types = dict[str, Any]


def main() -> None:
    target, wanted = Path(sys.argv[1]), set(sys.argv[2:])
    types: Types = _description()["types"]
    schema: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS.values()}
    for name, described in types.items():
        kind = _KINDS.get(described.get("base", ""))
        resource = _NAME.search(json.dumps(described.get("docs", {})))
        if kind and resource and (not wanted or f"google_{resource[1]}" in wanted):
            schema[kind][f"google_{resource[1]}"] = _with_results(_block(types, f"{name}Config", 0), described)
    for resource, arguments in _NEWER.items():
        if resource in schema["resources"]:
            schema["resources"][resource]["attributes"] |= arguments
    missing = wanted - set(schema["resources"]) - set(schema["data_sources"])
    if missing:
        sys.exit(f"not in the provider: {', '.join(sorted(missing))}")
    target.write_text(json.dumps(schema), encoding="utf-8")


def _description() -> dict[str, Any]:
    # Looked up and not imported: importing it starts a Node.js.
    folder = Path(str(distribution("cdktf-cdktf-provider-google").locate_file("cdktf_cdktf_provider_google/_jsii")))
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        member = archive.extractfile("package/.jsii")
        if member is None:
            sys.exit("the package has no description inside")
        described: dict[str, Any] = json.load(member)
        return described


def _block(types: Types, name: str, depth: int) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    blocks: dict[str, Any] = {}
    for described in types[name].get("properties", []):
        argument = _ARGUMENT.search(json.dumps(described.get("docs", {})))
        if argument is None:
            continue
        kind, nested = _type(types, described["type"])
        required = not described.get("optional", False)
        if nested is None:
            attributes[argument[1]] = {"type": kind, "required": required}
        elif depth < _DEPTH:
            blocks[argument[1]] = {
                "single": kind == "block",
                "required": required,
                "block": _block(types, nested, depth + 1),
            }
    return {"attributes": attributes, "blocks": blocks}


def _type(types: Types, described: dict[str, Any]) -> tuple[Any, str | None]:
    """Terraform's type, or `block`/`blocks` and the name of what is nested."""
    if "primitive" in described:
        return _PRIMITIVES.get(described["primitive"], "dynamic"), None
    if "fqn" in described:
        own = described["fqn"] in types and described["fqn"].startswith("@cdktf/provider-google")
        return ("block", described["fqn"]) if own else ("dynamic", None)
    if "collection" in described:
        kind, nested = _type(types, described["collection"]["elementtype"])
        if nested is not None:
            return "blocks", nested
        return ["list" if described["collection"]["kind"] == "array" else "map", kind], None
    # A union of the plain type with cdktf's own token for it.
    options = [_type(types, option) for option in described["union"]["types"]]
    return next((o for o in options if o[1] is not None or o[0] == "bool" or isinstance(o[0], list)), ("dynamic", None))


def _with_results(block: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """The block with what the provider computes: the other readable properties of the class."""
    known = {*block["attributes"], *block["blocks"]}
    for each in described.get("properties", []):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", each["name"]).lower()
        kind = each["type"].get("primitive")
        inherited = each.get("static") or each.get("overrides") or name.endswith("_input")
        if kind in _PRIMITIVES and name not in known and not inherited:
            block["attributes"][name] = {"type": _PRIMITIVES[kind], "computed": True}
    block["attributes"].setdefault("id", {"type": "string", "computed": True})
    return block


if __name__ == "__main__":
    main()
