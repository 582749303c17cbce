"""Run the pipeline: python -m magics --help"""

from nb2prod.runtime import main

raise SystemExit(main("magics"))
