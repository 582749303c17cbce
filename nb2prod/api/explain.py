"""`nb2prod explain`: who makes, changes and reads each name of a notebook, and why the steps hand them on."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from nb2prod.analysis.explain import explain as explain_notebook
from nb2prod.analysis.knowledge import knowledge_for
from nb2prod.model.explanation import Explanation
from nb2prod.notebooks.read import read_notebook

__all__ = ["Explanation", "explain", "to_json"]


def explain(path: Path, step: str | None = None, name: str | None = None) -> Explanation:
    """The steps and what they hand on; all of one `step`; or the history of one `name`.

    A notebook that is refused is explained as far as it is known. Raises NotInNotebook, NotebookNotReadable,
    KnowledgeWrong.
    """
    return explain_notebook(read_notebook(path), step=step, name=name, known=knowledge_for(path))


def to_json(explanation: Explanation) -> dict[str, Any]:
    return asdict(explanation)
