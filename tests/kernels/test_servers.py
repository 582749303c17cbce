"""One server for each environment, as it is now; it ends when nobody needs it."""

import json
import os
import subprocess
import sys
import textwrap
import venv
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kernels.cells import Bench, lives, own_servers, until
from processes import commands

from nb2prod.execution.kernels.environment import Environment, environment_of
from nb2prod.execution.kernels.order import KernelNotStarted
from nb2prod.execution.kernels.servers import WarmKernels, private_folder

pytestmark = pytest.mark.slow


def here(**changes: str) -> Environment:
    return environment_of(sys.executable, [], {**os.environ, **changes})


def servers(folder: Path) -> list[int]:
    """The processes that serve in a folder."""
    place = os.fsencode(folder)
    return [
        number for number, words in commands() if b"zygote" in words and any(word.startswith(place) for word in words)
    ]


def settled(folder: Path) -> list[int]:
    """The same for a second: each connection has a fork, sooner or later, which goes when nothing is ordered."""
    seen: deque[list[int]] = deque([[]], maxlen=20)

    def is_same() -> bool:
        seen.append(servers(folder))
        return seen.count(seen[-1]) == seen.maxlen

    assert until(is_same)
    return seen[-1]


def test_two_that_start_at_once_get_one_server(tmp_path: Path) -> None:
    with own_servers(idle=5) as warm, ThreadPoolExecutor(4) as pool:
        others = [WarmKernels(idle=5, folder=warm.folder) for _ in range(4)]
        list(pool.map(lambda one: one.prepare(here()), others))
        (server,) = settled(warm.folder)
        ran = Bench(warm, tmp_path).run("import os; print(open(f'/proc/{os.getppid()}/stat').read().split()[3])")
        assert int(ran.texts[0]) == server
        assert until(lambda: not lives(server))
        assert not list(warm.folder.glob("*.sock"))


def test_a_server_without_idle_time_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    with own_servers() as warm:
        code = f"""
        import os, sys
        from pathlib import Path
        from nb2prod.execution.kernels.environment import environment_of
        from nb2prod.execution.kernels.servers import WarmKernels
        warm = WarmKernels(idle=0, folder=Path({str(warm.folder)!r}))
        warm.prepare(environment_of(sys.executable, [], os.environ))
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, cwd=tmp_path)
        assert until(lambda: not servers(warm.folder))


def test_what_matters_at_the_start_makes_another_server() -> None:
    keys = {here().key, here(PYTHONHASHSEED="1").key, here(OMP_NUM_THREADS="3").key, here(LANG="de_DE.UTF-8").key}
    assert len(keys) == 4
    assert here(MY_OWN="1").key == here().key


def test_another_virtual_environment_has_its_own_server_and_an_upgrade_a_new_one(bench: Bench, tmp_path: Path) -> None:
    venv.create(tmp_path / "other", with_pip=False)
    python = str(tmp_path / "other/bin/python")
    (site,) = (tmp_path / "other/lib").glob("python*/site-packages")
    # it borrows ipykernel from ours, but not nb2prod
    (site / "ours.pth").write_text(next(path for path in sys.path if path.endswith("site-packages")))
    code = "import sys, os; print(sys.executable, sys.prefix, open(f'/proc/{os.getppid()}/stat').read().split()[3])"
    before = bench.run(code, order=bench.order(python=python)).texts[0].split()
    again = bench.run(code, order=bench.order(python=python)).texts[0].split()
    (site / "new_package").mkdir()
    after = bench.run(code, order=bench.order(python=python)).texts[0].split()
    assert before[:2] == [python, str(tmp_path / "other")]
    assert (again, after[:2]) == (before, before[:2])
    assert after[2] != before[2]


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    code = "from nb2prod.execution.kernels.servers import private_folder; print(private_folder())"
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip())
    assert (folder.parent, folder.stat().st_mode & 0o777) == (tmp_path, 0o700)
    folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert f"{folder} is not a folder that you alone may enter; remove it" in done.stderr


def test_the_folder_of_this_user_is_private() -> None:
    assert private_folder().stat().st_mode & 0o077 == 0


def test_a_python_that_is_not_there_is_told() -> None:
    with pytest.raises(KernelNotStarted, match=r"the kernel of /not/there did not start: .*No such file"):
        environment_of("/not/there", [], dict(os.environ))


def test_what_is_no_python_kernel_starts_cold_under_a_keeper(bench: Bench, tmp_path: Path) -> None:
    spec = tmp_path / "kernels/cold"
    spec.mkdir(parents=True)
    command = ["/bin/sh", "-c", f'exec {sys.executable} -m ipykernel_launcher -f "$0"', "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": command, "language": "python", "display_name": "Cold"}))
    order = bench.order(kernel_name="cold")
    code = "import os, subprocess; p = subprocess.Popen(['sleep', '300']); print(p.pid, os.getppid())"
    client = bench.client(order, code)
    manager: Any = client.create_kernel_manager()
    manager.kernel_spec_manager.kernel_dirs.insert(0, str(tmp_path / "kernels"))
    pid, keeper = map(int, client.execute().cells[0].outputs[0].text.split())
    assert until(lambda: not lives(pid) and not lives(keeper))
