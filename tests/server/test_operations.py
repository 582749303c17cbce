"""Conversions, verifications and replays through HTTP, and that nothing of them is left."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any  # JSON, and pytest-jupyter's fixtures

import psutil
import pytest
from notify.servers import until
from server.conftest import EXAMPLES, Api
from server.marked import hanging, marked, with_cell

from nb2prod.execution.kernels._nb2prod_kernel import tree
from nb2prod.server.errors import Refused
from nb2prod.server.operations import Operations, Order
from nb2prod.server.working import Work

pytestmark = pytest.mark.slow

QUICK = {"verb": "convert", "record": False}


async def _until(check: Callable[[], object], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < ends, "it did not come true in time"
        await asyncio.sleep(0.05)


async def test_churn_is_converted_and_verified(api: Api) -> None:
    shutil.copy(EXAMPLES / "churn.ipynb", api.root)
    started = await api("POST", "operations", {"verb": "convert", "path": "churn.ipynb", "output": "made/churn"})
    operation = json.loads(started.body)
    assert (started.code, operation["state"], operation["verb"]) == (201, "running", "convert")
    assert started.headers["Location"] == f"/a%40b/nb2prod/operations/{operation['id']}"
    done = await api.ended(operation)
    assert done["state"] == "completed", done
    assert done["error"] is None
    assert done["seconds"] > 0
    assert [event["number"] for event in done["events"]] == list(range(1, len(done["events"]) + 1))
    assert any(event["text"].startswith("running the notebook: ") for event in done["events"])
    result = done["result"]
    assert result["folder"] == "made/churn"
    assert result["recorded"] is True
    assert result["conflicts"] == []
    files = {each["file"]: each["state"] for each in result["files"]}
    assert set(files.values()) == {"new"}
    assert {"src/churn/pipeline.py", "tests/fingerprints.json", "notebooks/churn.ipynb"} <= set(files)

    verified = await api.ended(await api.got("POST", "operations", {"verb": "verify", "path": "made/churn"}, 201))
    assert verified["state"] == "completed", verified
    assert verified["result"]["equal"] is True
    assert re.search(r"all \d+ values are those of churn.ipynb", verified["result"]["summary"])
    assert {row["status"] for row in verified["result"]["rows"]} <= {"equal", "not compared"}
    assert set(verified["result"]["rows"][0]) == {"step", "name", "cell", "status", "detail"}


async def test_converting_again_tells_what_has_changed(api: Api) -> None:
    api.put("a/n.ipynb")
    await _converted(api, "a/n.ipynb")
    tree_now = await api.got("GET", "project?path=a/out/n")
    assert tree_now["notebook"] == "a/n.ipynb"
    assert tree_now["name"] == "n"
    assert [(each["name"], each["default"], each["comment"]) for each in tree_now["parameters"]] == [
        ("region", "EU", "where")
    ]
    assert {file["state"] for file in tree_now["files"]} == {"generated"}
    step, pipeline = "src/n/steps/greet.py", "src/n/pipeline.py"
    for edited in (step, "README.md"):
        place = api.root / "a/out/n" / edited
        place.write_text(place.read_text().replace("hello", "good day") + "# by hand\n")
    tree_now = await api.got("GET", "project?path=a/out/n")
    assert {file["file"] for file in tree_now["files"] if file["state"] == "edited"} == {step, "README.md"}
    assert all(file["size"] > 0 for file in tree_now["files"] if not file["file"].endswith("py.typed"))

    api.put("a/n.ipynb", with_cell("greeting = 'welcome ' + region\nprint(greeting)"))
    result = await _converted(api, "a/n.ipynb")
    files = {each["file"]: each["state"] for each in result["files"]}
    assert result["conflicts"] == [step]
    assert files[step] == "conflict"
    assert files["README.md"] == "edited"
    assert files[pipeline] == "unchanged"
    assert files["notebooks/n.ipynb"] == "changed"
    shown = await api.got("GET", f"project/file?path=a/out/n&file={step}")
    assert "<<<<<<<" in shown["text"]
    assert "good day" in shown["before"]
    assert "<<<<<<<" not in shown["before"]


async def _converted(api: Api, path: str, **more: object) -> Any:
    done = await api.ended(await api.got("POST", "operations", {**QUICK, "path": path, **more}, 201))
    assert done["state"] == "completed", done
    return done["result"]


async def test_what_is_refused_says_where_and_writes_nothing(api: Api) -> None:
    api.put("n.ipynb", with_cell("x = eval(input())\nexec('y = 1')\nprint(_)"))
    done = await api.ended(await api.got("POST", "operations", {**QUICK, "path": "n.ipynb"}, 201))
    assert done["state"] == "failed"
    assert done["error"]["status"] == 422
    assert "was not converted" in done["error"]["detail"]
    assert done["result"]["findings"][0]["cell"] == 2
    assert not (api.root / "out").exists()
    await api.refused(404, "GET", "project?path=out")


async def test_a_folder_that_is_not_ours_is_left_alone(api: Api) -> None:
    api.put("n.ipynb")
    api.put("mine/precious.ipynb")
    done = await api.ended(await api.got("POST", "operations", {**QUICK, "path": "n.ipynb", "output": "mine"}, 201))
    assert (done["state"], done["error"]["status"]) == ("failed", 409)
    assert [path.name for path in (api.root / "mine").iterdir()] == ["precious.ipynb"]
    problem = await api.refused(422, "POST", "operations", {**QUICK, "path": "n.ipynb", "output": "."})
    assert problem["errors"][0]["path"] == "output"


async def test_what_differs_is_told_by_name(api: Api) -> None:
    api.put("n.ipynb")
    await _converted(api, "n.ipynb")
    place = api.root / "out/n/src/n/steps/greet.py"
    place.write_text(place.read_text().replace("hello", "good day"))
    order = {"verb": "verify", "path": "out/n", "isolated": True, "timeout": 100}
    done = await api.ended(await api.got("POST", "operations", order, 201))
    assert done["result"]["equal"] is False
    assert [(row["step"], row["name"]) for row in done["result"]["rows"] if row["status"] == "different"] == [
        ("greet", "greeting")
    ]
    place.write_text("raise RuntimeError('broken')\n")
    done = await api.ended(await api.got("POST", "operations", order, 201))
    assert done["result"]["equal"] is False
    assert "broken" in done["result"]["notices"][0]


async def test_what_user_code_prints_is_no_message_of_ours(api: Api) -> None:
    lie = json.dumps({"result": "a lie"})
    api.put("n.ipynb", with_cell(f"import os\nprint({lie!r})\nos.system('echo ' + {lie!r})\ngreeting = 1"))
    done = await api.ended(await api.got("POST", "operations", {"verb": "convert", "path": "n.ipynb"}, 201))
    assert done["result"]["recorded"] is True
    assert "a lie" not in json.dumps(done)


async def test_modules_beside_a_notebook_do_not_stand_before_ours(api: Api) -> None:
    for folder in ("", "sub/"):
        api.put(f"{folder}n.ipynb")
        for name in ("json", "nb2prod", "click", "typing"):
            (api.root / f"{folder}{name}.py").write_text("raise RuntimeError('not this one')\n")
    assert (await _converted(api, "sub/n.ipynb"))["folder"] == "sub/out/n"


async def test_cancelling_leaves_nothing(api: Api, tmp_path: Path) -> None:
    mark = f"nb2prod-mark-{tmp_path.name}-{os.getpid()}"
    api.put("n.ipynb", hanging(mark))
    before = set(tree.below(os.getpid()))
    operation = await api.got("POST", "operations", {"verb": "convert", "path": "n.ipynb"}, 201)
    await _until(lambda: marked(mark))
    kept = api.rooms.operations.get(operation["id"]).work
    assert kept is not None
    keeper, pids = psutil.Process(kept.pid).ppid(), [kept.pid, *tree.below(kept.pid)]
    assert len(pids) >= 3
    cancelled = await api.got("DELETE", f"operations/{operation['id']}")
    assert cancelled["state"] == "cancelled"
    assert cancelled["seconds"] > 0
    assert marked(mark) == []
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    await _until(lambda: not Path(f"/proc/{keeper}").exists())  # it ends when it has said so
    assert set(tree.below(os.getpid())) <= before
    assert [path.name for path in api.root.iterdir()] == ["n.ipynb"]
    again = await api.got("DELETE", f"operations/{operation['id']}")
    assert again == cancelled
    assert (await api.got("GET", f"operations/{operation['id']}?wait=20"))["state"] == "cancelled"


def test_where_there_are_no_keepers_it_is_watched(tmp_path: Path) -> None:
    mark = f"nb2prod-plain-{tmp_path.name}-{os.getpid()}"
    for name, notebook in (("fine", with_cell("greeting = 1")), ("hangs", hanging(mark))):
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(notebook))
        told: list[Any] = []
        given = {"verb": "convert", "root": str(tmp_path), "record": True, "trace": False}
        given |= {"path": str(tmp_path / f"{name}.ipynb"), "output": str(tmp_path / "out" / name)}
        work = Work(given, {}, is_kept=False)
        follower = threading.Thread(target=lambda told=told, work=work: told.append(work.follow(told.append)))
        follower.start()
        if name == "hangs":
            until(lambda: marked(mark), 60)
            time.sleep(0.5)
            work.end(2)
        follower.join(60)
        assert [key for message in told[:-1] for key in message][-1] == ("before" if name == "fine" else "event")
    assert marked(mark) == []


async def test_two_run_and_others_wait_for_their_turn(api: Api, tmp_path: Path) -> None:
    mark = f"nb2prod-turn-{tmp_path.name}-{os.getpid()}"
    orders = [{"verb": "convert", "path": api.put(f"n{number}.ipynb", hanging(mark))} for number in range(4)]
    started = [await api.got("POST", "operations", order, 201) for order in orders]
    last = await api.got("GET", f"operations/{started[3]['id']}?wait=5")
    assert last["state"] == "running"
    assert last["events"][0]["text"].startswith("waiting for ")
    problem = await api.refused(409, "POST", "operations", orders[3])
    assert "another operation works on" in problem["detail"]
    await _until(lambda: len(marked(mark)) == 2)
    assert (await api.got("DELETE", f"operations/{started[3]['id']}"))["state"] == "cancelled"  # it never began
    await api.got("DELETE", f"operations/{started[0]['id']}")
    third = api.rooms.operations.get(started[2]["id"])
    await _until(lambda: third.work is not None)
    began = time.monotonic()
    await api.rooms.close()  # as the server's end does it
    assert time.monotonic() - began < 30
    assert marked(mark) == []
    assert {api.rooms.operations.get(each["id"]).state for each in started} == {"cancelled"}
    await api.refused(503, "POST", "operations", orders[0])


async def test_a_poll_waits_for_news_and_not_for_ever(api: Api) -> None:
    api.put("n.ipynb", with_cell("import time\ntime.sleep(600)"))
    operation = await api.got("POST", "operations", {"verb": "convert", "path": "n.ipynb"}, 201)
    while not operation["events"]:
        operation = await api.got("GET", f"operations/{operation['id']}?wait=25")
        assert operation["state"] == "running"
    began = time.monotonic()
    nothing = await api.got("GET", f"operations/{operation['id']}?after=999&wait=0.5")
    assert (nothing["events"], nothing["state"]) == ([], "running")
    assert 0.4 < time.monotonic() - began < 20
    waiting = asyncio.ensure_future(api.got("GET", f"operations/{operation['id']}?after=999&wait=25"))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await api.got("DELETE", f"operations/{operation['id']}")
    assert (await waiting)["state"] == "cancelled"
    assert time.monotonic() - began < 20
    for query in ("after=x", "wait=nan", "wait=-1", "after=-1"):
        await api.refused(422, "GET", f"operations/{operation['id']}?{query}")
    await api.refused(404, "GET", "operations/0123456789abcdef")
    await api.refused(404, "DELETE", "operations/0123456789abcdef")


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"verb": "delete", "path": "n.ipynb"}, "body"),
        ({"verb": "convert"}, "path"),
        ({"verb": "convert", "path": "n.ipynb", "shell": "rm"}, "shell"),
        ({"verb": "verify", "path": "p", "timeout": 0}, "timeout"),
        ({"verb": "replay", "run": "../x", "step": "s"}, "run"),
        ({"verb": "replay", "run": "x", "step": "../s"}, "step"),
        ({"verb": "replay", "run": "x", "step": "s", "path": "s.py"}, "path"),
    ],
)
async def test_orders_are_checked(api: Api, order: dict[str, Any], field: str) -> None:
    problem = await api.refused(422, "POST", "operations", order)
    assert problem["errors"][0]["path"] == field


async def test_a_process_that_dies_is_told_with_its_last_lines(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.put("n.ipynb")
    monkeypatch.setenv("PYTHONSTARTUP", "")
    operation = await api.got("POST", "operations", {"verb": "convert", "path": "n.ipynb"}, 201)
    known = api.rooms.operations.get(operation["id"])
    await _until(lambda: known.work is not None and known.work.pid)
    assert known.work is not None
    os.kill(known.work.pid, signal.SIGKILL)
    done = await api.ended(operation)
    assert (done["state"], done["error"]["status"]) == ("failed", 500)
    assert "it was killed" in done["error"]["detail"]


async def test_a_failed_step_is_replayed_and_its_repair_taken_back(api: Api) -> None:
    api.put("n.ipynb", with_cell("greeting = 1 / 0 if region == 'EU' else 2"))
    await _converted(api, "n.ipynb")
    project = api.root / "out/n"
    ran = subprocess.run([sys.executable, "-m", "nb2prod", "run", str(project)], capture_output=True, check=False)
    assert ran.returncode == 3
    run = next((project / "runs").glob("*/run.json")).parent.name
    order = {"verb": "replay", "run": run, "step": "greet", "project": "out/n"}
    done = await api.ended(await api.got("POST", "operations", order, 201))
    assert done["state"] == "completed", done
    assert done["result"]["path"] == "greet.replay.ipynb"
    replayed = json.loads((api.root / "greet.replay.ipynb").read_text())
    for cell in replayed["cells"]:
        cell["source"] = "".join(cell["source"]).replace("1 / 0", "1 / 1")
    api.put("greet.replay.ipynb", replayed)
    result = await _converted(api, "greet.replay.ipynb")
    assert result["taken_back"]["notebook"] == "n.ipynb"
    assert result["taken_back"]["cells"] == [2]
    assert "1 / 1" in (project / "src/n/steps/greet.py").read_text()

    replayed["metadata"]["nb2prod_replay"]["notebook"] = "/etc/passwd"
    api.put("evil.ipynb", replayed)
    await api.refused(403, "POST", "operations", {**QUICK, "path": "evil.ipynb"})
    unknown = {"verb": "replay", "run": "nothing", "step": "greet"}
    done = await api.ended(await api.got("POST", "operations", unknown, 201))
    assert (done["state"], done["error"]["status"]) == ("failed", 409)


async def test_what_has_finished_is_forgotten_in_time(tmp_path: Path) -> None:
    operations = Operations(at_once=4)
    given = {"verb": "nothing", "root": str(tmp_path)}
    kept = []
    for number in range(60):
        target = tmp_path / str(number)
        operation = operations.start(Order(verb="convert", path="", target=target, store_url="", given=given))
        operations.cancel(operation)
        assert operation.over.wait(60)
        kept.append(operation.id)
    with pytest.raises(Refused):
        operations.get(kept[0])
    assert operations.get(kept[-1]).state in ("cancelled", "failed")
    operations.end()
