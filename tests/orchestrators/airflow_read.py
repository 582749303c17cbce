"""What Airflow reads in a folder of DAG files, as it stores it: AIRFLOW-PYTHON airflow_read.py FOLDER prints JSON."""

import json
import sys

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

if __name__ == "__main__":
    bag = DagBag(sys.argv[1])
    dags = {name: DagSerialization.to_dict(dag) for name, dag in bag.dags.items()}
    heavy = sorted({"numpy", "pandas", "sklearn", "nb2prod"} & sys.modules.keys())
    print(json.dumps({"errors": bag.import_errors, "dags": dags, "heavy": heavy}))
