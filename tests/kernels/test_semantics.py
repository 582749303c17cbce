"""A forked kernel is an ordinary one: what a notebook could notice."""

import os
from pathlib import Path

import pytest
from kernels.cells import Bench, Ran

from nb2prod.execution.kernels.order import Ending, KernelNotStarted
from nb2prod.execution.kernels.plain import PlainKernel

pytestmark = pytest.mark.slow


SELF = """
import os, sys, signal, locale, threading
env = {name: value for name, value in os.environ.items() if name not in ("JPY_PARENT_PID", "NB2PROD_KEEPER")}
print("JPY_PARENT_PID" in os.environ)
print(os.getcwd(), __name__)
print(sorted(env.items()))
print(sys.path, sys.flags, sys.argv[0], sys.executable, sys.prefix)
print([signal.getsignal(n) for n in (1, 13, 15, 17)], signal.pthread_sigmask(0, []), os.umask(0o22))
print(locale.setlocale(locale.LC_ALL))
print(sorted(t.name for t in threading.enumerate() if "Th" not in t.name), os.getpgid(0) == os.getpid())
print(repr(sys.stdin.read()), sys.stdout.encoding, os.getsid(0) == os.getpid())
print(type(get_ipython()).__name__, get_ipython().history_manager.hist_file, get_ipython().profile)
"""


def test_it_finds_itself_as_one_that_was_started_anew(bench: Bench) -> None:
    order = bench.order(env={"PATH": os.environ["PATH"], "HOME": str(bench.folder), "OWN": "ä=1", "NB2PROD_RUN": "e:1"})
    kept = bench.run(SELF, order=order).texts[0].splitlines()
    plain = bench.client(order, SELF, kernel=PlainKernel).execute().cells[0].outputs[0].text.splitlines()
    assert kept == plain
    assert kept[1] == f"{bench.folder} __main__"


def test_what_a_notebook_uses_works(bench: Bench) -> None:
    ran = bench.run(
        "print(1); 2",
        "!echo shell $((1 + 1))",
        "%%bash\necho magic",
        "from IPython.display import display, clear_output\nh = display('old', display_id=True); h.update('new')",
        "print('gone'); clear_output(); print('there')",
        "import asyncio; await asyncio.sleep(0.01); _, In[1]",
        # ipykernel reads in a thread of its own what children print, and does not wait for it at a cell's end
        "import subprocess, time; _ = subprocess.run(['echo', 'of a child']); time.sleep(0.5)",
        "import multiprocessing as m\np = m.get_context('fork').Process(target=print, args=('of a fork',))\n"
        "p.start(); p.join()",
        "__name__, __import__('sys').argv[0].endswith('ipykernel_launcher.py'), __import__('signal').getsignal(15)",
    )
    assert ran.error is None
    texts = [text.replace("\r", "") for text in ran.texts]
    assert texts[:4] == ["1\n2\n", "shell 2\n", "magic\n", "'new'\n"]
    assert texts[4:8] == ["there\n", "(2, 'print(1); 2')\n", "of a child\n", "of a fork\n"]
    assert texts[8].startswith("('__main__', True, <Handlers.SIG_DFL: 0>)")


def test_comms_reach_the_client(bench: Bench) -> None:
    order = bench.order()
    code = "import comm\nc = comm.create_comm(target_name='t', data={'state': {'_model_name': 'X', 'value': 3}})"
    client = bench.client(order, code)
    notebook = client.execute()
    (widget,) = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    assert widget["state"] == {"_model_name": "X", "value": 3}


def test_kernels_do_not_draw_the_same_numbers(bench: Bench) -> None:
    code = (
        "import random, os, tempfile, uuid; print(random.random(), os.urandom(4), tempfile.mkstemp()[1], uuid.uuid4())"
    )
    one, other = (bench.run(code).texts[0].split() for _ in range(2))
    assert not set(one) & set(other)


def test_what_is_registered_for_the_exit_runs_and_files_are_flushed(bench: Bench) -> None:
    bench.run(
        "import atexit; atexit.register(lambda: open('exit.txt', 'w').write('done'))",
        "f = open('f.txt', 'w'); f.write('x')",
    )
    assert [(bench.folder / name).read_text() for name in ("exit.txt", "f.txt")] == ["done", "x"]


def test_others_see_the_mark_of_its_run(bench: Bench) -> None:
    seen: list[list[int]] = []
    order = bench.order()

    def look(_: object) -> None:
        seen.append(Ran(texts=[], error=None, ending=Ending(), seconds=0, run=order.env["NB2PROD_RUN"]).left)

    ran = bench.run("import os; print(os.getpid())", "import time; time.sleep(0.6)", during=look, order=order)
    assert (seen, ran.left) == ([[int(ran.texts[0])]], [])


def test_limits_are_those_of_the_order(bench: Bench) -> None:
    code = "import os; len(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS']"
    ran = bench.run(code, "while True: pass", order=bench.order(cpus=1, cpu_seconds=1))
    assert ran.texts[0] == "(1, '1')\n"
    assert (ran.ending.signal, ran.ending.reason) == (24, "killed")
    assert 0.8 < ran.ending.cpu < 4


def test_a_folder_that_is_not_there_is_told(bench: Bench) -> None:
    with pytest.raises(KernelNotStarted, match="No such file or directory: '/not/there'"):
        bench.client(bench.order(cwd="/not/there"), "1").execute()


def test_a_python_without_ipykernel_is_told(bench: Bench, tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    with pytest.raises(KernelNotStarted, match="No module named 'ipykernel'"):
        bench.client(bench.order(python=str(tmp_path / "bare/bin/python")), "1").execute()
