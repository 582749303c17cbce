"""Run the pipeline: python -m data --help"""

from nb2prod.runtime import main

raise SystemExit(main("data"))
