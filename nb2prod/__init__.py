"""From a notebook that works to a production ML pipeline that provably computes the same."""


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab's tools find the built extension."""
    return [{"src": "labextension", "dest": "nb2prod"}]
