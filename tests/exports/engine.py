"""Argo's part for a manifest, on this machine: the order, the retries, and what stands in the place of its tags."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any  # YAML

from exports.readers import argo, kubelet

__all__ = ["Argo"]

_LOST = "asInt(lastRetry.exitCode) < 0 || asInt(lastRetry.exitCode) > 128"
_WORTH_IT = f"asInt(lastRetry.exitCode) == 75 || {_LOST}"


@dataclass
class Argo:
    """`variables` is the environment of each container; `codes` are the exit codes of each task, in their order."""

    manifest: Mapping[str, Any]
    variables: Mapping[str, str]
    run_id: str
    codes: dict[str, list[int]] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    out: str = ""

    def run(self, **parameters: str) -> str:
        """Succeeded or Failed."""
        spec = self.manifest["spec"]
        self.known |= {each["name"]: each["value"] for each in spec["arguments"]["parameters"]} | parameters
        templates = {each["name"]: each for each in spec["templates"]}
        well: set[str] = set()
        for task in templates[spec["entrypoint"]]["dag"]["tasks"]:
            if set(task.get("dependencies", [])) <= well and self._task(task["name"], templates[task["template"]]):
                well.add(task["name"])
        tasks = {task["name"] for task in templates[spec["entrypoint"]]["dag"]["tasks"]}
        finished = self._task(spec["onExit"], templates[spec["onExit"]])
        return "Succeeded" if well == tasks and finished else "Failed"

    def _task(self, name: str, template: Mapping[str, Any]) -> bool:
        strategy = template.get("retryStrategy", {"limit": "0", "expression": _LOST})
        codes = self.codes.setdefault(name, [])
        for retries in range(int(strategy["limit"]) + 1):
            codes.append(self._pod(template["container"], retries))
            if codes[-1] == 0 or not _again(strategy["expression"], codes[-1]):
                break
        return codes[-1] == 0

    def _pod(self, container: Mapping[str, Any], retries: int) -> int:
        values = {f"workflow.parameters.{name}": value for name, value in self.known.items()}
        values |= {"workflow.uid": self.run_id, "=sprig.int(retries)+1": str(retries + 1)}
        env = {each["name"]: argo(each["value"], values) for each in container["env"]}
        words = [kubelet(argo(word, values), env) for word in [*container["command"], *container["args"]]]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env={**env, **self.variables})
        self.out += done.stdout + done.stderr
        return done.returncode


def _again(expression: str, code: int) -> bool:
    """What the two expressions mean that are written."""
    lost = not 0 <= code <= 128
    return {_LOST: lost, _WORTH_IT: lost or code == 75}[expression]
