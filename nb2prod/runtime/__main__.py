"""python -m nb2prod.runtime PROJECT"""

from nb2prod.runtime.running.program import run_project

raise SystemExit(run_project())
