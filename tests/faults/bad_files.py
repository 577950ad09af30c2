"""Files that no run can use, and one that it can: ``good.csv``."""

import gzip
import sqlite3
from pathlib import Path

import numpy as np
from small import table_rows, write_table

HEADER = "text,label"


class Bomb:
    """Unpickled, it would leave the file ``executed`` behind."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.witness,))


def write_bad_files(folder: Path) -> Path:
    """Write them all into ``folder``; a command run in a folder inside names them ``../NAME``."""
    write_table(folder / "good.csv", table_rows(60))
    texts = {
        "one_class.csv": [HEADER, *(f"a fine film {n},good" for n in range(20))],
        "no_rows.csv": [HEADER],
        "empty.csv": [],
        "empty_texts.csv": [HEADER, *(f",{n % 2}" for n in range(20))],
        "no_labels.csv": [HEADER, *(f"a fine film {n}," for n in range(20))],
        "other_columns.csv": ["review,rating", *(f"a fine film {n},{n % 2}" for n in range(20))],
        "ids_as_labels.csv": [HEADER, *(f"a fine film {n},{n}" for n in range(20))],
        "lone_class.csv": [HEADER, "a film,rare", *(f"a film {n},{n % 2}" for n in range(20))],
        "splits.csv": [f"{HEADER},split", *(f"film {n},{n % 2},valid" for n in range(20))],
        "all_train.csv": [f"{HEADER},split", *(f"film {n},{n % 2},train" for n in range(20))],
        "ragged.csv": [HEADER, "a fine film,good,extra", "a bad film,bad"],
        "torn.jsonl": ['{"text": "a film", "label": 1}', '{"text": "a fi'],
        "list.jsonl": ['["a film", 1]'],
        "nested.jsonl": [f'{{"text": "film {n}", "label": {{"is": {n}}}}}' for n in range(9)],
        "torn.parquet": ["PAR1 and no more"],
        "corpus.docx": ["a word processor's"],
        "not_gzip.csv.gz": ["plain text"],
        "not_imdb.npz": ["not an archive"],
        "index.json": ["[1, 2]"],
        "corrupt.db": ["not a database" * 100],
    }
    for name, lines in texts.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    options = folder / "options" / "experiment"
    options.mkdir(parents=True)
    witness = folder / "executed"
    (options / "tag.yaml").write_text(f"x: !!python/object/apply:os.mkdir ['{witness}']\n")
    (options / "torn.yaml").write_text("conv: [unclosed\n")
    (options / "latin.yaml").write_bytes("# für alle\nconv: {}\n".encode("latin-1"))
    (options / "unknown.yaml").write_text("# @package _global_\nconv:\n  filtres: 3\n")
    whole = gzip.compress((folder / "good.csv").read_bytes())
    (folder / "torn.csv.gz").write_bytes(whole[: len(whole) // 2])
    hostile = np.array([Bomb(folder / "executed")], dtype=object)
    np.savez(folder / "hostile.npz", **dict.fromkeys(("x_train", "y_train"), hostile))
    with sqlite3.connect(folder / "cookbook.db") as other:
        other.execute("CREATE TABLE recipes (dish TEXT)")
    other.close()
    return folder
