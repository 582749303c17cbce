"""Run the pipeline: python -m parameters --help"""

from nb2prod.runtime import main

raise SystemExit(main("parameters"))
