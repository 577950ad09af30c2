"""Experiment-tracked hyperparameter sweeps for Keras text classifiers.

The package trains the recurrent convolutional network of a 2018 notebook on labelled texts,
records every run in MLflow and explores the sizes around that baseline.
"""

__version__ = "0.1.0"
