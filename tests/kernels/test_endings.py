"""However a kernel ends: it is told at once, and nothing that it started is left."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from kernels.cells import Bench, lives, until
from nbclient.exceptions import CellExecutionError

from nb2prod.execution.kernels.client import CellDeadlineExceeded, KernelDied
from nb2prod.execution.kernels.kernel import _kernel
from nb2prod.execution.kernels.plain import PlainKernel

pytestmark = pytest.mark.slow

# a child, one that left the session and its parent, and one that also forgot its environment
OFFSPRING = """
import os, subprocess, sys
daemon = '''
import os, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
print(os.getpid(), flush=True)
os.close(1)
time.sleep(300)
'''
child = subprocess.Popen(["sleep", "300"])
pids = [child.pid]
for env in (None, {}):
    started = subprocess.Popen([sys.executable, "-c", daemon], stdout=subprocess.PIPE, env=env)
    pids.append(int(started.stdout.readline()))
print(*pids)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        print("heard")
"""
REGEX = "import re; re.match('(a+)+$', 'a' * 60 + 'b')"  # it holds the GIL for years, but heeds signals
FOREVER = "import itertools; sum(itertools.repeat(0))"  # it holds the GIL, and heeds none


def offspring(text: str) -> list[int]:
    pids = [int(word) for word in text.split()]
    assert len(pids) == 3
    return pids


def test_after_an_ordinary_end_nothing_is_left(bench: Bench) -> None:
    ran = bench.run(OFFSPRING)
    assert (ran.error, ran.ending.reason, ran.ending.code, ran.left) == (None, "exited", 0, [])
    assert not any(map(lives, offspring(ran.texts[0])))
    assert ran.ending.memory > 20_000_000
    assert not list(bench.warm.folder.glob("k-*"))


def test_a_cell_that_is_interrupted_leaves_its_kernel(bench: Bench) -> None:
    ran = bench.run(
        "x = 1",
        "import time; time.sleep(60)",
        during=lambda manager: manager.leash.signal(signal.SIGINT),
        allow_errors=True,
    )
    assert (ran.error, ran.texts[1], ran.ending.reason) == (None, "KeyboardInterrupt: \n", "exited")
    assert ran.seconds < 30


@pytest.mark.parametrize("victim", ["pid", "keeper"])
def test_a_killed_kernel_or_keeper_takes_everything_along(bench: Bench, victim: str) -> None:
    def kill(manager: Any) -> None:
        os.kill(getattr(manager.leash, victim), signal.SIGKILL)

    ran = bench.run(OFFSPRING, "import time; time.sleep(60)", during=kill)
    assert isinstance(ran.error, KernelDied)
    assert (ran.ending.signal, ran.ending.reason, ran.seconds < 30) == (9, "killed", True)
    assert until(lambda: not any(map(lives, offspring(ran.texts[0]))))
    assert until(lambda: ran.left == [])


def test_a_process_that_exits_by_itself_tells_its_code(bench: Bench) -> None:
    ran = bench.run("print('said', flush=True); import time; time.sleep(0.3); import os; os._exit(3)")
    assert (str(ran.error), ran.ending.code) == ("Kernel died: its process ended with code 3", 3)
    assert ran.texts == ["said\n"]


def test_a_killed_server_leaves_its_kernels_alone(bench: Bench) -> None:
    def kill(manager: Any) -> None:
        os.kill(
            int(Path(f"/proc/{manager.leash.keeper}/stat").read_text().rpartition(")")[2].split()[1]), signal.SIGKILL
        )

    ran = bench.run("import time; time.sleep(0.6); print('whole')", during=kill)
    assert (ran.error, ran.texts, ran.left) == (None, ["whole\n"], [])
    assert bench.run("print('another')").texts == ["another\n"]


def test_when_its_owner_is_killed_all_ends(bench: Bench, tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(
        textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from kernels.cells import Bench
        from nb2prod.execution.kernels.servers import WarmKernels
        bench = Bench(WarmKernels(idle=20, folder=Path(sys.argv[1])), Path({str(tmp_path)!r}))
        told = "print(*pids, os.getpid(), os.getppid(), file=open('pids', 'w'), flush=True)"
        bench.run({OFFSPRING!r} + told, "open('ready', 'w'); import time; time.sleep(300)")
        """)
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    owner = subprocess.Popen([sys.executable, str(script), str(bench.warm.folder)], env=env)
    assert until((tmp_path / "ready").exists, 60)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert all(map(lives, pids))
    owner.kill()
    owner.wait()
    assert until(lambda: not any(map(lives, pids)))
    assert not list(bench.warm.folder.glob("k-*"))


