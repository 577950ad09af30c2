"""The Hydra plugin of the sweep engine: ``hydra/sweeper=optuna_async``."""
