"""Secrets as they stand in logs and settings: `name -> (text, secret)`. None is real, and none stands whole in this file.

Values come from a seeded generator and prefixes are joined here, so that a scanner of secrets finds nothing in the repository.
"""

from __future__ import annotations

import base64
import json
import random
import string

__all__ = ["NUMBERS", "SHAPES"]

_random = random.Random(20180903)
_ALNUM = string.ascii_letters + string.digits


def _some(length: int, letters: str = _ALNUM) -> str:
    """Random letters with at least one digit, as every key of this length has."""
    return "".join(_random.choices(letters, k=length - 1)) + _random.choice("23456789")


def _hex(length: int) -> str:
    return _some(length, "0123456789abcdef")


def _base64url(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


PASSWORD = "hunter" + _some(8)
PEM_LINES = [_some(64, _ALNUM + "+/") for _ in range(6)] + [_some(23) + "="]
_DASHES = "-" * 5


def _pem(kind: str, join: str = "\n", *, head: bool = True, tail: bool = True, lines: list[str] = PEM_LINES) -> str:
    begin = [f"{_DASHES}BEGIN {kind}{_DASHES}"] if head else []
    end = [f"{_DASHES}END {kind}{_DASHES}"] if tail else []
    return join.join([*begin, *lines, *end])


JWT = ".".join([_base64url({"alg": "HS256", "typ": "JWT"}), _base64url({"sub": "1234567890"}), _some(43)])
AWS_SECRET = _some(40, _ALNUM + "+/")
AZURE_KEY = _some(86, _ALNUM + "+/") + "=="
TOKENS = {
    "aws access key": "AK" + "IA" + _some(16, string.ascii_uppercase + string.digits),
    "aws session key": "AS" + "IA" + _some(16, string.ascii_uppercase + string.digits),
    "github token": "gh" + "p_" + _some(36),
    "github app token": "gh" + "s_" + _some(36),
    "github fine-grained token": "github" + "_pat_" + _some(22) + "_" + _some(59),
    "gitlab token": "gl" + "pat-" + _some(20),
    "slack bot token": "xo" + "xb-" + "2345678901-" + _some(24),
    "slack app token": "xa" + "pp-1-A02" + _some(8) + "-" + _some(40),
    "google api key": "AI" + "za" + _some(35, _ALNUM + "-_"),
    "google oauth token": "ya" + "29.a0" + _some(60, _ALNUM + "-_"),
    "google client secret": "GOC" + "SPX-" + _some(28),
    "google refresh token": "1/" + "/0" + _some(40),
    "openai key": "s" + "k-" + "Zz" + _some(46),
    "openai project key": "s" + "k-proj-" + _some(48),
    "anthropic key": "s" + "k-ant-api03-" + _some(80),
    "stripe secret key": "s" + "k_live_" + _some(24),
    "stripe webhook secret": "wh" + "sec_" + _some(32),
    "npm token": "np" + "m_" + _some(36),
    "pypi token": "py" + "pi-AgEIcHlwaS5vcmc" + _some(60),
    "hugging face token": "h" + "f_" + _some(34, string.ascii_letters),
    "docker token": "dc" + "kr_pat_" + _some(27),
    "sendgrid key": "S" + "G." + _some(22) + "." + _some(43),
    "databricks token": "da" + "pi" + _hex(32),
    "dbt cloud token": "db" + "tc_" + _some(40),
    "vault token": "hv" + "s." + _some(24),
    "terraform token": _some(14) + ".atlas" + "v1." + _some(60),
    "digitalocean token": "do" + "p_v1_" + _hex(64),
    "grafana token": "gl" + "sa_" + _some(32) + "_" + _hex(8),
    "shopify token": "sh" + "pat_" + _hex(32),
    "age key": "AGE-" + "SECRET-KEY-1" + _some(58, string.ascii_uppercase + string.digits),
    "atlassian token": "AT" + "ATT3" + _some(60),
    "discord bot token": "M" + _some(23) + "." + _some(6) + "." + _some(38),
    "entra client secret": _some(3) + "8" + "Q~" + _some(34),
    "jwt": JWT,
    "jwt cut short": JWT[:40],
}
# Text, and what of it must not be seen.
SHAPES: dict[str, tuple[str, str]] = {name: (token, token) for name, token in TOKENS.items()} | {
    "environment": (f"PGPASSWORD={PASSWORD}", PASSWORD),
    "environment with prefix": (f"export DBT_ENV_SECRET_DB_PASSWORD={PASSWORD}", PASSWORD),
    "environment of one environment": (f"DB_PASS_PROD='{PASSWORD}'", PASSWORD),
    "json": (json.dumps({"user": "etl", "password": PASSWORD, "port": 5432}), PASSWORD),
    "json in json": (json.dumps(json.dumps({"client_secret": PASSWORD})), PASSWORD),
    "json in json in json": (json.dumps(json.dumps(json.dumps({"api_key": PASSWORD}))), PASSWORD),
    "json with a quote in it": (json.dumps({"password": f'{PASSWORD}"{AWS_SECRET}'}), AWS_SECRET),
    "json cut short": ('{"password": "' + PASSWORD, PASSWORD),
    "python": (f"connect(host='db', password='{PASSWORD}', port=5432)", PASSWORD),
    "python pair": (f"[('host', 'db'), ('password', '{PASSWORD}')]", PASSWORD),
    "python item": (f"os.environ['DB_PASSWORD'] = '{PASSWORD}'", PASSWORD),
    "yaml": (f"      user: etl\n      password: {PASSWORD}\n      threads: 4", PASSWORD),
    "yaml quoted": (f'pass: "{PASSWORD} with blanks"', PASSWORD),
    "toml": (f'access_token = "{PASSWORD}"', PASSWORD),
    "ruby": (f":password => '{PASSWORD}'", PASSWORD),
    "xml": (f"<db:Password>{PASSWORD}</db:Password>", PASSWORD),
    "libpq": (f"host=db dbname=olist user=etl password={PASSWORD} sslmode=require", PASSWORD),
    "libpq quoted": (f"host=db password='{PASSWORD}\\'{AWS_SECRET}' user=etl", AWS_SECRET),
    "comma in a password": (f"password={PASSWORD},{AWS_SECRET} next", AWS_SECRET),
    "jdbc": (f"jdbc:postgresql://db:5432/olist?user=etl&password={PASSWORD}&ssl=true", PASSWORD),
    "jdbc sql server": (f"jdbc:sqlserver://db:1433;user=sa;password={PASSWORD};encrypt=true", PASSWORD),
    "odbc": (f"Driver={{ODBC Driver 18}};Server=db;UID=sa;PWD={PASSWORD};", PASSWORD),
    "postgres url": (f"postgresql+psycopg://etl:{PASSWORD}@db.internal:5432/olist", PASSWORD),
    "url with at in the password": (f"postgres://etl:{PASSWORD}@{AWS_SECRET[:12]}@db/olist", PASSWORD),
    "url with slash in the password": (f"postgres://etl:{PASSWORD}/x@db/olist", PASSWORD),
    "redis url": (f"redis://:{PASSWORD}@cache:6379/0", PASSWORD),
    "mongo url": (f"mongodb+srv://etl:{PASSWORD}@cluster0.example.net/?retryWrites=true", PASSWORD),
    "url with a token": (f"https://{(dsn := _hex(40))}@git.example.net/olist.git", dsn),
    "oracle": (f"sqlplus etl/{PASSWORD}@db:1521/ORCL", PASSWORD),
    "pgpass": (f"db.internal:5432:olist:etl:{PASSWORD}", PASSWORD),
    "netrc": (f"machine git.example.net login etl password {PASSWORD}", PASSWORD),
    "npmrc": (f"//registry.example.net/:_authToken={PASSWORD}{_some(20)}", PASSWORD),
    "kaggle.json": (f'{{"username":"someone","key":"{(kaggle := _hex(32))}"}}', kaggle),
    "sql create role": (f"CREATE ROLE etl LOGIN PASSWORD '{PASSWORD}'", PASSWORD),
    "sql identified by, bare": (f"CREATE USER etl IDENTIFIED BY {PASSWORD};", PASSWORD),
    "sql identified by, bare and small": (f"alter user etl identified by {PASSWORD}", PASSWORD),
    "url with at and slash": (f"postgresql://etl:p@{PASSWORD}/{PASSWORD}@db/olist", PASSWORD),
    "percent-encoded secret": (f"https://example.net/?next=a%26client_secret%3D{PASSWORD}", PASSWORD),
    "percent-encoded token": (f"state=a%26token%3d{PASSWORD}", PASSWORD),
    "sql identified by": (f'CREATE USER etl IDENTIFIED BY "{PASSWORD}"', PASSWORD),
    "sql copy credentials": (f"COPY t FROM 's3://b' CREDENTIALS 'aws_secret_access_key={AWS_SECRET}'", AWS_SECRET),
    "flag": (f"psql-load --db-password {PASSWORD} --verbose", PASSWORD),
    "flag with equals": (f"load --token={PASSWORD} --verbose", PASSWORD),
    "curl user": (f"curl -u etl:{PASSWORD} https://api.example.net", PASSWORD),
    "mysql flag": (f"mysql -h db -u root -p{PASSWORD} olist", PASSWORD),
    "bearer": (f"Authorization: Bearer {PASSWORD}{_some(20)}", PASSWORD),
    "bearer in curl": (f"curl -H 'Authorization: Bearer {PASSWORD}' https://api.example.net", PASSWORD),
    "bearer in json": (json.dumps({"headers": {"authorization": f"Bearer {PASSWORD}"}}), PASSWORD),
    "bearer alone": (f"sent with Bearer {PASSWORD}{_some(20)}", PASSWORD),
    "basic": (f"proxy-authorization: Basic {(b64 := base64.b64encode(b'etl:' + PASSWORD.encode()).decode())}", b64),
    "digest": (f'Authorization: Digest username="etl", response="{(digest := _hex(32))}"', digest),
    "api key header": (f"x-api-key: {PASSWORD}", PASSWORD),
    "cookie": (f"Cookie: theme=dark; session={PASSWORD}", PASSWORD),
    "set-cookie": (f"< Set-Cookie: sid={PASSWORD}; HttpOnly; Path=/", PASSWORD),
    "cookie in json": (json.dumps({"Cookie": f"sid={PASSWORD}; theme=dark", "Accept": "*/*"}), PASSWORD),
    "aws secret": (f"aws_secret_access_key = {AWS_SECRET}", AWS_SECRET),
    "azure storage": (f"DefaultEndpointsProtocol=https;AccountName=olist;AccountKey={AZURE_KEY};Suffix=x", AZURE_KEY),
    "azure service bus": (f"Endpoint=sb://x/;SharedAccessKeyName=root;SharedAccessKey={AZURE_KEY}", AZURE_KEY),
    "azure sas": (f"https://olist.blob.example.net/b?sv=2024-01-01&sig={(sig := _some(43))}%3D&se=2027", sig),
    "signed url": (f"https://storage.example.net/o?X-Goog-Signature={(signed := _hex(128))}&x=1", signed),
    "discord webhook": (f"https://discord.com/api/webhooks/{'1' * 18}/{(hook := _some(68))}", hook),
    "slack webhook": (f"https://hooks.slack.com/services/T00/B00/{(slack := _some(24))}", slack),
    "teams webhook": (f"https://olist.webhook.office.com/webhookb2/{(teams := _hex(32))}@x/IncomingWebhook/y", teams),
    "service account": (
        json.dumps({"type": "service_account", "private_key": _pem("PRIVATE KEY") + "\n", "client_id": "1"}),
        PEM_LINES[2],
    ),
    "private key": (_pem("RSA PRIVATE KEY"), PEM_LINES[-1]),
    "private key of openssh": (_pem("OPENSSH PRIVATE KEY"), PEM_LINES[0]),
    "private key on one line": (_pem("EC PRIVATE KEY", "\\n"), PEM_LINES[-1]),
    "private key in json in json": (_pem("PRIVATE KEY", "\\\\n"), PEM_LINES[-1]),
    "private key with crlf": (_pem("PRIVATE KEY", "\r\n"), PEM_LINES[-1]),
    "private key indented": (_pem("PRIVATE KEY", "\n      "), PEM_LINES[-1]),
    "private key without its end": (_pem("PRIVATE KEY", tail=False), PEM_LINES[-1]),
    "private key cut in a line": (
        _pem("PRIVATE KEY", tail=False, lines=[*PEM_LINES[:3], PEM_LINES[3][:9]]),
        PEM_LINES[2],
    ),
    "private key without its beginning": (_pem("PRIVATE KEY", head=False), PEM_LINES[1]),
    "private key without beginning, on one line": (_pem("PRIVATE KEY", "\\n", head=False), PEM_LINES[1]),
    "encrypted private key": (
        _pem("RSA PRIVATE KEY", lines=["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0A1B", "", *PEM_LINES]),
        PEM_LINES[3],
    ),
    "pgp private key": (_pem("PGP PRIVATE KEY BLOCK", lines=["Version: GnuPG v2", "", *PEM_LINES]), PEM_LINES[4]),
    "putty key": ("Private-Lines: 7\n" + "\n".join(PEM_LINES), PEM_LINES[5]),
    "senha": (f"senha={PASSWORD}", PASSWORD),
    "e-mail": ("maria.silva" + "@example.com.br", "maria.silva"),
    "e-mail in a url": ("user=maria.silva" + "%40example.com", "maria.silva"),
}
# Numbers are looked for as words: inside a longer run of letters and digits they are another number.
NUMBERS: dict[str, str] = {
    "visa": "4111 " + "1111 1111 " + "1111",
    "visa in one": "4111" + "11111111" + "1111",
    "mastercard": "5500-" + "0055-5555-" + "5559",
    "american express": "3400 " + "000000 " + "00009",
    "elo": "6362" + "970000" + "457013",
    "cpf": "529." + "982.247" + "-25",
    "cnpj": "11.222" + ".333/0001" + "-81",
    "cnpj with letters": "12.ABC" + ".345/01DE" + "-35",
}
