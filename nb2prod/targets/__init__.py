"""What a pipeline can become. A target is a module or package here with a `PLUGIN`."""

from typing import Protocol

from nb2prod.model.notebook import Notebook
from nb2prod.model.pipeline import Pipeline
from nb2prod.model.project import Project


class Target(Protocol):
    name: str
    summary: str

    def render(self, pipeline: Pipeline, notebook: Notebook) -> Project: ...
