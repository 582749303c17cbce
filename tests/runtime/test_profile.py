"""What is told of values: right, never at the price of the value, and never an error."""

import json
import random
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nb2prod.runtime.telling.measure import describe
from nb2prod.runtime.telling.profile import Budget, describe_value, forget, short
from nb2prod.runtime.telling.sketches import Numbers

ROWS = 200


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    made = pd.DataFrame(
        {
            "age": rng.normal(40, 10, ROWS),
            "n": np.arange(ROWS),
            "plan": rng.choice(["basic", "plus"], ROWS),
            "kind": pd.Categorical(rng.choice(["x", "y"], ROWS)),
            "left": rng.random(ROWS) > 0.5,
            "seen": pd.date_range("2026-01-01", periods=ROWS, freq="D", tz="Europe/Berlin"),
            "took": pd.to_timedelta(np.arange(ROWS), unit="s"),
            "some": pd.array([1, None] * (ROWS // 2), dtype="Int64"),
            "flag": pd.array([True, None] * (ROWS // 2), dtype="boolean"),
            "email": [f"person{number}@example.org" for number in range(ROWS)],
            "object": [object() for _ in range(ROWS)],
            "api_key": ["k"] * ROWS,
        }
    )
    made.loc[3, "age"] = np.nan
    return made


def columns_of(value: object) -> dict[str, Any]:
    return {column["name"]: column for column in describe_value("it", value)["columns"]}


def test_each_column_is_told_by_its_kind(frame: pd.DataFrame) -> None:
    found = columns_of(frame)
    assert {name: column.get("nulls") for name, column in found.items()} == {
        **dict.fromkeys(found, 0),
        "age": 1,
        "some": ROWS // 2,
        "flag": ROWS // 2,
        "api_key": None,
    }
    age = Numbers.from_json(found["age"]["numbers"])
    assert age.mean == pytest.approx(frame["age"].mean())
    assert age.deviation == pytest.approx(frame["age"].std(ddof=0))
    assert found["plan"]["categories"]["top"] == [[k, int(v)] for k, v in frame["plan"].value_counts().items()]
    assert found["kind"]["categories"]["distinct"] == found["left"]["categories"]["distinct"] == 2
    assert found["seen"]["numbers"]["least"] == frame["seen"].iloc[0].timestamp()
    assert found["took"]["numbers"]["greatest"] == ROWS - 1
    assert found["flag"]["categories"]["top"] == [["True", ROWS // 2]]


def test_what_is_a_name_or_a_secret_is_not_kept(frame: pd.DataFrame) -> None:
    text = json.dumps(describe({"it": frame, "password": 7}))
    assert "person" not in text
    assert describe({"password": 7}) == {"password": {"type": "int"}}
    assert columns_of(frame)["email"]["distinct"] == ROWS
    assert set(columns_of(frame)["api_key"]) == {"name", "dtype"}


def test_in_short_the_distributions_are_left_out(frame: pd.DataFrame) -> None:
    told = short(describe_value("it", frame))
    assert told["nulls"] == 1 + ROWS
    assert told["columns"][1] == {
        "name": "n",
        "dtype": "int64",
        "nulls": 0,
        "mean": 99.5,
        "deviation": pytest.approx(57.73, abs=0.01),
        "least": 0.0,
        "greatest": 199.0,
    }
    assert told["columns"][2] == {"name": "plan", "dtype": str(frame["plan"].dtype), "nulls": 0, "distinct": 2}


def test_nothing_is_touched(frame: pd.DataFrame) -> None:
    np.random.seed(1)
    random.seed(1)
    states = np.random.get_state()[1].copy(), random.getstate()  # type: ignore[index]
    copy, attributes = frame.copy(deep=True), set(vars(frame))
    describe_value("it", frame)
    pd.testing.assert_frame_equal(frame, copy)
    assert set(vars(frame)) <= attributes | {"_item_cache"}
    np.testing.assert_array_equal(np.random.get_state()[1], states[0])  # type: ignore[index]
    assert random.getstate() == states[1]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.arange(6.0), {"shape": [6], "columns": 1}),
        (np.zeros((4, 3), dtype="int8"), {"shape": [4, 3], "columns": 3}),
        (np.zeros((2, 5, 5), dtype="uint8"), {"shape": [2, 5, 5], "columns": 1}),
        (np.array(["a", "b", "a"]), {"shape": [3], "columns": 1}),
        (np.array(["2026-01-01", "NaT"], dtype="datetime64[ns]"), {"shape": [2], "columns": 1}),
        (np.array([object(), None]), {"shape": [2], "columns": 1}),
        (np.float64(1.5), {"shape": []}),
        (np.zeros((0, 2)), {"shape": [0, 2], "columns": 2}),
        (pd.Series([1.0, None], name="x"), {"shape": [2], "nulls": 1, "columns": 1}),
        (pd.DataFrame(), {"shape": [0, 0], "nulls": 0, "columns": 0}),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), {"shape": [1, 2], "nulls": 0, "columns": 2}),
        (pd.DataFrame({("a", 1): [1j]}), {"shape": [1, 1], "nulls": 0, "columns": 1}),
        (pd.DataFrame({"lists": [[1], [2]], "dicts": [{}, {}]}), {"shape": [2, 2], "nulls": 0, "columns": 2}),
        (pd.DataFrame({"x": [np.inf, -np.inf, np.nan, 1e308, -1e308]}), {"shape": [5, 1], "nulls": 1, "columns": 1}),
        ([1, 2], {"length": 2}),
        (3, {"value": 3}),
        (10**30, {}),
        (float("nan"), {}),
        (True, {"value": True}),
        ("text", {}),
    ],
)
def test_values_of_any_kind(value: object, told: dict[str, object]) -> None:
    found = describe_value("it", value)
    json.dumps(found, allow_nan=False)
    if "columns" in found:
        found["columns"] = len(found["columns"])
    assert found == {"type": type(value).__name__, **told}


class Hostile:
    @property
    def shape(self) -> tuple[int, ...]:
        raise RuntimeError("no")

    def __len__(self) -> int:
        raise RuntimeError("no")


class Counting:
    looked = 0

    def __hash__(self) -> int:
        Counting.looked += 1
        return 1

    def __eq__(self, other: object) -> bool:
        Counting.looked += 1
        return True


def test_the_users_own_objects_are_not_asked() -> None:
    assert describe_value("it", Hostile()) == {"type": "Hostile"}
    describe_value("it", pd.DataFrame({"x": [Counting(), Counting()]}))
    assert Counting.looked == 0


def test_of_a_long_table_a_part_is_looked_at_and_said() -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=100_000), "y": 1})
    frame.loc[5, "x"] = np.nan
    found = describe_value("it", frame)
    assert found["sampled"] == 20_000
    assert found["nulls"] == 1
    numbers = Numbers.from_json(found["columns"][0]["numbers"])
    assert numbers.quantile(0.5) == pytest.approx(float(frame["x"].median()), abs=0.03)


def test_when_the_time_is_over_types_are_told() -> None:
    found = describe_value("it", pd.DataFrame({"x": [1.0, 2.0]}), Budget(-1.0))
    assert found["columns"] == [{"name": "x", "dtype": "float64"}]


def test_what_is_known_is_not_looked_at_again_until_a_step_has_run(frame: pd.DataFrame) -> None:
    first = describe({"it": frame})["it"]
    assert describe({"other": frame})["other"] is first
    frame.loc[0, "n"] = 10_000
    forget()
    assert describe({"it": frame})["it"]["columns"][1]["numbers"]["greatest"] == 10_000


def test_an_estimator_tells_its_features() -> None:
    from sklearn.linear_model import LinearRegression

    frame = pd.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})
    model = LinearRegression().fit(frame, [0, 1])
    assert describe_value("it", model) == {"type": "LinearRegression", "features": ["a", "b"]}
