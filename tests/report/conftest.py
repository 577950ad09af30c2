from pathlib import Path

import pytest
from made_study import Made
from small import table_rows, write_table


@pytest.fixture
def made(workplace: Path) -> Made:
    """A working directory with both stores, and a table whose label is easy to learn."""
    return Made(workplace, write_table(workplace / "reviews.csv", table_rows(200)))
