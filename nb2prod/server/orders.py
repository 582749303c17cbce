"""What may be asked of this floor: the bodies of requests. A field that is not known is refused, with its path."""

from typing import Annotated, Any, Literal, TypeVar  # JSON

from pydantic import BaseModel, Field, TypeAdapter

from nb2prod.rest.orders import Order, SettingsIn

__all__ = ["ConvertIn", "DefineIn", "LookIn", "OperationIn", "ReplayIn", "VerifyIn", "read_body", "read_operation"]

T = TypeVar("T", bound=BaseModel)


class LookIn(Order):
    """`client` tells tabs from one another: of each, only its newest request for a notebook is answered."""

    path: str
    notebook: dict[str, Any]
    client: str = Field(default="", max_length=100)


class ConvertIn(Order):
    verb: Literal["convert"]
    path: str
    output: str | None = None
    record: bool = True
    trace: bool = False


class VerifyIn(Order):
    verb: Literal["verify"]
    path: str
    isolated: bool = False
    twice: bool = False
    timeout: float | None = Field(default=None, gt=0)


class ReplayIn(Order):
    """`project`: the folder of a project whose own run it is; runs of jobs are known to the store."""

    verb: Literal["replay"]
    run: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$")
    step: str = Field(pattern=r"^[^\W\d][\w-]{0,199}$")
    path: str | None = None
    project: str | None = None


class DefineIn(Order):
    path: str
    kind: Literal["notebook", "pipeline"]
    name: str = ""
    settings: SettingsIn = SettingsIn()
    notebook: dict[str, Any] | None = None


OperationIn = ConvertIn | VerifyIn | ReplayIn
_OPERATION: TypeAdapter[OperationIn] = TypeAdapter(Annotated[OperationIn, Field(discriminator="verb")])


def read_body(kind: type[T], body: bytes) -> T:
    return kind.model_validate_json(body)


def read_operation(body: bytes) -> OperationIn:
    return _OPERATION.validate_json(body)
