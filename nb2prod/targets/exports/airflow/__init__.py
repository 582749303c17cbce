"""A DAG file for Airflow 3: one task for each step, which runs in the project's own Python."""

from dataclasses import dataclass

from nb2prod.targets.exports.airflow.view import view_of
from nb2prod.targets.exports.base import Export, ExportOrder
from nb2prod.targets.exports.templates import rendered
from nb2prod.targets.exports.texts import file_name

__all__ = ["PLUGIN"]


@dataclass(frozen=True)
class AirflowTarget:
    name: str = "airflow"
    summary: str = "a DAG for Airflow 3.2 or later; each step is a task, run by the project's own Python"

    def render(self, order: ExportOrder) -> Export:
        view = view_of(order)
        path = f"{file_name(order)}_dag.py"
        return Export(files=rendered("airflow", {path: "dag.py.j2"}, view=view), notes=view.notes)


PLUGIN = AirflowTarget()
