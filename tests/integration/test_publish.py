"""Sessions and objects of other users around a publish, on tables made by hand. test_users_views.py has the contracts' changes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from threading import Event

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from conftest import Platform
from olist.errors import Busy, PublishBlocked
from olist.warehouse import embedded
from olist.warehouse.publish import Publication, hold, latest, publish

OLD, NEW = Publication("silver", "run-1", {}, {}), Publication("silver", "run-2", {}, {})
COLUMNS = "id int PRIMARY KEY, price numeric, note text"


@pytest.fixture
def owner(platform: Platform) -> Iterator[psycopg.Connection]:
    """The owner's session on a warehouse with an old version of orders and items published, and a new one staged."""
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse, autocommit=True) as connection:
        assert latest(connection, "silver") is None
        connection.execute("CREATE SCHEMA silver; CREATE SCHEMA reporting; CREATE SCHEMA next")
        for publication in (OLD, NEW):
            for table in ("orders", "items"):
                connection.execute(f"CREATE TABLE next.{table} ({COLUMNS})")
                connection.execute(f"INSERT INTO next.{table} VALUES (1, 10, '{publication.run_id}')")
            if publication is OLD:
                move(connection, OLD)
        yield connection


@pytest.fixture
def analyst(platform: Platform, server: embedded.Server) -> Iterator[psycopg.Connection]:
    """Another user's session on the same database, who may use the schema reporting and owns nothing yet."""
    database = conninfo_to_dict(platform.warehouse or "")["dbname"]
    name, admin = f"analyst_{secrets.token_hex(4)}", make_conninfo(server.url, dbname=str(database))
    role = sql.Identifier(name)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(role))
    with psycopg.connect(make_conninfo(platform.warehouse or "", user=name, password="x"), autocommit=True) as reader:
        yield reader
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(role))
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def move(connection: psycopg.Connection, publication: Publication = NEW, *, wait: float = 20) -> None:
    publish(connection, publication, staged="next", tables=["orders", "items"], wait=wait)


def admit(owner: psycopg.Connection, analyst: psycopg.Connection, *rights: str) -> None:
    """Grant the analyst what the words say."""
    for right in rights:
        owner.execute(sql.SQL("GRANT {} TO {}").format(sql.SQL(right), sql.Identifier(analyst.info.user)))


def assert_old_stands(connection: psycopg.Connection) -> None:
    assert latest(connection, "silver") == OLD
    rows = connection.execute("SELECT note FROM silver.orders UNION ALL SELECT note FROM silver.items").fetchall()
    assert rows == [("run-1",), ("run-1",)]


def test_views_on_views_follow_all_their_tables(owner: psycopg.Connection, analyst: psycopg.Connection) -> None:
    owner.execute("CREATE VIEW reporting.notes AS SELECT orders.* FROM silver.orders")
    owner.execute(
        "CREATE VIEW reporting.both AS SELECT notes.note, items.note AS item FROM reporting.notes, silver.items"
    )
    admit(owner, analyst, "USAGE ON SCHEMA reporting", "SELECT ON reporting.both")
    move(owner)
    assert analyst.execute("SELECT * FROM reporting.both").fetchall() == [("run-2", "run-2")]


