"""Stands in for Google's Terraform provider where it cannot be downloaded: it tells the schema, and nothing else.

Terraform starts it as a plugin, from a folder that the CLI's configuration names under `dev_overrides`. With it `terraform validate` holds
names, types, references and required arguments against the schema, and `terraform test` runs on mocks. Beside it must lie `schema.json`
(google_schema.py) and the modules that grpcio-tools makes of provider.proto.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from concurrent import futures
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import provider_pb2 as messages  # noqa: E402
import provider_pb2_grpc as service  # noqa: E402

_LIST = 2  # NestingMode of a block that is written any number of times
_SETTINGS = ("project", "region", "zone", "billing_project", "credentials", "impersonate_service_account")


class Provider(service.ProviderServicer):
    """Answers what `validate` and `test` ask; there is nothing behind it."""

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's names
        known = json.loads((HERE / "schema.json").read_text(encoding="utf-8"))
        settings = {name: {"type": "string"} for name in _SETTINGS} | {"user_project_override": {"type": "bool"}}
        answer = messages.Schemas(provider=messages.Schema(block=_block({"attributes": settings, "blocks": {}})))
        for name, block in known["resources"].items():
            answer.resource_schemas[name].CopyFrom(messages.Schema(block=_block(block)))
        for name, block in known["data_sources"].items():
            answer.data_source_schemas[name].CopyFrom(messages.Schema(block=_block(block)))
        return answer

    def PrepareProviderConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return messages.Prepared(prepared_config=request.config)

    def _nothing(self, request: Any, context: Any) -> Any:
        return messages.Empty()

    ValidateResourceTypeConfig = ValidateDataSourceConfig = Configure = Stop = _nothing


def _block(described: dict[str, Any]) -> Any:
    block = messages.Block()
    for name, attribute in described["attributes"].items():
        required, computed = attribute.get("required", False), attribute.get("computed", False)
        block.attributes.append(
            messages.Attribute(
                name=name,
                type=json.dumps(attribute["type"]).encode(),
                required=required,
                optional=not required and not computed,
                computed=not required,
            )
        )
    for name, nested in described["blocks"].items():
        least, most = int(nested["required"]), int(nested["single"])
        block.block_types.append(
            messages.NestedBlock(
                type_name=name, block=_block(nested["block"]), nesting=_LIST, min_items=least, max_items=most
            )
        )
    return block


def _certificate() -> tuple[bytes, x509.Certificate]:
    """A key and a certificate for this one conversation: Terraform wants the pipe encrypted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), certificate


def main() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.max_send_message_length", 256 << 20)])
    service.add_ProviderServicer_to_server(Provider(), server)
    socket = f"{tempfile.mkdtemp()}/socket"
    told = f"1|5|unix|{socket}|grpc"
    if os.environ.get("PLUGIN_CLIENT_CERT"):
        key, certificate = _certificate()
        pair = (key, certificate.public_bytes(Encoding.PEM))
        server.add_secure_port(f"unix:{socket}", grpc.ssl_server_credentials([pair]))
        told += "|" + base64.b64encode(certificate.public_bytes(Encoding.DER)).decode().rstrip("=")
    else:
        server.add_insecure_port(f"unix:{socket}")
    server.start()
    sys.stdout.write(told + "\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
