"""How a project's pipeline runs once, as the command line and Python say it."""

from dataclasses import dataclass

__all__ = ["PipelineOptions"]


@dataclass(frozen=True, kw_only=True)
class PipelineOptions:
    """How a project's pipeline runs once; what is empty is as pipeline.toml says (runtime/running/command_line.py)."""

    resume: str = ""
    cache: bool = True
    start: str = ""
    only: str = ""
    env: str = ""
    executor: str = ""
    address: str = ""
    jobs: int | None = None
    artifacts: str = ""
    on_error: str = ""

    def words(self) -> tuple[str, ...]:
        """For the runtime's command line."""
        named = {
            "--resume": self.resume,
            "--from": self.start,
            "--only": self.only,
            "--env": self.env,
            "--executor": self.executor,
            "--address": self.address,
            "--jobs": str(self.jobs or ""),
            "--artifacts": self.artifacts,
            "--on-error": self.on_error,
        }
        words = [f"{name}={value}" for name, value in named.items() if value]
        return (*words, *([] if self.cache else ["--no-cache"]))
