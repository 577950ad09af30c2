"""Reading Parquet files, of which some that are damaged end the process that reads them."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

MAGIC = b"PAR1"

_READ_WHOLE = """
import sys
from pyarrow.parquet import ParquetFile
file = ParquetFile(sys.argv[1])
for number in range(file.metadata.num_row_groups):
    group = file.metadata.row_group(number)
    [group.column(place).total_uncompressed_size for place in range(group.num_columns)]
for batch in file.iter_batches(4096):
    batch.validate(full=True)
"""


def open_parquet(path: Path) -> "ParquetFile":
    """Open a Parquet file once another process has read it whole and lived.

    Arrow answers most damage by an error, but aborts at some: one byte of the footer is enough.
    Raises ``pyarrow.ArrowInvalid`` then, and whatever Arrow raises for other damage.
    """
    import pyarrow
    from pyarrow.parquet import ParquetFile

    with path.open("rb") as file:
        begins, size = file.read(len(MAGIC)), file.seek(0, 2)
        file.seek(max(0, size - len(MAGIC)))
        if begins != MAGIC or file.read() != MAGIC:
            raise pyarrow.ArrowInvalid("it does not begin and end as one, with PAR1")
    probe = [sys.executable, "-I", "-c", _READ_WHOLE, str(path)]
    if subprocess.run(probe, check=False, capture_output=True).returncode not in (0, 1):
        raise pyarrow.ArrowInvalid("it is damaged in a way that ends its reader")
    return ParquetFile(path)


def validated(batches: Iterable["RecordBatch"]) -> Iterator["RecordBatch"]:
    """Give batches whose offsets and texts hold together; raises ``pyarrow.ArrowInvalid``."""
    for batch in batches:
        batch.validate(full=True)
        yield batch
