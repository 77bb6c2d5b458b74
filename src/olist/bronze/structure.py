"""Is this file the CSV that its contract promises? Read as bytes, before any parser may forgive a fault.

CSV readers are lenient where a pipeline must not be: DuckDB drops the rows after a quote that is never closed, pyarrow glues `"ab"c` to
`abc`. So the bytes are checked first against RFC 4180: every quote opens or closes a field, none stays open, and the records are
counted, so that the parser's row count can be held against a number it did not produce.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from olist.contracts import Contract
from olist.errors import HeaderRefused, SourceRefused

__all__ = ["MAX_RECORD_BYTES", "Structure", "inspect", "refuse"]

MAX_RECORD_BYTES = 1 << 20
_CHUNK = 64 << 20
_SHOWN = 1000
_QUOTE, _NEWLINE, _RETURN, _COMMA = b'"\n\r,'
_BOM = b"\xef\xbb\xbf"
# A UTF-32 mark begins with the UTF-16 one, so the longer come first.
_OTHER_BOMS = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_OTHER_SEPARATORS = {";": "';'", "\t": "tabs", "|": "'|'"}

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Structure:
    """A file that passed: its header in file order, its data records (blank lines not counted), and where each begins."""

    header: tuple[str, ...]
    rows: int
    record_starts: Positions

    def line_of(self, content: bytes, row: int) -> int:
        """The line on which data record `row` (from 1) begins; a record may span lines."""
        return content.count(b"\n", 0, int(self.record_starts[row - 1])) + 1


def inspect(content: bytes, path: Path, contract: Contract) -> Structure:
    """The structure of a file's bytes. Raises SourceRefused, naming the file and the line, for what its contract does not allow."""
    _check_separator(content, path, contract)
    _check_encoding(content, path)
    data = np.frombuffer(content, dtype=np.uint8)
    quotes, newlines = _positions(data, _QUOTE), _positions(data, _NEWLINE)
    _check_quotes(content, data, quotes, path)
    _check_line_ends(content, data, quotes, path)
    ends = _record_ends(data, quotes, newlines)
    starts = np.concatenate(([0], ends[:-1] + 1))
    _check_lengths(content, starts, ends, path)
    header = _header(content[: int(ends[0])], path)
    _check_header(header, path, contract)
    blank = (ends == starts) | ((ends == starts + 1) & (data[np.minimum(starts, len(data) - 1)] == _RETURN))
    starts = starts[1:][~blank[1:]]
    if len(starts) == 0 and contract.load == "snapshot":
        raise refuse(
            path,
            "a snapshot has a header and no rows: publishing it would empty the table",
            expected="at least one row",
            found="none",
            remedy="export the file again",
        )
    return Structure(header, len(starts), starts)


def refuse(
    path: Path,
    what: str,
    *,
    expected: str,
    found: str,
    remedy: str,
    line: int | None = None,
    kind: type[SourceRefused] = SourceRefused,
) -> SourceRefused:
    """The error for a fault of structure in `path`."""
    where = path.name if line is None else f"{path.name}, line {line:,}"
    return kind(what, resource=where, expected=expected, found=found, remedy=remedy)


def _check_separator(content: bytes, path: Path, contract: Contract) -> None:
    """Before all else: what comes with another separator has another encoding, too, and its quotes seem to stand where they may not."""
    line = content[:MAX_RECORD_BYTES].removeprefix(_BOM).split(b"\n", 1)[0].decode("latin-1").rstrip("\r")
    for separator, name in _OTHER_SEPARATORS.items():
        if separator in line and sorted(line.replace('"', "").split(separator)) == sorted(contract.header):
            raise refuse(
                path,
                f"the fields of a source file are separated by {name}",
                expected=f"commas: {','.join(contract.header)}",
                found=line,
                remedy="export it with commas between the fields and points in the numbers, as UTF-8",
                line=1,
            )


def _check_encoding(content: bytes, path: Path) -> None:
    if not content.removeprefix(_BOM).strip():
        raise refuse(
            path,
            "a source file is empty",
            expected="a header and rows",
            found=f"{len(content)} bytes",
            remedy="export it again",
        )
    named = next((name for mark, name in _OTHER_BOMS.items() if content.startswith(mark)), None)
    null = content.find(b"\0")
    if named or null >= 0:
        raise refuse(
            path,
            "a source file is not text in UTF-8",
            expected="UTF-8",
            found=f"{named} (byte order mark)" if named else "a NUL byte: UTF-16 without a mark, or a binary file",
            remedy="export it as UTF-8",
            line=None if named else content.count(b"\n", 0, null) + 1,
        )
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line_start = content.rfind(b"\n", 0, error.start) + 1
        shown = content[max(line_start, error.start - 30) : error.start + 20].decode("latin-1").strip()
        raise refuse(
            path,
            "a source file is not text in UTF-8",
            expected="UTF-8",
            found=f"byte 0x{content[error.start]:02x}; read as Latin-1 this is {shown!r}",
            remedy="export it as UTF-8, or convert it: iconv -f LATIN1 -t UTF-8",
            line=content.count(b"\n", 0, error.start) + 1,
        ) from error


