"""The fake supervisor, where only a process of its own can have it."""

import sys

from scheduler.fake_supervisor import supervise

if __name__ != "__main__":
    raise ImportError("this one runs by `python -m` alone")

raise SystemExit(supervise(sys.argv[1], sys.argv[2], int(sys.argv[3])))
