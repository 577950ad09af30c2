"""``python -m rcnn_sweep``."""

from rcnn_sweep.cli import main

if __name__ == "__main__":
    main()
