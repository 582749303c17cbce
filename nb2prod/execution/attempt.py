"""One attempt of a run, as the rooms that run it see it."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # JSON
from urllib.parse import urlsplit

from nb2prod.execution.heart import Heart
from nb2prod.execution.log import RunLog
from nb2prod.execution.redactor import Redactor
from nb2prod.execution.stops import Stops
from nb2prod.model.job import Definition, Failure, Run, RunStatus, Usage
from nb2prod.runtime.files import write_json
from nb2prod.store import Store

__all__ = ["Attempt", "Ended", "InPlace", "Product"]


@dataclass(frozen=True, kw_only=True)
class Product:
    """A file in the run's folder to be handed over. `suffix` names it beside the notebook: .ipynb, .html, .pdf."""

    kind: str
    path: Path
    suffix: str = ""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How it ended; no failure: it completed."""

    failure: Failure | None = None
    usage: Usage = field(default_factory=Usage)
    products: tuple[Product, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InPlace:
    """A project that runs where it is, in the foreground: its own cache and records, and our streams."""

    project: Path
    words: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Attempt:
    store: Store
    run: Run
    definition: Definition
    folder: Path
    stops: Stops
    heart: Heart
    log: RunLog
    progress: Callable[[str], None] = lambda _: None
    in_place: InPlace | None = None
    redactor: Redactor = field(default_factory=lambda: Redactor({}))
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def number(self) -> int:
        return self.run.attempt

    @property
    def mark(self) -> str:
        return f"{self.run.id}:{self.run.attempt}"

    @property
    def environment(self) -> dict[str, str]:
        """Of all that it starts: ours and its mark, without the password of a store."""
        kept = {**os.environ, "NB2PROD_RUN": self.mark}
        if urlsplit(kept.get("NB2PROD_STORE", "")).password:
            del kept["NB2PROD_STORE"]
        return kept

    @property
    def stem(self) -> str:
        """What the outputs are called."""
        return Path(self.definition.entry).stem if self.definition.entry != "." else self.definition.name

    def keep_secrets(self, values: Mapping[str, str]) -> None:
        self.redactor = self.log.redactor = Redactor(values)

    def materialise(self) -> Path:
        """The snapshot's files as they were when it was defined. Raises OSError, BlobDamaged."""
        place = self.folder / "files"
        for file in self.definition.files:
            path = place / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.store.blob(file.sha256))
        return place

    def entry(self) -> str:
        """The text of the notebook. Raises BlobDamaged."""
        digest = next(file.sha256 for file in self.definition.files if file.path == self.definition.entry)
        return self.store.blob(digest).decode("utf-8-sig")

    def record(self, **more: Any) -> None:
        """FOLDER/run.json, for those who have no store at hand. Raises OSError."""
        head = {
            "id": self.run.id,
            "attempt": self.run.attempt,
            "kind": self.definition.kind.value,
            "status": RunStatus.RUNNING.value,
            "notebook": self.definition.path,
            "definition": f"{self.definition.name} version {self.definition.version}",
            "sha256": next((f.sha256 for f in self.definition.files if f.path == self.definition.entry), ""),
            "parameters": json.loads(json.dumps(dict(self.run.parameters))),
            "started": self.started.isoformat(),
            "finished": None,
            "seconds": None,
            "output": None,
            "error": None,
        }
        write_json(self.folder / "run.json", head | more)
