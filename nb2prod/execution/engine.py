"""The papermill engine `nb2prod`: `papermill --engine nb2prod IN OUT`, or engine_name="nb2prod"."""

from typing import Any

__all__ = ["Nb2ProdEngine"]


class Nb2ProdEngine:
    """papermill's interface of an engine. Kernels are forked from warm servers, the notebook is saved on a throttle and
    whole, and no cell that did not end is called completed. Every option of papermill's own engine works.

    papermill loads every engine when it is imported, so this one is light until it runs.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, output_path: str | None = None, **options: Any) -> Any:
        from nb2prod.execution.papermill_run import execute_notebook

        return execute_notebook(nb, kernel_name, output_path, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> Any:
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> Any:
        from papermill.utils import nb_language

        return nb_language(nb, language)
