"""Run the pipeline: python -m churn --help"""

from nb2prod.runtime import main

raise SystemExit(main("churn"))
