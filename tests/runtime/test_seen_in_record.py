"""What steps are given, give, show and score stands in the record, also when a result was known."""

import json
from collections.abc import Callable

from runtime.tiny import Project

from nb2prod.runtime.telling.reading import read_record
from nb2prod.runtime.telling.sketches import Numbers

Score = Callable[..., None]
_SHOWING = (
    "from IPython.display import display; import pandas as pd; from sklearn.metrics import accuracy_score; "
    "from nb2prod.runtime import alert, log_table"
)


def test_a_record_has_what_a_step_has_shown(project: Project, score: Score) -> None:
    score(
        "frame = pd.DataFrame({'x': [1.0, 2.0, None]})",
        "display(frame)",
        "log_table('sums', {'n': [len(table)]})",
        "alert('few', 'only 4')",
        "print('one'); print('two')",
        "part = accuracy_score([1, 0], [1, 1])",
        "total = frame",
        imports=_SHOWING,
    )
    first = project.run()
    assert first.code == 0, first.err
    again = project.run()
    for ran in (first, again):
        _, step = ran.record["steps"]
        assert step["metrics"] == {"accuracy_score": 0.5}
        assert [(each["kind"], each["path"]) for each in step["files"]] == [
            ("table", "tables/score-1.csv"),
            ("table", "tables/score-sums.csv"),
        ]
        assert (ran.folder / "tables/score-sums.csv").read_text() == "n\n4\n"
        assert "one\ntwo\n" in (ran.folder / "logs/score.log").read_text()
        assert step["outputs"]["result"]["columns"] == [
            {
                "name": "x",
                "dtype": "float64",
                "nulls": 1,
                "mean": 1.5,
                "deviation": 0.5,
                "least": 1.0,
                "greatest": 2.0,
            }
        ]
        record = read_record(ran.folder)
        assert record is not None
        (column,) = record.profile("score")["outputs"]["result"]["columns"]
        assert Numbers.from_json(column["numbers"]).at == (1.0, 2.0)
    assert (first.steps("cached"), again.steps("cached")["score"]) == ({"load": False, "score": False}, True)
    assert first.steps("scores")["score"][0]["arguments"] == "[1, 0], [1, 1]"
    events = [json.loads(line) for line in (first.folder / "events.jsonl").read_text().splitlines()]
    assert [each["message"] for each in events if each["event"] == "alert"] == ["only 4"]
    assert first.steps("printed_lines")["score"] >= 2


def test_the_same_of_steps_in_processes(project: Project, score: Score) -> None:
    score("display(pd.DataFrame({'x': [len(table)]}))", "total = 1.0", imports=_SHOWING)
    project.policies["score"] = {"process": True}
    ran = project.run()
    assert ran.code == 0, ran.err
    assert (ran.folder / "tables/score-1.csv").read_text() == "x\n4\n"
    assert ran.record["metrics"] == {"total": 1.0}
