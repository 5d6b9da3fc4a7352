"""``python -m bot`` is the same command as ``gatewarden``."""

import os

# Read when NumPy is loaded: a proof multiplies small matrices beside busy decoders, where waiting for a second thread
# of OpenBLAS costs many times what the thread saves.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bot.cli import main

if __name__ == "__main__":
    main()