@pytest.mark.parametrize("code", [REGEX, FOREVER])
def test_a_deadline_of_a_cell_holds_while_it_keeps_the_gil(bench: Bench, code: str) -> None:
    ran = bench.run(code, cell_deadline=0.5)
    assert isinstance(ran.error, CellDeadlineExceeded)
    assert ran.error.interrupted is (code == REGEX)
    assert ran.seconds < 0.5 + 20


def test_a_cell_over_its_deadline_may_heed_the_interrupt(bench: Bench) -> None:
    ran = bench.run("import time\ntry:\n    time.sleep(60)\nfinally:\n    print('tidied')", cell_deadline=0.5)
    assert isinstance(ran.error, CellDeadlineExceeded)
    assert (ran.error.interrupted, ran.texts) == (True, ["tidied\nKeyboardInterrupt: \n"])


def test_the_keeper_holds_the_deadline_of_the_run(bench: Bench) -> None:
    ran = bench.run(OFFSPRING, FOREVER, order=bench.order(deadline=2.0))
    assert isinstance(ran.error, KernelDied)
    assert (ran.ending.reason, str(ran.error)) == ("deadline", "Kernel died: the run's time was over")
    assert ran.seconds < 2 + 20
    assert not any(map(lives, offspring(ran.texts[0])))


@pytest.mark.parametrize(
    "code",
    ["x = bytearray(600_000_000); import time; time.sleep(200)",
     "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(600_000_000); input()'], stdin=-1)\n"
     "import time; time.sleep(200)"],
    ids=["itself", "child"],
)  # fmt: skip
def test_over_its_memory_it_is_killed(bench: Bench, code: str) -> None:
    code = code.replace("subprocess.run(", "p = subprocess.Popen(")
    ran = bench.run(code, order=bench.order(memory=400_000_000))
    assert (ran.ending.reason, str(ran.error)) == ("memory", "Kernel died: it took more memory than it may")
    assert ran.ending.memory > 400_000_000
    assert (ran.seconds < 30, ran.left) == (True, [])


def test_everything_is_ended_from_another_thread(bench: Bench) -> None:
    took: list[float] = []

    def end(manager: Any) -> None:
        started = time.monotonic()
        manager.end_all(0.6)
        took.append(time.monotonic() - started)

    ran = bench.run(OFFSPRING, DEAF, during=end)
    assert (ran.ending.signal, ran.ending.reason, ran.texts[1]) == (9, "killed", "heard\n")
    assert took[0] < 3
    assert not any(map(lives, offspring(ran.texts[0])))
    assert ran.left == []


def test_where_there_are_no_fork_servers_a_plain_kernel_has_the_same_interface(bench: Bench) -> None:
    said: list[str] = []
    assert _kernel("darwin", said.append) is PlainKernel
    assert said == ["kernels start cold on this system, and no keeper holds their limits of memory and time"]
    client = bench.client(bench.order(), OFFSPRING, kernel=PlainKernel)
    manager: Any = client.create_kernel_manager()
    manager.end_all()
    with client.setup_kernel(cleanup_kc=False):
        client.execute_cell(client.nb.cells[0], 0)
        assert (manager.ending, manager.limit) == (None, "")
        manager.end_all(0.6)
        assert manager.ending.signal in (signal.SIGTERM, signal.SIGKILL)
        client._cleanup_kernel()
    pids = offspring(client.nb.cells[0].outputs[0].text)
    # the third forgot its mark and left its parent: without a keeper nobody knows it
    os.kill(pids[2], signal.SIGKILL)
    assert until(lambda: not any(map(lives, pids)))


def test_it_may_be_started_again(bench: Bench) -> None:
    async def twice() -> list[int]:
        client = bench.client(bench.order())
        manager: Any = client.create_kernel_manager()
        await manager.start_kernel()
        first = manager.leash.pid
        await manager.restart_kernel()
        channels = await client.async_start_new_kernel_client()
        second = manager.leash.pid
        channels.stop_channels()
        await manager.shutdown_kernel()
        return [first, second, *filter(lives, [first, second])]

    first, second = asyncio.run(twice())
    assert first != second


def test_an_error_of_a_cell_is_no_death(bench: Bench) -> None:
    ran = bench.run("1 / 0")
    assert isinstance(ran.error, CellExecutionError)
    assert (ran.ending.reason, ran.ending.code) == ("exited", 0)
