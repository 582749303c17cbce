"""Notebooks that none of us wrote: source distributions from PyPI, by name, into an ignored cache."""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import jupytext

CACHE = Path(__file__).parents[2] / ".cache" / "corpus"
TRIES = 4
DATA = {".csv", ".txt", ".png"}
DOCUMENTATION = {"images", "README.txt"}
MARK = re.compile(r"^# ?%%.*$", re.MULTILINE)
NOTED = re.compile(r"""^(\"{3}|'{3})  # noqa.*$""", re.MULTILINE)  # jupytext takes all that follows for text
UNDERLINED = re.compile(r"(?:^([=#~-])\1{3,}\n)?^(\S.*)\n([=#~-])\3{3,}$", re.MULTILINE)
LEVELS = {"=": "#", "#": "#", "-": "##", "~": "###"}


@dataclass(frozen=True, kw_only=True)
class Source:
    """A distribution that ships notebooks; `folder` is where, inside the archive's top folder."""

    name: str
    version: str
    folder: str
    suffix: str

    @property
    def archive(self) -> Path:
        return CACHE / "sdists" / f"{self.name.replace('-', '_')}-{self.version}.tar.gz"

    @property
    def notebooks(self) -> Path:
        return CACHE / "notebooks" / self.name


SOURCES = (
    Source(name="statsmodels", version="0.15.0", folder="examples/notebooks", suffix=".ipynb"),
    # its 44 notebooks are 22, each shipped twice: beside the gallery and as a download
    Source(name="imbalanced-learn", version="0.14.2", folder="doc/auto_examples", suffix=".ipynb"),
    Source(name="scikit-learn", version="1.9.1", folder="examples", suffix=".py"),
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One notebook of the corpus; `name` is unique within its source, `sha` is of its code."""

    source: str
    name: str
    path: Path
    sha: str


def samples(source: Source) -> tuple[Sample, ...]:
    """The notebooks of a source, fetched and unpacked when they are not in the cache yet."""
    if not (source.notebooks / ".complete-2").exists():
        fetch(source)
        unpack(source)
    found = sorted(source.notebooks.rglob("*.ipynb"))
    return tuple(
        Sample(
            source=source.name,
            name=path.relative_to(source.notebooks).with_suffix("").as_posix(),
            path=path,
            sha=code_sha(path.read_text(encoding="utf-8")),
        )
        for path in found
    )


def fetch(source: Source) -> None:
    source.archive.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "unearth", "--no-binary", "-d", str(source.archive.parent)]
    for attempt in range(TRIES):
        if source.archive.exists():
            return
        time.sleep(5 * attempt)
        subprocess.run([*command, f"{source.name}=={source.version}"], check=False, stdout=subprocess.DEVNULL)
    if not source.archive.exists():
        raise SystemExit(f"cannot fetch {source.name} {source.version} from the package index; try again later")


def unpack(source: Source) -> None:
    """Write each notebook and the small files beside it; a gallery script becomes a notebook."""
    for place, data in members(source):
        target = source.notebooks / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == source.suffix:
            target = target.with_suffix(".ipynb")
            target.write_text(as_notebook(data.decode("utf-8"), source.suffix), encoding="utf-8")
        elif target.suffix in DATA and not DOCUMENTATION & set(place.parts):
            target.write_bytes(data)
    (source.notebooks / ".complete-2").touch()


def members(source: Source) -> Iterator[tuple[PurePosixPath, bytes]]:
    with tarfile.open(source.archive) as archive:
        for member in archive:
            inside = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            if not member.isfile() or member.size > 5_000_000 or not inside.is_relative_to(source.folder):
                continue
            content = archive.extractfile(member)
            if content is not None:
                yield inside.relative_to(source.folder), content.read()


def as_notebook(text: str, suffix: str) -> str:
    """The notebook as text, on our kernel and without outputs."""
    notebook: dict[str, Any] = gallery_script(text) if suffix == ".py" else json.loads(text)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook["metadata"] = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"cell-{number}"
        cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return json.dumps({**notebook, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def gallery_script(text: str) -> dict[str, Any]:
    """A sphinx-gallery script as a notebook, its reStructuredText headings as Markdown's."""
    plain = NOTED.sub(r"\1", MARK.sub("#" * 79, text))
    notebook: dict[str, Any] = jupytext.reads(plain, fmt="py:sphinx")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = UNDERLINED.sub(lambda found: f"{LEVELS[found[3]]} {found[2]}", cell["source"])
    return notebook


def code_sha(text: str) -> str:
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:16]
