"""Takes secrets and personal data out of text before it leaves the machine: to Discord, to Gemini, to a page or a log.

What says where a secret stood stays (the key's name, the host, the user), so that the diagnosis can still be read. Redacting twice is
redacting once. Each pattern is a head of bounded length and a tail that cannot fail, so that time grows with the text and hostile
text cannot make it grow faster.

What has no shape is not found: a password in prose, a hexadecimal key without its name. Such text must not be recorded at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["REDACTED", "redact"]

REDACTED = "[redacted]"
# Taking out one secret may lay bare another's name; one round more finds it. Most texts need one, nearly all others two.
_ROUNDS = 6
# Words of a marker never match again, however often a text passes here.
_UNMARKED = r"(?!\[redacted)"


def redact(text: str) -> str:
    """The text without keys, tokens, passwords, private keys, cookies, card numbers, CPF, CNPJ and e-mail addresses."""
    for _ in range(_ROUNDS):
        shown = _once(text)
        if shown == text:
            break
        text = shown
    return text


def _once(text: str) -> str:
    text = _without_private_keys(text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


# --- Private keys -------------------------------------------------------------------------------------------------------------

_BREAK = r"(?:\s|\\{1,8}[nrt])"  # a line's end, also as JSON inside JSON writes it
_CODE = r"[A-Za-z0-9+/=]"
_BEGIN = r"-{4,5}[ ]?BEGIN[ ][A-Z0-9 ]{0,40}PRIVATE[ ]KEY(?:[ ]BLOCK)?[ ]?-{4,5}|Private-Lines:[ ]\d{1,4}"
_END = r"-{4,5}[ ]?END[ ][A-Z0-9 ]{0,40}PRIVATE[ ]KEY(?:[ ]BLOCK)?[ ]?-{4,5}"
_PRIVATE_KEY = re.compile(
    rf"""(?:{_BEGIN})
    (?:{_BREAK}++(?:[A-Z][A-Za-z-]{{2,20}}:\ [^\n\\]*+)?)*+   # Proc-Type, DEK-Info, Version
    (?:["'+>|\s]|{_BREAK}|{_CODE}{{16,}}+|-(?!-))*+                # whole lines, quoted or not
    (?:{_CODE}{{1,15}}+{_BREAK}*+)?                           # the last, or where the text was cut
    (?:{_END})?""",
    re.VERBOSE,
)
_KEY_END = re.compile(_END)
_LINES_BACKWARDS = re.compile(r"(?:\s*+[A-Za-z0-9+/=\\]++)?(?:\s*+[A-Za-z0-9+/=\\]{16,}+)*")
_KEY_MARK = "[redacted private key]"


def _without_private_keys(text: str) -> str:
    if "PRIVATE KEY" not in text and "Private-Lines" not in text:
        return text
    return _without_headless_keys(_PRIVATE_KEY.sub(_KEY_MARK, text))


def _without_headless_keys(text: str) -> str:
    """A key whose beginning was cut off: the lines of base64 before its end, read backwards from there."""
    parts: list[str] = []
    done = 0
    for end in _KEY_END.finditer(text):
        before = text[done : end.start()]
        lines = _LINES_BACKWARDS.match(before[::-1])
        parts += [before[: len(before) - (lines.end() if lines else 0)], _KEY_MARK]
        done = end.end()
    return "".join(parts) + text[done:]


# --- Tokens that say by their first letters what they are ----------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
      eyJ[\w-]{16}[\w.=-]*                                              # JWT, and other JSON in base64
    | (?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{16}                     # AWS
    | gh[pousr]_[A-Za-z0-9]{20}\w* | github_pat_\w{20}\w*               # GitHub
    | gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|imt|oas)-[\w-]{16}[\w.-]*    # GitLab
    | xox[abeoprs]-[\w-]{10}[\w-]* | xapp-\d-[\w-]{10}[\w-]*            # Slack
    | AIza[\w-]{30}[\w-]* | AQ\.[A-Z][\w-]{30}[\w-]*                    # Google API keys
    | ya29\.[\w-]{10}[\w.-]* | GOCSPX-[\w-]{20}[\w-]* | 1//0[\w-]{20}[\w-]*
    | sk-(?:proj|ant|or|svcacct|admin)-[\w-]{16}[\w-]*                  # OpenAI, Anthropic, OpenRouter
    | sk-(?=[0-9a-f]{0,40}[G-Zg-zA-F])[A-Za-z0-9]{32}[A-Za-z0-9]*
    | (?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10}\w* | whsec_[A-Za-z0-9+/=]{16}[A-Za-z0-9+/=]*   # Stripe
    | npm_[A-Za-z0-9]{30}[A-Za-z0-9]* | pypi-AgE[\w-]{16}[\w-]*         # package registries
    | hf_[A-Za-z]{30}[A-Za-z0-9]* | dckr_pat_[\w-]{20}[\w-]*
    | SG\.[\w-]{16}[\w.-]* | SK[0-9a-f]{32}(?![0-9a-f])                 # SendGrid, Twilio
    | dapi[0-9a-f]{32}(?:-\d)? | dbt[cu]_[\w-]{20}[\w=-]*               # Databricks, dbt
    | KGAT_[0-9a-f]{24}[0-9a-f]*                                        # Kaggle
    | hv[sbr]\.[\w-]{20}[\w-]* | [A-Za-z0-9]{14}\.atlasv1\.[\w-]{20}[\w-]*   # Vault, Terraform
    | do[opr]_v1_[0-9a-f]{40}[0-9a-f]* | glsa_\w{20}\w*                 # DigitalOcean, Grafana
    | shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32} | AGE-SECRET-KEY-1[A-Z0-9]{20}[A-Z0-9]*
    | AT[AC]TT3[\w-]{20}[\w=-]* | lin_api_\w{20}\w* | ntn_\w{20}\w* | sbp_[0-9a-f]{30}[0-9a-f]*
    | NRAK-[A-Z0-9]{20}[A-Z0-9]* | PMAK-[0-9a-f]{20}[0-9a-f-]*
    | \b\d{8,10}:AA[\w-]{30}[\w-]*                                      # Telegram
    | [\w.~-]{3}[78]Q~[\w.~-]{31}[\w.~-]*                               # Microsoft Entra
    | [MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27}[\w-]*                      # Discord
    """,
    re.VERBOSE | re.ASCII,
)

# The address is the secret: whoever knows it may post.
_WEBHOOK = re.compile(
    r"""(?i)(
      /api/(?:v\d{1,2}/)?webhooks/
    | hooks\.slack(?:-gov)?\.com/[a-z]{1,20}/
    | webhook\.office\.com/webhookb2/
    | chat\.googleapis\.com/v1/spaces/
    | hooks\.zapier\.com/hooks/catch/
    | events\.pagerduty\.com/integration/
    | api\.telegram\.org/bot
    )(?!\[redacted)[^\s"'<>\\)\]}]+""",
    re.VERBOSE,
)

# --- Addresses with a password inside: the user and the host stay ----------------------------------------------------------------

# A password may hold an at and then a slash; what comes before the slash is no host then.
_URL_PASSWORD = re.compile(
    rf"""(://[^\s:/@"'<>\[]{{0,128}}:){_UNMARKED}(?!\d{{1,5}}[/?\#])
    (?:[^\s@/"'<>]{{1,1024}}@)+
    (?:(?![\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}(?::\d{{1,5}})?/)[^\s@"'<>?\#]{{1,128}}@)*""",
    re.VERBOSE,
)
# Not a valid URL, since a slash must be written %2F; people write it all the same, and the error quotes it.
_URL_PASSWORD_WITH_SLASH = re.compile(
    rf"""(://[^\s:/@"'<>\[]{{0,128}}:){_UNMARKED}(?!\d{{1,5}}(?:[/?\#]|\b))[^\s@"'<>]{{1,128}}@""", re.VERBOSE
)
_URL_TOKEN = re.compile(r"(://)(?!\[redacted)[^\s:/@\"'<>]{16,1024}@")
_ORACLE_PASSWORD = re.compile(r"((?<=\w)/)(?!\[redacted)[^\s/@\"'<>]{1,128}(@(?://)?[\w.-]{1,128}:\d{2,5}[/:])")
_PGPASS = re.compile(r"(:\d{4,5}:[\w*-]{1,63}:[\w.*-]{1,63}:)(?!\[redacted)[^\s:]+")

# --- Names with a value ---------------------------------------------------------------------------------------------------------

# Strong names announce a secret whatever follows. Weak ones also stand in ordinary messages ("unexpected token: SELECT").
_STRONG = r"""password|passwd|passphrase|passcode|pwd|pgpass|senha|secret|credentials?|signature
    |(?:api|access|account|app|auth|encryption|fernet|hmac|jwt|master|private|secret|shared|signing|ssh|storage|subscription)[_.-]?key
    |(?:client|consumer)[_.-]?key|shared[_.-]?access[_.-]?signature|connection[_.-]?string"""
_WEAK = r"token|auth|sig|pass"
_SUFFIX = r"""(?![_.-]?(?:file|path|dir|url|uri|endpoint|host|port|count|length|limit|type|name|column|field|policy|expir|ttl
    |method|version|provider|required|enabled|age|manager|rotation|scope|audience|at\b|in\b))
    (?:(?:[_.-]|\d|(?-i:(?<=[a-z])[A-Z]))[\w.-]{0,32})?"""
_CLOSERS = r"[\"'\\\]`]{0,6}"
# No value at all, or one that only points at where the secret is kept.
_NOTHING = r"""(?:\[redacted|(?:null|none|true|false|nil|undefined|str|string|varchar|text|environ)(?![\w-])|\*{3}|x{4,}(?!\w)
    |\$\{\w{1,64}\}|\{\{[^{}\n]{0,200}\}\}|%\(\w{1,64}\)s|<[\w -]{1,40}>|os\.environ|env_var)"""
# A quote with no delimiter after it did not close the value.
_TO_ITS_END = r"""(?:"(?:\\[^\n]|[^"\n\\])*+|'(?:\\[^\n]|[^'\n\\])*+|`[^`\n]*+)"""
_OPENS_ANEW = rf"""(?:\\{{0,8}}(?=["'`](?![\s,;:)\]}}&\\]|$)){_TO_ITS_END}){{0,16}}+"""
# Quoted: up to the same quote, or to the end of the line where the text was cut. `q` is the number of the group of the quote.
_QUOTED = r"(?P<quote>\\{0,8}[\"'`])(?:(?!(?P=quote))(?:\\[^\n]|[^\n\\]))*+" + _OPENS_ANEW
_SHORT_SCHEMES = "Basic|Bearer|Negotiate|NTLM|Token|ApiKey|SharedKey|Bot"
# What ends in a colon or an equals sign is a name in its turn, with a value behind it.
_OF_A_NAME = rf"""(?:(?:(?<=[:=])|(?<=[=:>][ ])|[ ]{{1,4}}(?:=>|:=|={{1,2}}|:)(?=[ ]))[ ]{{0,4}}+
    (?:(?:{_SHORT_SCHEMES})[ ]{{1,4}})?+(?:{_TO_ITS_END}|[^\s"'`]++){_OPENS_ANEW}){{0,16}}+"""
_BARE = r"""(?:[^\s"'`<>&;,)\]}]|[<>&;,)\]}](?![\w.-]{1,40}\s?[=:]|[\s"'`&;,)\]}\\]|$))++""" + _OF_A_NAME


_ASSIGN = r"(?>\s{0,4}(?:=>|:=|={1,2}|:|%(?:25){0,2}3[AD])\s{0,4})"  # or percent-encoded, once or more


def _named(names: str, separator: str, *, condition: str = "", start: str = "", bare: str = _BARE) -> re.Pattern[str]:
    """`name separator value`; the value is to be replaced, everything before it stays."""
    return re.compile(
        rf"""(?P<before>{start}(?:{names}){_SUFFIX}{_CLOSERS}{separator})
        (?!(?:\\{{0,8}}["'`])?{_NOTHING}){condition}
        (?:{_QUOTED}|{bare})""",
        re.VERBOSE | re.IGNORECASE,
    )


def _keep_before(match: re.Match[str]) -> str:
    return match["before"] + (match["quote"] or "") + REDACTED


_STRONG_VALUE = _named(_STRONG, _ASSIGN, condition=r"(?!(?<=PWD=)/|(?<=PWD:\ )/|(?:~|\.{1,2})?/[\w./-]{1,200}\.json)")
_WEAK_VALUE = _named(
    _WEAK,
    _ASSIGN,
    condition=r"""(?=(?:(?<==)|(?<=%3D)|(?<=%253D))(?!\d{1,9}\b)|["']|\\{1,8}["']|[^\s"']{16}|[^\s"'\d(]{0,40}\d[^\s"']{6})""",
)
_WORDS = r"(?:[^\W_]{1,20}[_.-]){0,4}"
_PAIR = _named(_STRONG + "|token", r"(?<=[\"'])\s{0,4},\s{0,4}(?=[\"'])", start=rf"[\"']{_WORDS}")
# A blank announces a value only on a command line: `--password x`, but `password authentication failed`.
_FLAG = _named(
    f"{_STRONG}|{_WEAK}",
    r"[ ]{1,4}(?!-)",
    condition=r"(?!\S{0,200}?(?:cookie|authorization))",  # headers are read whole, below
    start=f"--{_WORDS}",
    bare=r"[^\s\"']++" + _OF_A_NAME,
)
_SQL_PASSWORD = _named(r"password|identified\s{1,4}by|credentials", r"\s{1,4}(?=[\"'])")
# In prose things are identified by their keys.
_SQL_BARE_PASSWORD = re.compile(
    r"""(IDENTIFIED\s{1,4}BY\s{1,4} | (?i:\b(?:user|role|to)\s{1,4}\S{1,128}\s{1,4}identified\s{1,4}by\s{1,4}))
    (?!\[redacted|\\{0,8}["'`]|(?i:password|values)\b)[^\s;,"'`]+""",
    re.VERBOSE,
)
_XML = re.compile(rf"(?i)(<(?:\w{{1,30}}:)?(?:{_STRONG}|token)[\w.-]{{0,32}}>){_UNMARKED}[^<\n]+", re.VERBOSE)
_NETRC = re.compile(rf"(?i)(login\s{{1,4}}\S{{1,100}}\s{{1,4}}password\s{{1,4}}){_UNMARKED}\S+")
_JSON_QUOTE = r"\\{0,4}[\"']"
_KAGGLE = re.compile(
    rf"""(?i)(username{_JSON_QUOTE}\s?:\s?{_JSON_QUOTE}[^"'\\]{{0,64}}{_JSON_QUOTE},\s{{0,4}}{_JSON_QUOTE}key{_JSON_QUOTE}\s?:\s?{_JSON_QUOTE})
    {_UNMARKED}[^"'\\]+""",
    re.VERBOSE,
)
_USER_FLAG = re.compile(
    rf"((?<![\w-])(?:-u|--user|--proxy-user)[ =]{{1,2}}[\"']?[^\s:\"']{{1,64}}:){_UNMARKED}(?!\d{{1,5}}\b)[^\s\"']+"
)
_ATTACHED_FLAG = re.compile(rf"(?i)((?:mysql\w{{0,10}}|mariadb|sshpass)\b[^\n]{{0,120}}?[ ]-p[ ]?){_UNMARKED}[^\s\"']+")

# A name was taken for a value: the value proper comes after it.
_LEFT_BEHIND = re.compile(
    rf"""(\[redacted\]["'`][\])]?\s?(?:=>|={{1,2}}|:)\s{{0,4}}+)(?!["'`]?\[redacted)(?:{_TO_ITS_END}|[^\s"'`]+)"""
)


# --- Headers ----------------------------------------------------------------------------------------------------------------------

_TO_LINE_END = r"(?:(?!\\{1,8}[rn])[^\n])*+"
_TO_QUOTE = r"(?:(?!\\{0,8}(?P=open))[^\n])*+"
_HEADER_NAME = r"(?P<open>[\"'])?(?P<name>%s(?P<shut>\\{0,8}[\"'])?\s{0,4}[:=]\s{0,4}+(?:\\{0,8}[\"'](?(shut)|(?!)))?+)"
_COOKIE = re.compile(
    rf"(?i){_HEADER_NAME % 'cookie2?'}{_UNMARKED}"
    rf"(?(open)(?:(?(shut)[^\"'\n]*+|{_TO_QUOTE}){_OPENS_ANEW})|{_TO_LINE_END})"
)
_LONG_SCHEMES = "Digest|AWS4-HMAC-SHA256|Hawk|OAuth|Signature"
_LONG_SCHEME = re.compile(rf"(?i)((?:{_LONG_SCHEMES})[ ]{{1,4}}){_UNMARKED}(?=\w{{1,40}}=)[^\n\\]*+")
_AUTHORIZATION = re.compile(
    rf"""(?i)(authorization["'\\]{{0,8}}\s{{0,4}}[:=]\s{{0,4}}["'\\]{{0,8}}(?!(?:{_LONG_SCHEMES})[ ])
    (?:(?:{_SHORT_SCHEMES})[ ]{{1,4}})?+){_UNMARKED}[^\s"'\\]++{_OF_A_NAME}""",
    re.VERBOSE,
)
_SCHEME = re.compile(
    r"((?i:Basic|Bearer|Negotiate)[ ]{1,4})(?=[A-Za-z+/_.~-]{1,64}[A-Z0-9=])[A-Za-z0-9+/=._~-]{8}[A-Za-z0-9+/=._~-]*"
)


def _keep_header(match: re.Match[str]) -> str:
    return (match["open"] or "") + match["name"] + REDACTED


# --- People -----------------------------------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"(?<![\w.+-])(?!git@)[\w.+-]++(?:@|%40)(?:[\w-]++\.)+[^\W\d_]{2,24}+")
_CARD = re.compile(
    r"""(?<![\w.])(?:
      (?:4\d{3}|5[0-9]\d{2}|2[2-7]\d{2}|6\d{3})([ -]?)\d{4}\1\d{4}\1\d{4}     # Visa, Mastercard, Elo, Discover, Hipercard
    | 3[47]\d{2}([ -]?)\d{6}\2\d{5}                                            # American Express
    )(?!\w|\.\d)""",
    re.VERBOSE | re.ASCII,
)
_CPF = re.compile(r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)|(?i:(?<=cpf)[\"'\s:=nº°.]{1,6})\d{11}(?!\w)")
_CNPJ = re.compile(
    r"(?<![\w.])[A-Z0-9]{2}\.[A-Z0-9]{3}\.[A-Z0-9]{3}/[A-Z0-9]{4}-\d{2}(?!\w)|(?i:(?<=cnpj)[\"'\s:=nº°.]{1,6})\d{14}(?!\w)"
)


def _card(match: re.Match[str]) -> str:
    """A number of a card's length is one only where its last digit checks (Luhn, ISO/IEC 7812-1)."""
    digits = [int(letter) for letter in match[0] if letter.isdecimal()][::-1]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return REDACTED if (sum(digits[::2]) + doubled) % 10 == 0 else match[0]


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_LONG_SCHEME, rf"\1{REDACTED}"),
    (_WEBHOOK, rf"\1{REDACTED}"),
    (_SQL_PASSWORD, _keep_before),
    (_SQL_BARE_PASSWORD, rf"\1{REDACTED}"),
    (_XML, rf"\1{REDACTED}"),
    (_NETRC, rf"\1{REDACTED}"),
    (_KAGGLE, rf"\1{REDACTED}"),
    (_USER_FLAG, rf"\1{REDACTED}"),
    (_ATTACHED_FLAG, rf"\1{REDACTED}"),
    (_FLAG, _keep_before),
    (_COOKIE, _keep_header),
    (_AUTHORIZATION, rf"\1{REDACTED}"),
    (_SCHEME, rf"\1{REDACTED}"),
    (_URL_PASSWORD, rf"\1{REDACTED}@"),
    (_URL_PASSWORD_WITH_SLASH, rf"\1{REDACTED}@"),
    (_URL_TOKEN, rf"\1{REDACTED}@"),
    (_ORACLE_PASSWORD, rf"\1{REDACTED}\2"),
    (_PGPASS, rf"\1{REDACTED}"),
    (_STRONG_VALUE, _keep_before),
    (_WEAK_VALUE, _keep_before),
    (_PAIR, _keep_before),
    (_LEFT_BEHIND, rf"\1{REDACTED}"),
    (_TOKEN, REDACTED),
    (_EMAIL, REDACTED),
    (_CARD, _card),
    (_CPF, REDACTED),
    (_CNPJ, REDACTED),
)
