"""Trained word vectors, from a file of the user's, for the words of a vocabulary.

Two layouts are read. Text has a word and its numbers a line, parted by blanks, as GloVe writes it;
a first line with the counts of words and of numbers, as in word2vec's text and fastText's ``.vec``,
may stand above. A NumPy archive ``.npz`` has ``words``, text of shape ``(n,)``, and ``vectors``,
floating-point numbers of shape ``(n, size)``. Words are looked up as the vocabulary has them, in
small letters; of a word that comes twice the first vector counts. No pickle is read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.data.archive import read_arrays, stated_shape
from rcnn_sweep.data.checksum import digest
from rcnn_sweep.data.files import given_file
from rcnn_sweep.errors import DataError
from rcnn_sweep.rcnn_text_model import INDEX_FROM, Vocabulary

KEY = "embedding.vectors"
LONGEST_LINE = 1 << 20
"""Bytes; a word and 4,096 numbers take a tenth of it."""
MOST_BYTES = 1 << 33
"""What an array of an archive may unpack to: 8 GiB, as 7 million words of 300 numbers."""

LAYOUTS = (
    f"{KEY} takes text with a word and its numbers a line (GloVe, word2vec, fastText; unpacked), "
    "or .npz with words and vectors."
)


@dataclass(frozen=True)
class WordVectors:
    """The vectors that a file has of a vocabulary's words.

    ``ids`` int64 ``(n,)`` are the words' ids, in order, and ``values`` float32 ``(n, size)`` their
    vectors. ``words`` counts the vocabulary's words, found or not; ``sha256`` is the file's.
    """

    ids: NDArray[np.int64]
    values: NDArray[np.float32]
    words: int
    sha256: str

    @property
    def coverage(self) -> str:
        """How many of the words have a vector, ``"4,021 of 4,996 words (80.5%)"``."""
        found = len(self.ids)
        return f"{found:,} of {self.words:,} words ({found / self.words:.1%})"


def vectors_sha256(file: str) -> str:
    """Give the checksum of the vectors' file; raises ``DataError`` where it cannot be read."""
    path = given_file(file, KEY)
    try:
        return digest(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def vector_problems(file: str | None, size: int) -> Iterator[str]:
    """Say what is wrong with the beginning of ``file``, which is to have ``size`` numbers a word.

    That is quick, whatever the size of the file: the whole of it is for :func:`word_vectors`.
    """
    try:
        if file is not None:
            _check_size(given_file(file, KEY), size)
    except DataError as error:
        yield str(error)


def word_vectors(file: str, size: int, vocabulary: Vocabulary | None) -> WordVectors:
    """Read the vectors of ``size`` numbers of the vocabulary's words that have an id of their own.

    What was read last is kept for the next trial of this process. Raises ``DataError`` for a file
    that is missing, torn or laid out otherwise, for vectors of another size, and where there is
    no word to look up or none is found.
    """
    path = given_file(file, KEY)
    if vocabulary is None:
        raise DataError(
            f"{KEY}: expected data with a vocabulary; received IMDB without its word index.\n"
            "Set data.word_index to imdb_word_index.json, or leave embedding.vectors out."
        )
    words = vocabulary.words[: vocabulary.num_words - INDEX_FROM - 1]
    try:
        status = path.stat()
        return _read(path, (status.st_size, status.st_mtime_ns), size, words)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    reason = error.strerror or error
    return DataError(f"{KEY}: expected a file that can be read; received {path}: {reason}.")


@lru_cache(maxsize=2)
def _read(path: Path, _: tuple[int, int], size: int, words: tuple[str, ...]) -> WordVectors:
    _check_size(path, size)
    ids = {word: rank + INDEX_FROM for rank, word in enumerate(words, start=1)}
    read = _from_archive if _is_archive(path) else _from_text
    found, checksum = read(path, size, ids)
    if not found:
        raise DataError(
            f"{KEY}: expected vectors of the data's words; {path} has none of {len(words):,}.\n"
            "Choose vectors of the same language, whose words are in small letters."
        )
    order = np.array(sorted(found), np.int64)
    values = np.stack([found[place] for place in order])
    if not np.isfinite(values).all():
        place = int(order[~np.isfinite(values).all(axis=1)][0])
        word = words[place - INDEX_FROM - 1]
        raise DataError(f"{KEY}: expected finite numbers; {path} has others for {word!r}.")
    return WordVectors(order, values, len(words), checksum)


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def _check_size(path: Path, size: int) -> None:
    try:
        found = _size_of_archive(path) if _is_archive(path) else _size_of_text(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    if found != size:
        raise DataError(
            f"{KEY}: expected embedding.output_dim={size} numbers a word; {path} has {found}.\n"
            f"Set embedding.output_dim={found}, or choose other vectors."
        )


def _size_of_archive(path: Path) -> int:
    shape = stated_shape(path, "vectors")
    if len(shape) != 2:
        raise DataError(f"{KEY}: expected vectors of shape (n, size); {path} has {shape}.")
    return shape[1]


def _from_archive(
    path: Path, size: int, ids: Mapping[str, int]
) -> tuple[dict[int, NDArray[np.float32]], str]:
    arrays = read_arrays(path, ("words", "vectors"), most_bytes=MOST_BYTES)
    words, vectors = arrays["words"], arrays["vectors"]
    if words.dtype.kind != "U" or vectors.dtype.kind != "f" or words.shape != vectors.shape[:1]:
        raise DataError(
            f"{KEY}: expected as many words (text) as vectors (floating-point numbers) in {path}; "
            f"received {words.shape} {words.dtype} and {vectors.shape} {vectors.dtype}."
        )
    found: dict[int, NDArray[np.float32]] = {}
    for place, word in enumerate(words.tolist()):
        if word in ids:
            found.setdefault(ids[word], vectors[place].astype(np.float32))
    return found, digest(path)


def _size_of_text(path: Path) -> int:
    with path.open("rb") as file:
        line = file.readline(LONGEST_LINE + 1)
    fields = _checked(path, 1, line).split()
    stated = _stated(fields)
    return len(fields) - 1 if stated is None else stated[1]


def _stated(fields: list[bytes]) -> tuple[int, int] | None:
    """Give the counts of words and of numbers where the first line has them."""
    if len(fields) == 2 and all(field.isdigit() and len(field) < 20 for field in fields):
        return int(fields[0]), int(fields[1])
    return None


def _from_text(
    path: Path, size: int, ids: Mapping[str, int]
) -> tuple[dict[int, NDArray[np.float32]], str]:
    wanted = {word.encode(errors="surrogatepass"): number for word, number in ids.items()}
    found: dict[int, NDArray[np.float32]] = {}
    checksum, stated, number = sha256(), None, 0
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file), start=1):
            checksum.update(line)
            text = _checked(path, number, line)
            if number == 1 and (stated := _stated(text.split())) is not None:
                continue
            if text.count(b" ") < size:
                raise _other_line(path, number, size)
            place = wanted.get(text.partition(b" ")[0])
            if place is not None and place not in found and text.count(b" ") == size:
                found[place] = _vector(path, number, text.split(b" ")[1:])
    read = number - (stated is not None)
    if stated is not None and read != stated[0]:
        raise DataError(
            f"{KEY}: expected the {stated[0]:,} words that the first line of {path} states; "
            f"received {read:,}.\nReplace the file by a whole copy."
        )
    return found, checksum.hexdigest()


def _lines(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.readline(LONGEST_LINE + 1), b"")


def _checked(path: Path, number: int, line: bytes) -> bytes:
    """Give the line without what ends it; raises ``DataError`` for one without an end in sight."""
    if len(line) > LONGEST_LINE:
        raise DataError(
            f"{KEY}: expected lines of at most {LONGEST_LINE:,} bytes; line {number} of {path} has "
            f"more.\n{LAYOUTS}"
        )
    if not line.strip():
        raise DataError(f"{KEY}: line {number} of {path} is empty.\n{LAYOUTS}")
    return line.rstrip()


def _vector(path: Path, number: int, fields: list[bytes]) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):  # infinite numbers are told later, with their word
            return np.fromiter(map(float, fields), np.float32)
    except ValueError as error:
        raise _other_line(path, number, len(fields)) from error


def _other_line(path: Path, number: int, size: int) -> DataError:
    return DataError(
        f"{KEY}: expected a word and {size} numbers in line {number} of {path}; received another "
        f"line: the file is torn or of another kind.\n{LAYOUTS}"
    )
