"""`python FOLDER zygote SOCKET IDLE` serves forked kernels, `python FOLDER keep` keeps one that starts cold."""

import importlib
import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))
if sys.path[0] == _folder:
    del sys.path[0]
sys.path.insert(0, os.path.dirname(_folder))
_part = importlib.import_module(f"{os.path.basename(_folder)}.{'zygote' if sys.argv[1] == 'zygote' else 'keeper'}")
del sys.path[0]
_part.main()  # in a forked kernel this is the kernel: it ends as any program does, so that `atexit` functions run
