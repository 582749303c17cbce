"""What is tried again and when, when a run gives up, and who is told: the decisions, without a run."""

import errno
import sqlite3
import threading
import time
import urllib.error
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import pytest

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.failures.attempts import delay_before, facts_of, worth_retrying
from nb2prod.runtime.failures.circuit import Circuit, circuit_of
from nb2prod.runtime.failures.failure import failure_of
from nb2prod.runtime.failures.faults import Fault, faulty, parse
from nb2prod.runtime.failures.handlers import call_handler, check_handlers
from nb2prod.runtime.project import Policy, Settings

SETTINGS = Settings(package="tiny", name="tiny", root=Path(), workdir=Path(), runs=Path("runs"))


class ServiceError(Exception):
    """Of a library that we know nothing of."""

    def __init__(self, **about: object) -> None:
        super().__init__("no")
        vars(self).update(about)


@pytest.mark.parametrize(
    ("error", "worth"),
    [
        (ConnectionResetError("gone"), True),
        (TimeoutError(), True),
        (sqlite3.OperationalError("locked"), True),
        (OSError(errno.EIO, "disk"), True),
        (OSError(errno.ENOSPC, "full"), False),
        (FileNotFoundError("x"), False),
        (ValueError("x"), False),
        (urllib.error.HTTPError("http://x", 503, "later", Message(), None), True),
        (urllib.error.HTTPError("http://x", 404, "no", Message(), None), False),
        (ServiceError(), False),
        (ServiceError(status_code=429), True),
        (ServiceError(code=7), False),
        (ServiceError(response=SimpleNamespace(status_code=502)), True),
        (ServiceError(response={"Error": {"Code": "ThrottlingException"}}), True),
        (ServiceError(response={"ResponseMetadata": {"HTTPStatusCode": 403}}), False),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_error_is_tried_again_when_it_may_go_otherwise(error: Exception, worth: bool) -> None:
    assert worth_retrying(facts_of(error), Policy()) is worth


def test_the_policy_decides_before_what_is_known() -> None:
    assert worth_retrying(facts_of(ValueError("x")), Policy(retry_on=("ValueError",)))
    assert worth_retrying(facts_of(KeyError("x")), Policy(retry_on=("LookupError",)))
    assert not worth_retrying(facts_of(ConnectionResetError()), Policy(retry_never=("OSError",)))
    assert not worth_retrying(facts_of(ValueError()), Policy(retry_on=("ValueError",), retry_never=("Exception",)))
    assert not worth_retrying(facts_of(ValueError()), Policy(retry_on=("churn.ValueError",)))


def test_a_class_is_known_where_its_package_shows_it() -> None:
    error = facts_of(sqlite3.IntegrityError("x"))
    assert worth_retrying(error, Policy(retry_on=("sqlite3.dbapi2.IntegrityError",)))
    assert worth_retrying(facts_of(TimeoutError()), Policy(retry_on=("asyncio.TimeoutError",)))


def test_waits_double_and_are_spread_and_capped() -> None:
    policy = Policy(retry_delay=1.0, retry_longest=5.0)
    assert [delay_before(attempt, policy, lambda: 1.0) for attempt in (2, 3, 4, 5)] == [1, 2, 4, 5]
    assert [delay_before(attempt, policy, lambda: 0.0) for attempt in (2, 3, 4, 5)] == [0.5, 1, 2, 2.5]


def test_a_circuit_opens_after_failures_in_a_row() -> None:
    circuit = Circuit(limit=3).after_failure("load", "OSError: a").after_failure("load", "OSError: b")
    assert not circuit.is_open
    assert circuit.after_success("other") == circuit
    assert circuit.after_success("load") == Circuit(limit=3)
    opened = circuit.after_failure("fetch", "OSError: c")
    assert opened.is_open
    assert opened.after_success("load").is_open
    assert str(opened) == (
        "3 failures in a row that another try may mend, in 'load', 'fetch', the last one OSError: c: a service seems "
        "to be down ([run] circuit = 3 in pipeline.toml); nothing more is tried or started"
    )
    assert not Circuit().after_failure("a", "x").after_failure("a", "x").is_open


@pytest.mark.parametrize("limit", [0, -1, True, "5", 2.5])
def test_a_circuit_that_is_no_number_is_refused(limit: object) -> None:
    settings = Settings(**{**vars(SETTINGS), "tables": {"run": {"circuit": limit}}})
    with pytest.raises(ProjectError, match="it must be a number of failures, 1 or more"):
        circuit_of(settings)


CALLED: list[object] = []


def note(failure: dict[str, object]) -> None:
    failure["step"] = "changed"
    CALLED.append(failure)


def hang(_failure: dict[str, object]) -> None:
    threading.Event().wait(20)


def leave(_failure: dict[str, object]) -> None:
    raise SystemExit(3)


def test_a_handler_gets_a_copy_and_its_own_trouble_is_told() -> None:
    failure = {"step": "load"}
    assert call_handler(f"{__name__}:note", failure, SETTINGS) == ""
    assert (CALLED, failure) == ([{"step": "changed"}], {"step": "load"})
    told = call_handler(f"{__name__}:leave", failure, SETTINGS)
    assert told == f"on_failure {__name__}:leave of pipeline 'tiny' failed itself: SystemExit: 3"
    assert "No module named 'nowhere'" in call_handler("nowhere:x", failure, SETTINGS)
    began = time.monotonic()
    assert "was left after 0.1 s: it did not end" in call_handler(f"{__name__}:hang", failure, SETTINGS, seconds=0.1)
    assert time.monotonic() - began < 15


def test_a_handler_that_is_no_name_is_refused_before() -> None:
    settings = Settings(**{**vars(SETTINGS), "steps": {"load": Policy(on_failure="churn.tell")}})
    with pytest.raises(ProjectError, match=r"steps.load.on_failure is 'churn.tell'; write \"MODULE:FUNCTION\""):
        check_handlers(settings)


def test_a_failure_has_its_causes_and_inputs() -> None:
    try:
        try:
            raise KeyError("a")
        except KeyError as cause:
            raise ValueError("b") from cause
    except ValueError as error:
        failure = failure_of(
            error, SETTINGS, {"table": [1, 2], "password": "x"}, resume="again", replay="nb2prod replay"
        )
    assert (failure["type"], failure["reason"]) == ("ValueError", "ValueError: b")
    causes = failure["causes"]
    assert isinstance(causes, list)
    assert [(cause["type"], cause["reason"]) for cause in causes] == [("KeyError", "KeyError: 'a'")]
    assert failure["inputs"] == {"table": "list of 2", "password": "= (str, not shown)"}
    assert (failure["resume"], failure["replay"]) == ("again", "nb2prod replay")


def test_an_error_among_its_own_causes_is_told_once() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__context__, second.__context__ = second, first
    causes = failure_of(first, SETTINGS, {})["causes"]
    assert isinstance(causes, list)
    assert [cause["reason"] for cause in causes] == ["ValueError: b"]


def test_faults_are_read() -> None:
    assert parse("train:raise=OSError:gone,times=2; *:hang; ") == (
        Fault(step="train", kind="raise", value="OSError:gone", times=2),
        Fault(step="*", kind="hang"),
    )
    assert parse("score:kill,times=1")[0].comes("score-2", 1)
    assert not parse("score:kill,times=1")[0].comes("score", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train", "it is not STEP:KIND"),
        (":hang", "it is not STEP:KIND"),
        ("train:explode", "there is no kind 'explode'; the kinds are disk, exit, gil, hang, kill"),
        ("train:hang,times=0", "'times=0' is not times=N"),
        ("train:hang,every=2", "'every=2' is not times=N"),
        ("train:hang=soon", "could not convert"),
        ("train:exit", "invalid literal"),
        ("train:memory=lots", "is no size"),
        ("train:raise=1x", "is not CLASS or CLASS:TEXT"),
        ("train:raise", "is not CLASS or CLASS:TEXT"),
        ("train:kill=9", "it takes no value"),
    ],
)
def test_faults_that_make_no_sense_are_refused(text: str, said: str) -> None:
    with pytest.raises(ProjectError) as refused:
        parse(text)
    assert str(refused.value).startswith(f"NB2PROD_FAULTS: '{text}': ")
    assert said in str(refused.value)


def test_artifacts_fail_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    real = SimpleNamespace(put=lambda _: "d", get=lambda _: b"x")
    monkeypatch.setenv("NB2PROD_FAULTS", "a:disk,times=1;b:store")
    assert faulty(real, "a", 2) is real
    full = faulty(real, "a", 1)
    assert full.get("d") == b"x"
    with pytest.raises(OSError, match="No space left"):
        full.put(b"x")
    with pytest.raises(ConnectionError):
        faulty(real, "b", 1).get("d")
