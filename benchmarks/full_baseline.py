"""The whole baseline, with its complete record, beside bare Keras on arrays.

    python benchmarks/full_baseline.py --data imdb.npz --epochs 2

The other side is a script of the notebook's calls: Keras's loader and padding, ``fit`` with the
test split as validation data, ``evaluate`` and ``predict`` on it; it records nothing. Ours is
``python -m rcnn_sweep`` as it comes, by the notebook's protocol and by length. Prints wall and CPU
seconds of each command, its start included, what it reached on test, and the ratios.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

from _measuring import options_with_data, timed

NOTEBOOK = """
import sys, keras
import keras.src.datasets.imdb as loader
data, epochs, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
loader.get_file = lambda *_, **__: data  # the file is here already
(x, y), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=5000)
x, x_test = (keras.utils.pad_sequences(rows[:most], maxlen=400) for rows in (x, x_test))
y, y_test = y[:most], y_test[:most]
keras.utils.set_random_seed(0)
model = keras.Sequential([
    keras.Input((400,)),
    keras.layers.Embedding(5000, 50),
    keras.layers.Dropout(0.25),
    keras.layers.Conv1D(64, 5, activation="relu"),
    keras.layers.MaxPooling1D(4),
    keras.layers.LSTM(70),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=64, epochs=epochs, validation_data=(x_test, y_test), verbose=0)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.predict(x_test, verbose=0)
print(f"test_accuracy {accuracy:.4f}, test_loss {loss:.4f}")
"""


def main() -> None:
    """Run all three in turn and print the table."""
    parser = options_with_data(__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--reviews", type=int, default=25_000, help="of each split at most")
    given = parser.parse_args()
    data, epochs, most = str(given.data.absolute()), given.epochs, given.reviews
    ours = [sys.executable, "-m", "rcnn_sweep", f"data.path={data}", f"training.epochs={epochs}"]
    if most < 25_000:
        ours += [f"data.train_limit={most}", f"data.test_limit={most}"]
    sides = {
        "bare Keras": [sys.executable, "-c", NOTEBOOK, data, str(epochs), str(most)],
        "rcnn_sweep, notebook protocol": ours,
        "rcnn_sweep, by length": [*ours, "training.bucket_width=40"],
    }
    load, walls = os.getloadavg()[0], {}
    for name, command in sides.items():
        with tempfile.TemporaryDirectory() as folder:
            walls[name], cpu, said = timed(command, Path(folder))
        told = re.findall(r"(?i)test[ _]accuracy[ =:]+[0-9.]+", said)
        ratio = walls[name] / walls["bare Keras"]
        print(
            f"{name}: {walls[name]:.0f} s, {cpu:.0f} s CPU, ratio {ratio:.2f}; {told}", flush=True
        )
    print(f"{epochs} epochs, {os.cpu_count()} cores, load before {load:.2f}")


if __name__ == "__main__":
    main()
