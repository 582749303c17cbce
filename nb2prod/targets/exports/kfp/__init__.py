"""Kubeflow Pipelines 2: the pipeline as Python, and compiled where kfp is installed."""

import importlib.util
from dataclasses import dataclass

from nb2prod.targets.exports.base import Export, ExportOrder, Note
from nb2prod.targets.exports.kfp.compiled import compiled
from nb2prod.targets.exports.kfp.view import view_of
from nb2prod.targets.exports.templates import rendered
from nb2prod.targets.exports.texts import file_name

__all__ = ["PLUGIN"]


@dataclass(frozen=True)
class KubeflowTarget:
    name: str = "kfp"
    summary: str = "a pipeline for Kubeflow Pipelines 2, each step a component; compiled where kfp is installed"

    def render(self, order: ExportOrder) -> Export:
        view = view_of(order)
        stem = f"{file_name(order)}_pipeline"
        files = rendered("kfp", {f"{stem}.py": "pipeline.py.j2"}, view=view)
        if importlib.util.find_spec("kfp") is None:
            return Export(files=files, notes=(*view.notes, _not_compiled(stem)))
        return Export(files={**files, f"{stem}.yaml": compiled(files[f"{stem}.py"])}, notes=view.notes)


PLUGIN = KubeflowTarget()


def _not_compiled(stem: str) -> Note:
    return Note(
        what=f"{stem}.yaml, which Kubeflow is given",
        why="kfp, which compiles it, is not installed beside nb2prod",
        do=f"pip install kfp, and export again; or python {stem}.py where kfp is",
    )
