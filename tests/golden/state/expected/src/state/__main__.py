"""Run the pipeline: python -m state --help"""

from nb2prod.runtime import main

raise SystemExit(main("state"))
