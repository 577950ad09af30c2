"""What reaches the terminal: single runs speak there, trials only into their own log files."""

import logging

from rcnn_sweep.sweep import current_trial


class OutsideTrials(logging.Filter):
    """Lets warnings through, and lines of INFO only outside a sweep's trials."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the terminal shows ``record``."""
        return record.levelno > logging.INFO or current_trial() is None
