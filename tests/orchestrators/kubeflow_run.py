"""Run a compiled pipeline by kfp.local: PYTHON kubeflow_run.py YAML ROOT ARGUMENTS. Exit 1 when it failed."""

import json
import sys

from kfp import components, local

if __name__ == "__main__":
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=sys.argv[2], raise_on_error=True)
    components.load_component_from_file(sys.argv[1])(**json.loads(sys.argv[3]))
