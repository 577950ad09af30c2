import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from rcnn_sweep.data import Vocabulary
from rcnn_sweep.rcnn_text_model import grouped, padded_lengths
from rcnn_sweep.rcnn_text_model.text import count_words, tokenise

WORDS = ("film", "good", "bad", "plot", "so")


def slowly_encoded(vocabulary: Vocabulary, text: str) -> list[int]:
    ids = [1]
    for word in tokenise(text):
        if word in vocabulary.words:
            number = vocabulary.words.index(word) + 4
            ids.append(number if number < vocabulary.num_words else 2)
        elif vocabulary.unknown == "oov":
            ids.append(2)
    ids = ids[-vocabulary.maxlen :]
    return [0] * (vocabulary.maxlen - len(ids)) + ids


def test_tokenise_keeps_apostrophes_and_splits_at_punctuation_and_any_white_space() -> None:
    assert tokenise("It's GOOD,<br />isn't-it?\tYes\n\x85so\xa0be it") == [
        *("it's", "good", "br", "isn't", "it", "yes", "so", "be", "it"),
    ]
    assert tokenise(" ?!.\t\n") == []


@settings(max_examples=150, deadline=None)
@given(
    texts=st.lists(
        st.lists(st.sampled_from([*WORDS, "unseen", "ÄRGER", "..."])).map(" ".join) | st.text(),
        max_size=8,
    ),
    num_words=st.integers(4, 10),
    maxlen=st.integers(1, 12),
    unknown=st.sampled_from(["skip", "oov"]),
)
def test_encode_equals_the_plain_reference(
    texts: list[str], num_words: int, maxlen: int, unknown: str
) -> None:
    vocabulary = Vocabulary(WORDS, num_words, maxlen, unknown)
    rows = vocabulary.encode(texts)
    assert rows.shape == (len(texts), maxlen)
    assert rows.dtype == np.uint16
    assert (rows < num_words).all()
    assert rows.tolist() == [slowly_encoded(vocabulary, text) for text in texts]


def test_more_texts_than_a_block_are_encoded_in_order() -> None:
    vocabulary = Vocabulary(WORDS, 9, 3, "oov")
    texts = [WORDS[number % 5] for number in range(10_000)]
    assert vocabulary.encode(texts)[:, 2].tolist() == [number % 5 + 4 for number in range(10_000)]


@pytest.mark.parametrize(
    ("num_words", "dtype", "ids"),
    [(65536, np.uint16, [1, 4, 2]), (65537, np.uint32, [1, 4, 65536])],
)
def test_ids_are_as_small_as_num_words_allows(num_words: int, dtype: Any, ids: list[int]) -> None:
    words = tuple(f"w{rank}" for rank in range(1, 70_000))
    row = Vocabulary(words, num_words, 3, "oov").encode(["w1 w65533"])[0]
    assert row.dtype == dtype
    assert row.tolist() == ids


def test_json_round_trip_keeps_the_encoding() -> None:
    vocabulary = Vocabulary(("naïve", '"', "\ud800"), 7, 5, "skip")
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


@settings(max_examples=100, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 12), max_size=20),
    width=st.integers(1, 15),
    maxlen=st.integers(1, 12),
)
def test_a_text_is_padded_to_the_next_multiple_of_the_width_of_its_own_length(
    lengths: list[int], width: int, maxlen: int
) -> None:
    kept = [min(length, maxlen) for length in lengths]
    rows = np.array([[0] * (maxlen - n) + [7] * n for n in kept], np.uint16).reshape(-1, maxlen)
    padded = padded_lengths(rows, width)
    for length, found in zip(kept, padded.tolist(), strict=True):
        assert max(length, 1) <= found <= maxlen
        assert found == maxlen or (found % width == 0 and found < max(length, 1) + width)
    assert set(padded_lengths(rows, None).tolist()) <= {maxlen}
    batches = grouped(padded, 3)
    assert sorted(place for batch in batches for place in batch.tolist()) == [*range(len(kept))]
    assert all(len(batch) <= 3 and len({*padded[batch].tolist()}) == 1 for batch in batches)


def test_words_are_ranked_by_count_then_by_first_appearance() -> None:
    assert count_words(["b a", "c a c", "d"]) == ("a", "c", "b", "d")


@pytest.mark.slow
def test_tokenising_the_raw_reviews_gives_all_50000_sequences_of_the_archive(
    real_imdb: Path,
) -> None:
    index = json.loads((real_imdb / "imdb_word_index.json").read_text())
    table = parquet.read_table(real_imdb / "imdb.parquet", columns=["split", "text"])
    with np.load(real_imdb / "imdb.npz", allow_pickle=True) as archive:
        for split in ("train", "test"):
            texts = table.filter(np.asarray(table["split"]) == split)["text"].to_pylist()
            ours = Counter(
                tuple(index[word] for word in tokenise(text) if word in index) for text in texts
            )
            assert ours.total() == 25_000
            assert ours == Counter(map(tuple, archive[f"x_{split}"]))
