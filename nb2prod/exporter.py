"""The converter as an nbconvert exporter: `jupyter nbconvert --to nb2prod churn.ipynb` writes the project `churn/`.

nbconvert writes one text, and files beside it: the text is the project's README, the files are the rest.
"""

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbconvert.utils.exceptions import ConversionException
from traitlets import default

__all__ = ["Nb2ProdExporter"]

_README = "README.md"


class Nb2ProdExporter(Exporter):
    """A notebook as a package, without running it: `nb2prod convert --no-record`, for those who live in nbconvert."""

    export_from_notebook = "Python package (nb2prod)"
    output_mimetype = "text/markdown"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".md"

    # nbconvert's annotation says that a notebook comes back; all its exporters give text
    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: Any = None, **options: Any
    ) -> tuple[str, Any]:
        """The README of the project; `resources["outputs"]` are its other files. Raises ConversionException."""
        import nbformat

        from nb2prod.errors import ConversionRefused, Nb2ProdError

        node, found = super().from_notebook_node(nb, resources, **options)
        name = str(found.get("unique_key") or found.get("metadata", {}).get("name") or "notebook")
        place = Path(str(found.get("metadata", {}).get("path") or "."))
        try:
            files = _files_of(name, place, nbformat.writes(node) + "\n")  # type: ignore[no-untyped-call]
        except ConversionRefused as error:
            told = "\n".join(str(finding) for finding in error.findings)
            raise ConversionException(f"{error}\n{told}") from error
        except Nb2ProdError as error:
            raise ConversionException(str(error)) from error
        readme = files.pop(_README)
        found["outputs"] = {f"{name}/{path}": text.encode() for path, text in files.items()}
        found["output_suffix"] = f"/{Path(_README).stem}"
        return readme, found


def _files_of(name: str, place: Path, text: str) -> dict[str, str]:
    """The files of the project, by path in its folder. Raises Nb2ProdError."""
    from nb2prod.api.convert import render_text
    from nb2prod.errors import FolderNotOurs

    folder = place / name
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotOurs(folder, "it is there already; `nb2prod convert` keeps the edits made in it")
    return dict(render_text(Path(f"{name}.ipynb"), text, workdir="..").files)
