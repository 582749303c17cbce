"""The Jupyter Server extension: requests of JupyterLab become calls of `nb2prod.api`, nothing more.

What a request needs is imported when the first one needs it, in a thread: Jupyter's start does not wait for it.
"""

from typing import Any  # Jupyter's table of extensions


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from nb2prod.server.extension import Nb2Prod

    return [{"module": "nb2prod.server.extension", "app": Nb2Prod}]