def _positions(data: Bytes, byte: int) -> Positions:
    """Where `byte` occurs. In chunks: a mask over the whole file would cost as much memory as the file."""
    parts = [np.flatnonzero(data[at : at + _CHUNK] == byte) + at for at in range(0, len(data), _CHUNK)]
    return np.concatenate(parts)


def _check_quotes(content: bytes, data: Bytes, quotes: Positions, path: Path) -> None:
    """Even quotes (from 0) open a field or follow the closing quote that they escape; odd ones close it or escape."""
    if len(quotes) == 0:
        return
    first = len(_BOM) if content.startswith(_BOM) else 0
    opening, closing = quotes[0::2], quotes[1::2]
    before = np.where(opening > first, data[np.maximum(opening - 1, 0)], _NEWLINE)
    after = _following(data, closing)
    # A quote right before an opening one is the odd one of an escaped pair: it is checked as a closing quote. A CR right before one
    # stands alone, which is told apart below.
    stray = np.concatenate(
        (
            opening[~np.isin(before, (_COMMA, _NEWLINE, _RETURN, _QUOTE))],
            closing[~np.isin(after, (_COMMA, _NEWLINE, _RETURN, _QUOTE))],
        )
    )
    if len(stray):
        at = int(stray.min())
        raise refuse(
            path,
            "a quote stands where CSV allows none",
            expected='quotes only around a whole field, doubled ("") inside it',
            found=repr(content[max(0, at - 20) : at + 20].decode("utf-8", "replace")),
            remedy="export the file again with RFC 4180 quoting",
            line=content.count(b"\n", 0, at) + 1,
        )
    if len(quotes) % 2:
        at = int(quotes[-1])
        raise refuse(
            path,
            "a quoted field is never closed: the file was cut short, or a quote is missing",
            expected="a closing quote",
            found="the end of the file",
            remedy="fetch or export the file again",
            line=content.count(b"\n", 0, at) + 1,
        )


def _check_line_ends(content: bytes, data: Bytes, quotes: Positions, path: Path) -> None:
    """A CR alone is a line end to some readers and a part of the value to others."""
    if b"\r" not in content:
        return
    returns = _positions(data, _RETURN)
    alone = returns[~np.isin(_following(data, returns), (_RETURN, _NEWLINE))]
    alone = alone[np.searchsorted(quotes, alone) % 2 == 0]
    if len(alone):
        at = int(alone[0])
        raise refuse(
            path,
            "a carriage return stands alone outside quotes",
            expected="lines that end in LF or CR LF",
            found=repr(content[max(0, at - 20) : at + 20].decode("utf-8", "replace")),
            remedy="export the file with LF line ends, and quote a field that holds a line end",
            line=content.count(b"\n", 0, at) + 1,
        )


def _following(data: Bytes, positions: Positions) -> Bytes:
    """The byte after each position; after the last one of the file, a newline."""
    return np.where(positions + 1 < len(data), data[np.minimum(positions + 1, len(data) - 1)], _NEWLINE)


def _record_ends(data: Bytes, quotes: Positions, newlines: Positions) -> Positions:
    """Newlines outside quotes, and the end of the file where the last record has none."""
    ends = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    return ends if len(ends) and ends[-1] == len(data) - 1 else np.append(ends, len(data))


def _check_lengths(content: bytes, starts: Positions, ends: Positions, path: Path) -> None:
    longest = int(np.argmax(ends - starts))
    if (length := int(ends[longest] - starts[longest])) > MAX_RECORD_BYTES:
        raise refuse(
            path,
            "a record is too long to be one",
            expected=f"at most {MAX_RECORD_BYTES:,} bytes",
            found=f"{length:,} bytes",
            remedy="look at this line; line ends or a closing quote are missing",
            line=content.count(b"\n", 0, int(starts[longest])) + 1,
        )


def _header(record: bytes, path: Path) -> tuple[str, ...]:
    text = record.removeprefix(_BOM).decode("utf-8").rstrip("\r")
    try:
        return tuple(next(csv.reader(io.StringIO(text, newline="")), []))
    except csv.Error as error:
        raise refuse(
            path,
            "the header cannot be read",
            expected="the names of the columns",
            found=str(error),
            remedy="look at the first line: a line end or a closing quote is missing",
            line=1,
        ) from error


def _check_header(header: tuple[str, ...], path: Path, contract: Contract) -> None:
    """The same names, in any order."""
    if sorted(header) == sorted(contract.header):
        return
    raise refuse(
        path,
        "the header is not the contract's",
        expected=",".join(contract.header),
        found=_shortened("; ".join(_header_faults(header, contract.header))),
        remedy=f"mend the export, or accept the change by a new version of contracts/{contract.table}.odcs.yaml",
        line=1,
        kind=HeaderRefused,
    )


def _header_faults(header: tuple[str, ...], expected: tuple[str, ...]) -> Iterator[str]:
    missing = [name for name in expected if name not in header]
    extra = [name for name in header if name not in expected]
    for name in missing:
        close = difflib.get_close_matches(name, extra, n=1)
        yield f"missing {name}" + (f" (renamed to {close[0]}?)" if close else "")
    yield from (f"unexpected {name!r}" for name in extra)
    yield from sorted({f"{name} {header.count(name)} times" for name in header if header.count(name) > 1})


def _shortened(text: str) -> str:
    """What is no header at all, a document of one line say, may be as long as a record."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " …"
