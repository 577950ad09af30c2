"""How much of a training step is its matrix products, were they done at this machine's peak.

    python benchmarks/step_share.py --batches 60

The peak is the best rate of TensorFlow's product of two square float32 matrices, of several sizes.
The step is the notebook's network at its batch of 64 texts of 400 words, made up, through ``fit``.
Its products are those of the convolution and of the recurrent layer, whose every step has its own:
forward, and backward with respect to inputs and to weights. Beside the peak stands what NumPy takes
for products of these very shapes, one after the other: small ones are far from the peak anywhere.
All else (look-ups, pooling, gates, Adam, the loop over steps) is the rest.
"""

import os

from _measuring import options, quickest

from rcnn_sweep.training import start_tensorflow

start_tensorflow()

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from rcnn_sweep.config import Config  # noqa: E402
from rcnn_sweep.training import build_model  # noqa: E402

SIZES = (512, 1024, 2048)

Product = tuple[int, int, int, int]
"""Of a matrix (m, k) with one (k, n): m, k, n and how often."""


def peak() -> float:
    """Give the machine's best rate of products, in floating point operations a second."""
    rates = []
    for size in SIZES:
        one = tf.random.normal((size, size))

        def product(one: tf.Tensor = one) -> np.ndarray:
            return tf.matmul(one, one)[0, 0].numpy()

        product()
        rates.append(2 * size**3 / quickest(product, 10))
    return max(rates)


def products(model: keras.Model, size: int) -> list[Product]:
    """List the products of a training step with ``size`` texts."""
    forward = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv1D):
            width, depth, filters = layer.kernel.shape
            forward.append((size * layer.output.shape[1], width * depth, filters, 1))
        elif isinstance(layer, keras.layers.LSTM):
            inputs = layer.cell.kernel.shape[0] + layer.units
            forward.append((size, inputs, 4 * layer.units, layer.input.shape[1]))
    backward = [
        turned for m, k, n, times in forward for turned in ((m, n, k, times), (k, m, n, times))
    ]
    return forward + backward


def by_shape(product: Product) -> float:
    """Give the seconds that NumPy takes for a product, as often as it is in a step."""
    m, k, n, times = product
    one, other = np.ones((m, k), np.float32), np.ones((k, n), np.float32)
    return times * quickest(lambda: one @ other, 20)


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    config = Config()
    size, length = config.training.batch_size, config.data.maxlen
    load, rate, rng = os.getloadavg()[0], peak(), np.random.default_rng(0)
    shape = (given.batches * size, length)
    x = rng.integers(1, config.data.num_words, shape).astype(np.int32)
    y = rng.integers(0, 2, shape[0]).astype(np.int32)
    model = build_model(config, classes=2)
    rows = tf.data.Dataset.from_tensor_slices((x, y)).batch(size)

    def epoch() -> None:
        model.fit(rows, epochs=1, shuffle=False, verbose=0)

    epoch()
    step = quickest(epoch, given.repeats) / given.batches
    wanted = products(model, size)
    operations = sum(2 * m * k * n * times for m, k, n, times in wanted)
    ideal, own = operations / rate, sum(map(by_shape, wanted))
    print(
        f"peak {rate / 1e9:.0f} GFLOP/s; a step has {operations / 1e9:.2f} GFLOP of products: "
        f"{1000 * ideal:.0f} ms at the peak, {1000 * own:.0f} ms one by one in their shapes"
    )
    print(
        f"the step takes {1000 * step:.0f} ms: share at the peak {ideal / step:.2f}, in their "
        f"shapes {own / step:.2f}; {os.cpu_count()} cores, load before {load:.2f}"
    )


if __name__ == "__main__":
    main()
