"""The outputs of cells as the messages of a kernel make them: pure, so that a journal gives the same again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any  # JSON of nbformat

__all__ = ["CellOutputs"]


@dataclass(kw_only=True)
class CellOutputs:
    """Of all cells, by their index. Streams that follow one another are one output."""

    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    _shown: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by display id

    def apply(self, index: int, do: str, entry: Mapping[str, Any]) -> None:
        match do:
            case "output":
                self._add(index, entry["output"], entry.get("display", ""))
            case "clear":
                self.outputs[index] = []
            case "update":
                for output in self._shown.get(entry["display"], ()):
                    output.update(data=entry["output"]["data"], metadata=entry["output"].get("metadata", {}))

    def _add(self, index: int, output: Mapping[str, Any], display: str) -> None:
        there = self.outputs.setdefault(index, [])
        last = there[-1] if there else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"].append(output["text"])
            return
        kept = dict(output)
        if output["output_type"] == "stream":
            kept["text"] = [output["text"]]  # pieces: joined when it is written, not with each message
        there.append(kept)
        if display:
            for shown in self._shown.get(display, ()):
                shown.update(data=kept["data"], metadata=kept.get("metadata", {}))
            self._shown.setdefault(display, []).append(kept)

    def of(self, index: int) -> list[dict[str, Any]]:
        """As nbformat has them."""
        return [
            {**output, "text": "".join(output["text"])} if output["output_type"] == "stream" else output
            for output in self.outputs.get(index, ())
        ]
