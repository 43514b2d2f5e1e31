"""Keras on TensorFlow as a peer: for each line on stdin, training samples/s of fit().

    peer_keras.py NET BATCH OPTIMISER
"""

import os
import sys
import time

import nets

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import tensorflow  # noqa: E402

tensorflow.config.threading.set_intra_op_parallelism_threads(nets.THREADS)
tensorflow.config.threading.set_inter_op_parallelism_threads(nets.THREADS)
import keras  # noqa: E402
from keras import layers  # noqa: E402


def build(text):
    """The same network; its kernels are odd where padding is "same"."""
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for name, number, channels, norm, same, relu in nets.parse(text):
        if name == "c":
            padding = "same" if same else "valid"
            model.add(layers.Conv2D(channels, number, padding=padding, use_bias=not norm))
        elif name == "d":
            if len(model.output_shape) > 2:
                model.add(layers.Flatten())
            model.add(layers.Dense(channels, use_bias=not norm))
        elif name == "drop":
            model.add(layers.Dropout(number))
        elif name in ("gmp", "gap"):
            model.add({"gmp": layers.GlobalMaxPool2D, "gap": layers.GlobalAveragePooling2D}[name]())
        else:
            model.add({"p": layers.MaxPool2D, "a": layers.AveragePooling2D}[name](number))
        if norm:
            model.add(layers.BatchNormalization(epsilon=1e-5))
        if relu:
            model.add(layers.ReLU())
    return model


def main():
    text, batch, optimiser = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    keras.utils.set_random_seed(1)
    model = build(text)
    rule = {
        "adam": lambda: keras.optimizers.Adam(0.001),
        "sgd": lambda: keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    }
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, optimizer=rule[optimiser]())
    images, labels = nets.mnist(n=nets.SAMPLES)
    images = images[..., None]

    def fit(samples):
        begin = time.perf_counter()
        model.fit(images[:samples], labels[:samples], batch_size=batch, verbose=0)
        return samples / (time.perf_counter() - begin)

    fit(10 * batch)
    speed = fit(10 * batch)

    def measure():
        passes = max(1, round(nets.SECONDS * speed / nets.SAMPLES))
        begin = time.perf_counter()
        model.fit(images, labels, batch_size=batch, epochs=passes, verbose=0)
        return passes * nets.SAMPLES / (time.perf_counter() - begin)

    nets.answer(measure)


main()
