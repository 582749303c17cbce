"""Run the pipeline: python -m captures --help"""

from nb2prod.runtime import main

raise SystemExit(main("captures"))
