"""What a node of the lineage is called."""

from __future__ import annotations

import pytest

from openclaw.lineage import short_name


@pytest.mark.parametrize(
    ("node_id", "name"),
    [
        ("silver.orders", "orders"),
        ("model.shop.orders", "orders"),
        ("model.shop.orders.v2", "orders.v2"),
        ("orders", "orders"),
        ("v2", "v2"),
        ("", ""),
    ],
)
def test_a_node_is_called_by_its_last_part_and_a_versions_by_its_model_too(node_id: str, name: str) -> None:
    assert short_name(node_id) == name
