"""Faults of structure: which are refused, with what words, and what is accepted as it stands."""

from __future__ import annotations

import csv
import io
import tempfile
import tracemalloc
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from olist.bronze.convert import Origin, Source, open_source, write_parquet
from olist.bronze.structure import MAX_RECORD_BYTES, inspect
from olist.contracts import Contract, load_contracts
from olist.errors import SourceRefused
from olist.settings import PROJECT

MODEL = load_contracts(PROJECT / "contracts")["category_translations"]
HEADER = ("order_id", "city", "note")
HEAD = b"order_id,city,note\n"
ROWS = [("1", "São Paulo", "x"), ("2", "Belém", "")]
PLAIN = "order_id,city,note\n1,São Paulo,x\n2,Belém,\n".encode()
ORIGIN = Origin("20260131T060000000000Z-1a2b", datetime(2026, 1, 31, 6, tzinfo=UTC))


def contract_of(header: tuple[str, ...], **changes: str) -> Contract:
    """A contract for a file with these columns, all of them text."""
    columns = tuple(replace(MODEL.columns[1], name=name, source=name) for name in header)
    return replace(MODEL, table="places", file_name="places.csv", columns=columns, **changes)  # type: ignore[arg-type]


PLACES = contract_of(HEADER)


def arrive(content: bytes, contract: Contract = PLACES) -> pa.Table:
    """What reaches Parquet of a CSV with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "places.parquet")
        rows, header = write_parquet(Source(Path(contract.file_name), content, ""), contract, ORIGIN, target)
        table = pq.read_table(target)
    assert rows == table.num_rows
    assert sorted(header) == sorted(contract.header)
    return table


def values(table: pa.Table, header: tuple[str, ...] = HEADER) -> list[tuple[str, ...]]:
    return list(zip(*(table.column(name).to_pylist() for name in header), strict=True))


def refusal(content: bytes, contract: Contract = PLACES) -> SourceRefused:
    with pytest.raises(SourceRefused) as caught:
        arrive(content, contract)
    return caught.value


WRONG_HEADERS = {
    "renamed": (b"order_id,citty,note\n1,2,3\n", "missing city (renamed to citty?); unexpected 'citty'"),
    "missing": (b"order_id,city\n1,2\n", "missing note"),
    "extra": (b"order_id,city,note,state\n1,2,3,4\n", "unexpected 'state'"),
    "duplicated": (b"order_id,city,city\n1,2,3\n", "missing note; city 2 times"),
    "other case": (b"ORDER_ID,city,note\n1,2,3\n", "missing order_id; unexpected 'ORDER_ID'"),
    "absent": (b"1,2,3\n4,5,6\n", "missing order_id; missing city; missing note; unexpected '1'"),
}


@pytest.mark.parametrize(("content", "found"), WRONG_HEADERS.values(), ids=WRONG_HEADERS)
def test_a_header_that_is_not_the_contracts_is_refused_with_the_difference(content: bytes, found: str) -> None:
    error = refusal(content)
    assert error.what == "the header is not the contract's"
    assert error.resource == "places.csv, line 1"
    assert error.expected == "order_id,city,note"
    assert found in error.found
    assert "contracts/places.odcs.yaml" in error.remedy


def test_a_file_that_has_no_header_at_all_is_refused_in_few_words() -> None:
    error = refusal(b'{"orders":[' + b"1," * 100_000 + b"2]}\n")
    assert error.resource == "places.csv, line 1"
    assert len(str(error)) < 2000
    endless = refusal(b"a" * 200_000 + b",city,note\n1,2,3\n")
    assert (endless.what, endless.resource) == ("the header cannot be read", "places.csv, line 1")


CUT = "a quoted field is never closed: the file was cut short, or a quote is missing"
SEMICOLONS = "the fields of a source file are separated by ';'"
STRAY = "a quote stands where CSV allows none"
NOT_UTF8 = "a source file is not text in UTF-8"
LONE_CR = "a carriage return stands alone outside quotes"
TEXT = "order_id,city,note\n1,2,3\n"

# content, what, line, and words of expected, found and remedy
FAULTS: dict[str, tuple[bytes, str, int | None, str, str, str]] = {
    "no bytes": (b"", "a source file is empty", None, "a header and rows", "0 bytes", "export it again"),
    "a mark alone": (b"\xef\xbb\xbf", "a source file is empty", None, "a header", "3 bytes", "export it again"),
    "blank lines alone": (b"\n\r\n \n", "a source file is empty", None, "a header", "5 bytes", "export it again"),
    "header alone": (HEAD, "a snapshot has a header and no rows", None, "at least one row", "none", "export"),
    "cut in a row": (HEAD + b"1,2,3\n4,5", "a row has too few fields", 3, "3 fields", "2: '4,5'", "cut short"),
    "cut in quotes": (HEAD + b'1,2,3\n4,5,"a\nb', CUT, 3, "a closing quote", "end of the file", "fetch or export"),
    "UTF-16": (TEXT.encode("utf-16"), NOT_UTF8, None, "UTF-8", "UTF-16 (byte order mark)", "export it as UTF-8"),
    "UTF-16 big": (b"\xfe\xff" + TEXT.encode("utf-16-be"), NOT_UTF8, None, "UTF-8", "UTF-16", "export it as UTF-8"),
    "UTF-16 unmarked": (TEXT.encode("utf-16-le"), NOT_UTF8, 1, "UTF-8", "UTF-16 without a mark", "UTF-8"),
    "UTF-32": (TEXT.encode("utf-32"), NOT_UTF8, None, "UTF-8", "UTF-32 (byte order mark)", "export it as UTF-8"),
    "UTF-32 big": (b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"), NOT_UTF8, None, "UTF-8", "UTF-32", "UTF-8"),
    "Latin-1": (PLAIN.decode().encode("latin-1"), NOT_UTF8, 2, "UTF-8", "0xe3; read as Latin-1 this is '1,São", "iconv"),
    "NUL": (HEAD + b"1,2,3\n4,\0,6\n", NOT_UTF8, 3, "UTF-8", "a NUL byte", "export it as UTF-8"),
    "semicolons": (b"order_id;city;note\n1;2;3\n", SEMICOLONS, 1, "commas: order_id,city", "order_id;city", "with commas"),
    "semicolons, quoted": (b'"order_id";"city";"note"\r\n1;"2";3\r\n', SEMICOLONS, 1, "commas", '"order_id";"city"', "as UTF-8"),
    "semicolons, Latin-1": (b"\xef\xbb\xbforder_id;city;note\n1;S\xe3o;3\n", SEMICOLONS, 1, "commas", "city;note", "as UTF-8"),
    "tabs": (b"order_id\tcity\tnote\n1\t2\t3\n", SEMICOLONS[:-3] + "tabs", 1, "commas", "id\tcity", "commas"),
    "bars, another order": (b"city|order_id|note\n1|2|3\n", SEMICOLONS[:-3] + "'|'", 1, "commas", "city|", "commas"),
    "too few": (HEAD + b'1,"a\nb",3\n\n4,5\n', "a row has too few fields", 5, "3 fields", "2: '4,5'", "line end"),
    "too many": (HEAD + b"1,2,3\n4,5,6,7\n", "a row has too many fields", 3, "3 fields", "4: '4,5,6,7'", "quote the"),
    "quote inside": (HEAD + b'1,5" pipe,3\n4,5" pipe,6\n', STRAY, 2, "doubled", "5\" pipe", "RFC 4180"),
    "text after quote": (HEAD + b'1,2,3\n4,"ab"c,6\n', STRAY, 3, "around a whole field", '"ab"c', "RFC 4180"),
    "text before quote": (HEAD + b'1,2,3\n4,a"bc",6\n', STRAY, 3, "around a whole field", 'a"bc"', "RFC 4180"),
    "escaped by backslash": (HEAD + b'1,"a\\"b",3\n', STRAY, 2, "doubled", '\\"b"', "RFC 4180"),
    "CR alone ends lines": (b"order_id,city,note\r1,2,3\r", LONE_CR, 1, "LF or CR LF", "note\\r1", "LF line ends"),
    "CR alone in a value": (HEAD + b"1,2,3\n4,a\rb,6\n", LONE_CR, 3, "LF or CR LF", "a\\rb", "quote a field"),
    "CR alone as line end": (HEAD + b"1,2,3\n4,5,6\r7,8,9\n", LONE_CR, 3, "LF or CR LF", "6\\r7", "LF line ends"),
    "record over the limit": (
        HEAD + b'1,2,3\n4,5,"' + b"line\n" * (MAX_RECORD_BYTES // 5) + b'"\n7,8,9\n',
        "a record is too long to be one",
        3,
        "at most 1,048,576 bytes",
        "bytes",
        "look at this line",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "what", "line", "expected", "found", "remedy"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_structure_names_file_line_expectation_and_remedy(
    content: bytes, what: str, line: int | None, expected: str, found: str, remedy: str
) -> None:
    error = refusal(content)
    assert error.what.startswith(what)
    assert error.resource == ("places.csv" if line is None else f"places.csv, line {line}")
    assert expected in error.expected
    assert found in error.found
    assert remedy in error.remedy


def test_a_missing_file_is_refused_with_what_was_delivered_instead(tmp_path: Path) -> None:
    (tmp_path / "other.csv").touch()
    with pytest.raises(SourceRefused) as caught:
        open_source(tmp_path, PLACES)
    error = caught.value
    assert (error.what, error.resource) == ("a source file is missing", "places.csv")
    assert error.expected == "places.csv beside the other files"
    assert error.found == "other.csv"
    assert "deliver all files" in error.remedy


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "places.csv").mkdir()
    with pytest.raises(SourceRefused, match="a source file cannot be read") as caught:
        open_source(tmp_path, PLACES)
    assert caught.value.found == "Is a directory"


def test_a_line_of_100_megabytes_is_refused_without_copies_of_it() -> None:
    content = HEAD + b"1,2,3\n4,5," + b"x" * 100_000_000 + b"\n"
    tracemalloc.start()
    try:
        with pytest.raises(SourceRefused) as caught:
            inspect(content, Path("places.csv"), PLACES)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.resource == "places.csv, line 3"
    assert caught.value.found == "100,000,004 bytes"
    assert len(str(caught.value)) < 1000
    assert peak < 2.5 * len(content)


def test_a_file_of_one_column_has_no_separator_at_all() -> None:
    assert values(arrive(b"city\nBel;m\n", contract_of(("city",))), ("city",)) == [("Bel;m",)]


def test_a_delta_may_bring_no_rows() -> None:
    assert arrive(HEAD, contract_of(HEADER, load="delta")).num_rows == 0


def test_a_record_of_the_largest_size_is_accepted() -> None:
    long = "x" * (MAX_RECORD_BYTES - len("1,,"))
    assert values(arrive(HEAD + f"1,{long},\n".encode() * 3)) == [("1", long, "")] * 3


HARMLESS = {
    "CRLF": PLAIN.replace(b"\n", b"\r\n"),
    "CR CR LF": PLAIN.replace(b"\n", b"\r\r\n"),
    "mixed line ends": PLAIN.replace(b"x\n", b"x\r\n"),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "mark and quotes": b"\xef\xbb\xbf" + PLAIN.replace(b"order_id", b'"order_id"'),
    "blank lines": PLAIN.replace(b"\n", b"\n\n") + b"\r\n\n",
    "no line end at the end": PLAIN.removesuffix(b"\n"),
    "all quoted": '"order_id","city","note"\n"1","São Paulo","x"\n"2","Belém",""\n'.encode(),
    "columns in another order": "note,order_id,city\nx,1,São Paulo\n,2,Belém\n".encode(),
}


@pytest.mark.parametrize("content", HARMLESS.values(), ids=HARMLESS)
def test_what_is_harmless_arrives_unchanged(content: bytes) -> None:
    table = arrive(content)
    assert values(table) == ROWS
    assert table.column("_source_row").to_pylist() == [1, 2]


@pytest.mark.parametrize(
    "value",
    ["007", " blank ", "a\nb\r\nc\rd", 'say "no", twice', "", '"', ",", "NULL", "NaN", "\\N", "1e5", "ção ☕", "'--"],
)
def test_a_quoted_value_stays_as_it_stands(value: str) -> None:
    quoted = value.replace('"', '""')
    assert values(arrive(HEAD + f'1,"{quoted}","{quoted}"\n'.encode())) == [("1", value, value)]


def test_every_row_knows_where_it_came_from() -> None:
    table = arrive(PLAIN)
    assert table.column("_source_file").to_pylist() == ["places.csv", "places.csv"]
    assert table.column("_run_id").to_pylist() == [ORIGIN.run_id, ORIGIN.run_id]
    assert table.column("_ingested_at").to_pylist() == [ORIGIN.ingested_at, ORIGIN.ingested_at]
    assert all(table.schema.field(name).type == pa.string() for name in HEADER)


@dataclass(frozen=True)
class Written:
    """A CSV by Python's writer, and how many bytes it has up to each row's end."""

    content: bytes
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    ends: list[int]


PIECES = st.sampled_from(["", '"', '""', ",", "\n", "\r\n", " ", "NA", "0", "ã", "\ufeff", "\u2028", "\x85"])
# A CR alone goes unquoted where the writer ends lines with LF: that is refused, and tested above.
LETTERS = st.characters(codec="utf-8", exclude_characters="\0\r")


@st.composite
def files(draw: st.DrawFn) -> Written:
    header = tuple(f"c{n}" for n in range(draw(st.integers(2, 4))))
    cell = st.one_of(st.text(LETTERS, max_size=8), st.lists(PIECES, max_size=5).map("".join))
    rows = draw(st.lists(st.tuples(*[cell] * len(header)), min_size=1, max_size=8))
    file, ends = io.StringIO(newline=""), []
    writer = csv.writer(
        file,
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    writer.writerow(header)
    for row in rows:
        writer.writerow(row)
        ends.append(len(file.getvalue().encode()))
    return Written(file.getvalue().encode(), header, rows, ends)


@given(files())
@settings(max_examples=300, deadline=None)
def test_any_table_written_by_pythons_csv_module_arrives_exactly(file: Written) -> None:
    table = arrive(file.content, contract_of(file.header))
    assert values(table, file.header) == file.rows
    assert table.column("_source_row").to_pylist() == list(range(1, len(file.rows) + 1))


@given(files(), st.data())
@settings(max_examples=500, deadline=None)
def test_a_file_cut_anywhere_is_refused_or_brings_the_rows_that_are_whole(file: Written, data: st.DataObject) -> None:
    """One thing no reader can tell: a last line without a line end from one that was cut inside its last field."""
    cut = data.draw(st.integers(0, len(file.content) - 1))
    try:
        arrived = values(arrive(file.content[:cut], contract_of(file.header)), file.header)
    except SourceRefused:
        return
    whole = sum(end <= cut for end in file.ends)
    assert arrived[:whole] == file.rows[:whole]
    for *before, last in arrived[whole:]:
        assert tuple(before) == file.rows[whole][:-1]
        assert file.rows[whole][-1].startswith(last)
    assert len(arrived) <= whole + 1
