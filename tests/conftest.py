"""For all tests."""

import atexit
import os
import shutil
import signal
import tempfile
import threading

# fixtures that every test may ask for
from databases import postgres_cluster, postgres_url, sqlite_template, sqlite_url, store_url
from hypothesis import settings

__all__ = ["postgres_cluster", "postgres_url", "sqlite_template", "sqlite_url", "store_url"]

# the same examples each time; what searches for new ones is `make fuzz`, or `--hypothesis-profile default`
settings.register_profile("same", derandomize=True)
settings.load_profile("same")

# a job in the background of a shell ignores Ctrl-C, and so would every process that a test starts and interrupts
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# no test writes to the user's own store
_DATA = tempfile.mkdtemp(prefix="nb2prod-tests-")
os.environ["XDG_DATA_HOME"] = _DATA
os.environ.pop("NB2PROD_STORE", None)
os.environ.setdefault("NB2PROD_WARM_SECONDS", "10")  # kernel servers end soon after the last test
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
