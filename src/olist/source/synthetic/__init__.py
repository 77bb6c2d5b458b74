"""A synthetic Olist data set: nine CSVs with the real one's shape, at any size, equal to the byte for equal arguments.

It stands in for the real data where that may not be had: tests, benchmarks, a first run without a Kaggle account. Keys
resolve, distributions are the real ones (tests/integration/test_synthetic_against_real.py holds them to it), and so are
the faults a pipeline must cope with: misspelt headers, exact duplicates, points abroad, orders without items, reviews
shared by orders, and more.

    plan, draws                  what is asked, and chance that is the same everywhere
    states, seasons, categories  parameters distilled from the real data
    names, comments              words
    places → geolocation; customers, sellers → catalogue → orders → baskets → sales → payments → deliveries →
        order_items, reviews     who, where, what, when: each takes from those before it
    columns, invented, files     numbers to Arrow, columns that nobody foresaw, CSV files

Headers, file names and domains are the contracts'. A column that a newer contract adds is invented from its type and
domain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from olist.contracts import Contract
from olist.errors import ConfigurationError, ContractError
from olist.source.synthetic.baskets import fill
from olist.source.synthetic.catalogue import products, stock
from olist.source.synthetic.categories import category_translations
from olist.source.synthetic.customers import customers, gather
from olist.source.synthetic.deliveries import deliver, orders_table
from olist.source.synthetic.files import complete, write
from olist.source.synthetic.geolocation import geolocation
from olist.source.synthetic.order_items import order_items
from olist.source.synthetic.orders import place_orders
from olist.source.synthetic.payments import choose, order_payments
from olist.source.synthetic.places import settle
from olist.source.synthetic.plan import Columns, Plan
from olist.source.synthetic.reviews import order_reviews
from olist.source.synthetic.sales import sell
from olist.source.synthetic.sellers import recruit, sellers

__all__ = ["generate"]

TABLES = (
    "geolocation",
    "customers",
    "sellers",
    "category_translations",
    "products",
    "orders",
    "order_items",
    "order_payments",
    "order_reviews",
)
WITH_BOM = frozenset({"category_translations"})
"""Tables whose file begins with a byte order mark."""


def generate(
    contracts: Mapping[str, Contract],
    out: Path,
    *,
    scale: float = 1.0,
    seed: int = 0,
    on_table: Callable[[str, int], None] | None = None,
) -> dict[str, int]:
    """Write the CSVs into `out`, which is made if need be; the rows of each table.

    `contracts` come parents before children, as load_contracts gives them. `scale` 1.0 gives the real data's size, 1.55
    million rows; the translations stay the same at any, and above 1 so do the places. Faults that are rare in the real
    data occur at least once from scale 0.01 on. `on_table` is called after each file with the table's name and rows.

    Raises ConfigurationError for a scale that is not above 0 or a negative seed, and ContractError for contracts of
    other tables than these nine, or a column that cannot be invented.
    """
    _check(contracts, scale, seed)
    out.mkdir(parents=True, exist_ok=True)
    plan = Plan(contracts, scale, seed)
    tables, written = dict(_tables(plan)), dict[str, int]()
    for table, contract in contracts.items():
        tables[table] = complete(contract, tables[table], tables, plan.draws(table))
        written[table] = write(contract, tables[table], out, bom=table in WITH_BOM)
        if on_table is not None:
            on_table(table, written[table])
    return written


def _tables(plan: Plan) -> Iterator[tuple[str, Columns]]:
    """The tables, as far as this package knows their columns."""
    land = settle(plan)
    yield "geolocation", geolocation(plan, land)
    buyers = gather(plan, land)
    yield "customers", customers(plan, land, buyers)
    merchants = recruit(plan, land)
    yield "sellers", sellers(plan, land, merchants)
    yield "category_translations", category_translations()
    catalogue = stock(plan, merchants)
    yield "products", products(plan, catalogue)
    orders = place_orders(plan, buyers)
    baskets = fill(plan, land, buyers, orders, catalogue, merchants)
    sales = sell(plan, land, buyers, orders, catalogue, merchants, baskets)
    means = choose(plan, orders, sales)
    deliveries = deliver(plan, land, buyers, orders, means, sales)
    yield "orders", orders_table(orders, buyers, deliveries)
    yield "order_items", order_items(plan, orders, catalogue, merchants, sales, deliveries)
    yield "order_payments", order_payments(plan, orders, sales, means)
    yield "order_reviews", order_reviews(plan, buyers, orders, sales, deliveries)


def _check(contracts: Mapping[str, Contract], scale: float, seed: int) -> None:
    if not 0 < scale < math.inf or seed < 0:
        raise ConfigurationError(
            "the synthetic data cannot be made",
            resource=f"scale {scale}, seed {seed}",
            expected="a scale above 0 and a seed of 0 or more",
            found=f"{scale}, {seed}",
            remedy="correct the argument",
        )
    if set(contracts) != set(TABLES):
        raise ContractError(
            "the synthetic generator makes other tables than the contracts describe",
            resource=", ".join(sorted(set(contracts) ^ set(TABLES))),
            expected=", ".join(TABLES),
            found=", ".join(contracts),
            remedy="teach olist.source.synthetic to make the table, or correct the contract's name",
        )