def test_grants_on_tables_survive(owner: psycopg.Connection, analyst: psycopg.Connection) -> None:
    admit(owner, analyst, "USAGE ON SCHEMA silver", "SELECT, UPDATE ON silver.orders")
    owner.execute("GRANT SELECT ON silver.items TO PUBLIC")
    move(owner)
    analyst.execute("UPDATE silver.orders SET price = 11")
    assert analyst.execute("SELECT price, note FROM silver.orders").fetchall() == [(11, "run-2")]
    assert analyst.execute("SELECT note FROM silver.items").fetchall() == [("run-2",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute("DELETE FROM silver.orders")


def test_grants_on_columns_and_the_right_to_grant_survive(
    owner: psycopg.Connection, analyst: psycopg.Connection
) -> None:
    admit(owner, analyst, "USAGE ON SCHEMA silver", "SELECT (id, note) ON silver.orders")
    owner.execute("ALTER TABLE silver.items ADD gone int")
    admit(owner, analyst, "SELECT (gone), UPDATE (note) ON silver.items")
    user = sql.Identifier(analyst.info.user)
    owner.execute(sql.SQL("GRANT SELECT ON silver.items TO {} WITH GRANT OPTION").format(user))
    move(owner)
    assert analyst.execute("SELECT id, note FROM silver.orders").fetchall() == [(1, "run-2")]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute("SELECT price FROM silver.orders")
    analyst.execute("UPDATE silver.items SET note = 'mine'")
    analyst.execute("GRANT SELECT ON silver.items TO PUBLIC")
    public = "SELECT has_table_privilege('public', 'silver.items', 'SELECT')"
    assert owner.execute(public).fetchall() == [(True,)]


INDEXES = """
    SELECT replace(pg_get_indexdef(indexrelid), 'next.', 'silver.') FROM pg_index
    WHERE indrelid = 'silver.orders'::regclass ORDER BY 1
"""


def test_indexes_of_others_survive(owner: psycopg.Connection) -> None:
    owner.execute('CREATE UNIQUE INDEX "the ON silver.orders one" ON silver.orders (lower(note)) WHERE price > 1')
    owner.execute("CREATE INDEX by_price ON silver.orders USING hash (price)")
    before = owner.execute(INDEXES).fetchall()
    assert len(before) == 3
    move(owner)
    assert owner.execute(INDEXES).fetchall() == before


def test_check_constraints_and_comments_of_others_survive(owner: psycopg.Connection) -> None:
    owner.execute('ALTER TABLE silver.orders ADD CONSTRAINT "a fair price" CHECK (price > 1) NOT VALID')
    owner.execute("COMMENT ON TABLE silver.orders IS 'it''s ours'")
    owner.execute(
        "COMMENT ON COLUMN silver.orders.note IS 'theirs'; COMMENT ON COLUMN next.orders.note IS 'the platform''s'"
    )
    owner.execute("COMMENT ON COLUMN silver.items.price IS 'in cents'; ALTER TABLE next.items DROP note")
    owner.execute("COMMENT ON COLUMN silver.items.note IS 'gone with its column'")
    move(owner)
    said = """
        SELECT objoid::regclass::text, objsubid, description FROM pg_description
        WHERE objoid IN ('silver.orders'::regclass, 'silver.items'::regclass) ORDER BY 1, 2
    """
    assert owner.execute(said).fetchall() == [
        ("silver.items", 2, "in cents"),
        ("silver.orders", 0, "it's ours"),
        ("silver.orders", 3, "the platform's"),
    ]
    with pytest.raises(psycopg.errors.CheckViolation, match="a fair price"):
        owner.execute("UPDATE silver.orders SET price = 0")


def test_a_constraint_that_new_rows_break_blocks_the_publish(owner: psycopg.Connection) -> None:
    owner.execute("ALTER TABLE silver.orders ADD CONSTRAINT few CHECK (price < 100)")
    owner.execute("INSERT INTO next.orders VALUES (2, 1000, 'x')")
    with pytest.raises(PublishBlocked) as blocked:
        move(owner)
    assert "check constraint few on silver.orders" in blocked.value.found
    assert_old_stands(owner)
    owner.execute("ALTER TABLE silver.orders DROP CONSTRAINT few")
    move(owner)


@pytest.mark.parametrize(
    ("change", "index"),
    [
        ("ALTER TABLE next.orders DROP note", "CREATE INDEX lost ON silver.orders (note)"),
        ("INSERT INTO next.orders VALUES (2, 10, 'x')", "CREATE UNIQUE INDEX lost ON silver.orders (price)"),
        (
            "UPDATE next.orders SET note = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 999) AS n)",
            "CREATE INDEX lost ON silver.orders (note)",
        ),
    ],
    ids=["its column is gone", "its rows are not unique", "a value is too long for it"],
)
def test_an_index_that_does_not_fit_blocks_the_publish(owner: psycopg.Connection, change: str, index: str) -> None:
    owner.execute(index.encode())
    owner.execute(change.encode())
    with pytest.raises(PublishBlocked) as blocked:
        move(owner)
    assert "index lost on silver.orders" in blocked.value.found
    assert_old_stands(owner)
    owner.execute("DROP INDEX silver.lost")
    move(owner)


@pytest.mark.parametrize(
    ("guard", "named"),
    [
        ("ALTER TABLE silver.orders ENABLE ROW LEVEL SECURITY", "row security of silver.orders"),
        ("CREATE POLICY own ON silver.orders USING (price > 10)", "policy own on silver.orders"),
        (
            "CREATE TRIGGER kept BEFORE UPDATE ON silver.orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "trigger kept on silver.orders",
        ),
        ("CREATE RULE quiet AS ON DELETE TO silver.orders DO INSTEAD NOTHING", "rule quiet on silver.orders"),
    ],
    ids=["row security", "policy", "trigger", "rule"],
)
def test_what_guards_rows_blocks_the_publish(owner: psycopg.Connection, guard: str, named: str) -> None:
    owner.execute(guard.encode())
    with pytest.raises(PublishBlocked) as blocked:
        move(owner)
    assert blocked.value.found == named
    assert "a view over the table" in blocked.value.remedy
    assert latest(owner, "silver") == OLD


def test_a_foreign_key_of_another_table_blocks_the_publish(owner: psycopg.Connection) -> None:
    owner.execute("CREATE TABLE reporting.mine (id int REFERENCES silver.orders)")
    with pytest.raises(PublishBlocked, match=r"reporting\.mine"):
        move(owner)
    assert_old_stands(owner)
    owner.execute("DROP TABLE reporting.mine")
    move(owner)
    assert latest(owner, "silver") == NEW


def test_another_users_view_blocks_the_publish(owner: psycopg.Connection, analyst: psycopg.Connection) -> None:
    admit(owner, analyst, "USAGE ON SCHEMA silver", "USAGE, CREATE ON SCHEMA reporting", "SELECT ON silver.orders")
    analyst.execute("CREATE VIEW reporting.theirs AS SELECT note FROM silver.orders")
    with pytest.raises(PublishBlocked, match="theirs"):
        move(owner)
    assert_old_stands(owner)
    assert analyst.execute("SELECT * FROM reporting.theirs").fetchall() == [("run-1",)]


@contextmanager
def open_transaction(reader: psycopg.Connection) -> Iterator[None]:
    with reader.transaction():
        reader.execute("SELECT * FROM silver.items")
        yield


@pytest.mark.parametrize(
    "stay", [open_transaction, lambda reader: hold(reader, "silver")], ids=["open transaction", "shared lock"]
)
def test_a_reader_who_stays_is_named_and_keeps_the_old_version(
    owner: psycopg.Connection,
    analyst: psycopg.Connection,
    stay: Callable[[psycopg.Connection], AbstractContextManager[None]],
) -> None:
    admit(owner, analyst, "USAGE ON SCHEMA silver", "SELECT ON silver.items")
    with stay(analyst):
        with pytest.raises(Busy, match=rf"pid {analyst.info.backend_pid}, {analyst.info.user}") as busy:
            move(owner, wait=0)
        assert f"pid {owner.info.backend_pid}," not in busy.value.found
        assert_old_stands(owner)
    move(owner)
    assert latest(owner, "silver") == NEW


def test_a_reader_of_another_database_is_not_blamed(
    owner: psycopg.Connection, analyst: psycopg.Connection, new_platform: Callable[[], Platform]
) -> None:
    with psycopg.connect(new_platform().warehouse or "", autocommit=True) as elsewhere:
        with hold(elsewhere, "silver"), hold(analyst, "silver"), pytest.raises(Busy) as busy:
            move(owner, wait=0)
        assert f"pid {elsewhere.info.backend_pid}," not in busy.value.found


def test_readers_of_views_do_not_hold_up_a_publish_for_ever(owner: psycopg.Connection, platform: Platform) -> None:
    """They lock a view before its tables: a publish that locks tables first meets them head-on, every time."""
    owner.execute("CREATE VIEW reporting.inner AS SELECT a.note FROM silver.orders AS a, silver.items AS b")
    owner.execute("CREATE VIEW reporting.outer AS SELECT inner_.note FROM reporting.inner AS inner_, pg_sleep(0.01)")
    ended = Event()

    def read() -> set[tuple[str]]:
        found = set[tuple[str]]()
        with psycopg.connect(platform.warehouse or "", autocommit=True) as reader:
            while not ended.is_set():
                found.update(reader.execute("SELECT note FROM reporting.outer").fetchall())
        return found

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            move(owner)
        finally:
            ended.set()
        assert set[tuple[str]]().union(*(reader.result() for reader in readers)) <= {("run-1",), ("run-2",)}
