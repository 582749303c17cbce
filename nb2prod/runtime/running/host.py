"""What the ways to carry out steps ask of the runner whose steps they are."""

from collections.abc import Mapping
from typing import Any, Protocol  # Any: what steps give

from nb2prod.runtime.errors import RuntimeTrouble
from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.results.cache import StepCache
from nb2prod.runtime.running.ledger import Ledger
from nb2prod.runtime.running.plan import Node, Plan
from nb2prod.runtime.running.selection import Decision
from nb2prod.runtime.steps.calls import Answer
from nb2prod.runtime.telling.output import Output
from nb2prod.runtime.telling.record import Record

__all__ = ["Host"]


class Host(Protocol):
    """What a runner is to the ways in which its steps are carried out: inline, guarded, dispatched."""

    settings: Settings
    record: Record
    cache: StepCache | None
    output: Output
    ledger: Ledger
    plan: Plan
    timeout: float | None
    only: str

    def policy(self, node: Node) -> Policy: ...

    def seconds(self, policy: Policy) -> float | None: ...

    def seconds_left(self) -> float | None: ...

    def may_try_again(self, step: str, reason: str) -> bool: ...

    def decision(self, node: Node) -> Decision: ...

    def promised(self, node: Node) -> Any: ...

    def completed(self, node: Node, answer: Answer, **more: Any) -> None: ...

    def hand_over(self, node: Node) -> None: ...

    def failed(
        self,
        node: Node,
        answer: Answer,
        *,
        run_seconds: float | None = None,
        cause: BaseException | None = None,
        replay: Mapping[str, Any] | None = None,
    ) -> None: ...

    def failure_behind(self, step: str) -> RuntimeTrouble: ...
