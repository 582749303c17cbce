"""What becomes of each magic, as tables. A magic that is not listed is refused: we do not know what it does."""

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    DROPPED = "dropped"  # it shows something or concerns the editor; production does without
    LOWERED = "lowered"  # it became ordinary Python
    REQUIREMENT = "requirement"  # it installs distributions
    REFUSED = "refused"  # it cannot be converted faithfully


@dataclass(frozen=True, kw_only=True)
class Magic:
    """One magic of a cell; `line` counts from 1.

    `reads` and `binds` are what the lowered text does not show: of a LOWERED magic the text shows nearly all
    (`%%capture out` binds `out`). Builtins are not among the reads. `note` says what to do, or why it went.
    """

    line: int
    name: str
    arguments: str
    fate: Fate
    reads: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    note: str = ""

    @property
    def text(self) -> str:
        """As it is typed in a cell, on one line."""
        space = " " if self.name[0].isalnum() or self.name[0] == "%" else ""
        return f"{self.name}{space}{self.arguments}".strip()


def words(text: str) -> list[str]:
    return text.split()


# Magics that run a statement in the notebook's namespace, with the letters of their options; ":" takes a value.
STATEMENT_MAGICS = {
    "time": "n",
    "prun": "l:s:T:D:rq",
    "memit": "r:t:i:co",
    "mprun": "f:T:c:r",
    "lprun": "f:m:D:T:s:u:z:r",
}
TIMEIT_OPTIONS = "n:r:tcp:qov:"

_DISPLAY = "it only shows something in the notebook"
_EDITOR = "it concerns the interactive session alone"

DROPPED_LINES = {
    **dict.fromkeys(
        words(
            "matplotlib config precision pprint xmode colors color who whos who_ls whatis pwd ls ll lf "
            "ldir lk lx cat more "
            "less man pinfo pinfo2 pdoc pdef pfile psource psearch page lsmagic magic quickref history hist notebook "
            "watermark tensorboard version_information dirs tb dhist profile connect_info macro_show"
        ),
        _DISPLAY,
    ),
    **dict.fromkeys(
        words(
            "autoreload reload_ext unload_ext automagic autocall autoawait autoindent alias_magic doctest_mode aimport "
            "logstart logstop logon logoff logstate pdb pycat qtconsole rehashx subshell blackcellmagic nb_black "
            "gui nbagg autosave"
        ),
        _EDITOR,
    ),
}

# Extensions whose loading changes no result. Some add magics; those are judged where they are used.
HARMLESS_EXTENSIONS = frozenset(
    words(
        "autoreload watermark memory_profiler line_profiler tensorboard blackcellmagic nb_black "
        "lab_black jupyter_black "
        "autotime heat nb_mypy pycodestyle_magic version_information rich autoTime scalene snakeviz vaex "
        "cython Cython cythonmagic sql rpy2.ipython rmagic google.cloud.bigquery bigquery_magics dotenv jupyternotify "
        "tensorboard.notebook itikz giotto-tda storemagic skip_kernel_extension ipython_unittest"
    )
)

_SHELL = "use pathlib, shutil or subprocess.run in Python"

REFUSED_LINES = {
    "run": "import the file as a module, or paste its code into a cell",
    "cd": "keep the working directory and write paths in full, relative to it",
    "pushd": "keep the working directory and write paths in full, relative to it",
    "popd": "keep the working directory and write paths in full, relative to it",
    "pylab": "write `import numpy as np` and `import matplotlib.pyplot as plt`, and use names through them",
    "store": "write the value to a file and read it where it is needed",
    "load": "put the loaded code into the cell and delete the magic",
    "loadpy": "put the loaded code into the cell and delete the magic",
    "recall": "put the recalled code into the cell and delete the magic",
    "rep": "put the recalled code into the cell and delete the magic",
    "rerun": "put the code that it runs again into the cell",
    "macro": "write a function instead of the macro",
    "edit": "put the edited code into the cell and delete the magic",
    "paste": "put the pasted code into the cell and delete the magic",
    "cpaste": "put the pasted code into the cell and delete the magic",
    "debug": "delete it; a failed step keeps its inputs for debugging",
    "reset": "delete the names with `del`, or do without: each step starts with its inputs alone",
    "reset_selective": "delete the names with `del`, or do without",
    "xdel": "write `del NAME`",
    "save": "write the file with pathlib",
    "bookmark": "write paths in full",
    "alias": _SHELL,
    "sx": _SHELL,
    "system": _SHELL,
    "sc": _SHELL,
    "bash": _SHELL,
    "sh": _SHELL,
    **dict.fromkeys(words("mkdir rm rmdir cp mv"), "use pathlib or shutil: Path(...).mkdir(), shutil.copy(...)"),
    "sql": "run the query from Python: `with engine.connect() as connection: pandas.read_sql(query, connection)`",
    "bigquery": "run the query from Python with the client library",
    "R": "write it in Python, or call R through rpy2's functions",
    "Rpush": "write it in Python, or call R through rpy2's functions",
    "Rpull": "write it in Python, or call R through rpy2's functions",
    "cython": "put the code into a compiled extension module and import it",
    "dotenv": "set the environment variables outside of the code",
    "timeit": "time the statement with time.perf_counter() where the number is needed",
    "pwd": "write `os.getcwd()`",
    "env": 'write `os.environ["NAME"]`',
    "load_ext": "we do not know whether loading this extension changes results; use the library from Python",
}

DROPPED_CELLS = {
    **dict.fromkeys(words("html HTML javascript js markdown latex svg SVG mermaid tikz itikz"), _DISPLAY),
    **dict.fromkeys(["heat", "snakeviz_show"], _DISPLAY),
}

# Cell magics after which the body runs in the notebook's namespace as it stands.
BODY_CELLS = {
    "time": "timing is measured for each step",
    "prun": "profiling is left out; the body runs as it stands",
    "memit": "memory is measured for each step",
    "capture": "output goes to the step's log",
    "notify": "the body runs as it stands",
}

REFUSED_CELLS = {
    **dict.fromkeys(words("bash sh script system sx cmd !"), _SHELL),
    **dict.fromkeys(words("python python2 python3"), "this code runs in another process; put it into an ordinary cell"),
    **dict.fromkeys(words("perl ruby"), "write it in Python"),
    **dict.fromkeys(
        ["writefile", "file"], "keep the file beside the notebook, or write it with Path(...).write_text(...)"
    ),
    "sql": REFUSED_LINES["sql"],
    "bigquery": REFUSED_LINES["bigquery"],
    "R": REFUSED_LINES["R"],
    "cython": REFUSED_LINES["cython"],
    "debug": REFUSED_LINES["debug"],
    "pypy": "put the code into an ordinary cell",
    "code_wrap": "put the code that wraps into the cells themselves",
    "manim": "render the animation with a script",
}

# Shell commands that only print, when nothing is redirected.
DISPLAY_COMMANDS = frozenset(
    words(
        "ls dir ll pwd head tail cat less more wc date uptime whoami hostname uname nvidia-smi lscpu "
        "lsb_release free df "
        "du tree which echo file nproc nvcc printenv stat md5sum sha256sum grep sort uniq cut jupyter"
    )
)

UNKNOWN_MAGIC = "nb2prod does not know this magic; write in Python what it does"
SHELL_NOTE = _SHELL
COMMAND_NOTE = "it is run by subprocess; where it fails, the step fails (a notebook goes on)"
ENVIRONMENT_VARIABLES = frozenset(words("HOME PATH USER PWD SHELL PYTHONPATH CONDA_PREFIX VIRTUAL_ENV TMPDIR LANG"))
