"""Loading the encoded archive a second time, beside Keras's loader and padding.

    python benchmarks/data_loading.py --data imdb.npz

Both give 25,000 training and 25,000 test reviews of 400 word ids; Keras reads and pads the archive
each time, ours maps the arrays that the first load has cached. Prints the median seconds of each
and the ratio; the first load of ours comes before and is told on its own.
"""

import os
import statistics
import tempfile

from _measuring import options_with_data, quickest


def main() -> None:
    """Load by turns and print the medians."""
    parser = options_with_data(__doc__)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    data = str(given.data.absolute())
    with tempfile.TemporaryDirectory() as cache:
        os.environ["RCNN_SWEEP_CACHE"] = cache
        import keras
        from keras.src.datasets import imdb as loader

        loader.get_file = lambda *_, **__: data  # the file is here already

        from rcnn_sweep.data import ImdbConfig, load

        def ours() -> object:
            dataset = load(ImdbConfig(path=data), say=lambda words: None)
            return dataset.train.x[:1], dataset.validation.x[:1]

        def theirs() -> object:
            (train, _), (test, _) = keras.datasets.imdb.load_data(num_words=5000)
            return [keras.utils.pad_sequences(rows, maxlen=400) for rows in (train, test)]

        print(f"first load of ours: {quickest(ours, 1):.2f} s", flush=True)
        pairs = [(quickest(ours, 1), quickest(theirs, 1)) for _ in range(given.times)]
    own, keras_alone = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = f"{keras_alone / own:.0f} times as fast; load {os.getloadavg()[0]:.2f}"
    print(f"warm load {own:.3f} s, Keras {keras_alone:.2f} s: {ratio}")


if __name__ == "__main__":
    main()
