"""Whatever stands in a name, a path or a value: each reader gets exactly that, and nothing of it is code."""

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml
from exports.given import files, order
from exports.readers import argo, compose, kubelet, systemd_words
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from nb2prod.targets.exports.texts import dns_name, dns_names, to_yaml

PIECES = [
    "'",
    '"',
    "\\",
    "\n",
    "{{",
    "}}",
    "{{workflow.name}}",
    "${{ secrets.X }}",
    "$(id)",
    "$HOME",
    "${HOME}",
    "`id`",
]
PIECES += ["%", "%h", "%%", ";", "&", "|", "#", " # ", ": ", "- ", "&a", "*a", "!!python/name:os.system", "[Service]"]
PIECES += [
    "\nExecStart=/bin/false\n",
    "yes",
    "null",
    "0o14",
    "1e3",
    "1_000",
    "0x1f",
    "1:30",
    "~",
    "=",
    "---",
    "...",
    " ",
]
PIECES += [
    "é",
    "名",
    "\u2028",
    "\x85",
    "\t",
    "\r",
    "\x07",
    "\x1b[0m",
    "\U0001f600",
    "a b",
    "$$",
    "$",
    "@",
    "$(NB2PROD_BRACE)",
]
TEXTS = (
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=6)
    .map("".join)
    .filter(lambda text: "\0" not in text and not re.search("[\ud800-\udfff]", text))
)
NASTY = "".join(PIECES)
PATHS = TEXTS.map(lambda text: Path("/srv") / (text.replace("/", "-").strip(".") or "x"))
FEW = settings(max_examples=25, deadline=None)


def words(parameters: Mapping[str, str]) -> list[str]:
    return [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]


def text_of(found: Mapping[str, str], suffix: str) -> str:
    (text,) = [text for path, text in found.items() if path.endswith(suffix) and "volume" not in path]
    return text


@given(TEXTS)
@example(NASTY)
@FEW
def test_yaml(text: str) -> None:
    """By a reader of YAML 1.1 and one of 1.2, which take other words for numbers and truths."""
    value = {"a": [text, {"b": text}], text: 1}
    assert yaml.safe_load(to_yaml(value)) == value
    assert YAML(typ="safe", pure=True).load(to_yaml(value)) == value


@given(TEXTS, TEXTS, TEXTS)
@example(NASTY, NASTY, NASTY)
@FEW
def test_kubernetes(name: str, value: str, where: str) -> None:
    parameters = {"test_size": value, "label": value}
    text = text_of(files("kubernetes", order(name=name, parameters=parameters, artifacts=where)), ".yaml")
    found = yaml.safe_load(text)
    (container,) = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    read = [kubelet(word, {"HOME": "/tmp", "id": "no"}) for word in container["args"]]
    assert read == ["--runs", "/data/runs", *(["--artifacts", where] if where else []), *words(parameters)]
    assert re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]|[a-z]", found["metadata"]["name"])


@given(TEXTS, TEXTS, TEXTS.filter(bool))
@example(NASTY, NASTY, NASTY)
@FEW
def test_argo(name: str, value: str, where: str) -> None:
    parameters = {"test_size": value, "label": value}
    text = text_of(files("argo", order(name=name, parameters=parameters, artifacts=where)), ".argo.yaml")
    spec = yaml.safe_load(text)["spec"]["workflowSpec"]
    values = (
        {f"workflow.parameters.{each['name']}": each["value"] for each in spec["arguments"]["parameters"]}
        if ("arguments" in spec)
        else {}
    )
    values |= {"workflow.uid": "7f", "=sprig.int(retries)+1": "1"}
    container = next(each for each in spec["templates"] if each["name"] == "load")["container"]
    variables = {each["name"]: each["value"] for each in container["env"]} | {"id": "no"}
    read = [kubelet(argo(word, values), variables) for word in container["args"]]
    assert read[:9] == ["churn", "--run", "7f", "--artifacts", where, "--step", "load", "--attempt", "1"]
    assert sorted(pairs(read[9:])) == sorted(pairs(words(parameters)))


def pairs(found: Iterable[str]) -> list[tuple[str, str]]:
    known = list(found)
    return list(zip(known[::2], known[1::2], strict=True))


@given(TEXTS, TEXTS, PATHS)
@example(NASTY, NASTY, Path("/srv/${HOME}"))
@FEW
def test_compose(name: str, value: str, root: Path) -> None:
    given_order = order(name=name, parameters={"label": value}, schedule="", image="", root=root)
    found = yaml.safe_load(text_of(files("compose", given_order), ".yaml"))
    (service,) = found["services"].values()
    assert [compose(word) for word in service["command"]][4:] == words({"label": value})
    assert compose(service["build"]) == str(root)


@given(TEXTS, TEXTS, PATHS)
@example(NASTY, NASTY, Path("/srv/%h"))
@FEW
def test_systemd(name: str, value: str, root: Path) -> None:
    made = files("systemd", order(name=name, parameters={"label": value}, root=root, image=""))
    lines = [line for line in text_of(made, ".service").split("\n") if line and not line.startswith("#")]
    keys = [line.partition("=")[0] for line in lines]
    known = [
        "[Unit]",
        "Description",
        "[Service]",
        "Type",
        "ExecStart",
        "EnvironmentFile",
        "TimeoutStartSec",
        "KillMode",
    ]
    assert keys == [*known, "TimeoutStopSec", "NoNewPrivileges", "MemoryMax", "CPUQuota"]
    command = systemd_words(lines[4].partition("=")[2])
    assert command[:4] == ["/opt/churn/bin/python", "-m", "nb2prod.runtime", str(root)]
    assert command[6:] == words({"label": value})
    assert not lines[1].endswith("\\")


@given(TEXTS, TEXTS, PATHS)
@example(NASTY, NASTY, Path("/srv/a b"))
@FEW
def test_cron(name: str, value: str, root: Path) -> None:
    made = files("cron", order(name=name, parameters={"label": value}, root=root, image=""))
    lines = [line for line in made["churn.crontab"].split("\n") if line and not line.startswith("#")]
    assert lines == ["SHELL=/bin/sh", "CRON_TZ=Europe/Berlin", "0 6 * * 1-5 /bin/sh /srv/deploy/churn.sh"]
    script = shlex.split(made["churn.sh"], comments=True)
    assert script[:8] == ["export", script[1], "exec", "flock", "--nonblock", "--conflict-exit-code", "75", script[7]]
    assert script[8:12] == ["/opt/churn/bin/python", "-m", "nb2prod.runtime", str(root)]
    assert script[14:] == words({"label": value})


@given(TEXTS, TEXTS)
@example(NASTY, NASTY)
@FEW
def test_github_actions(name: str, value: str) -> None:
    text = text_of(files("github-actions", order(name=name, parameters={"test_size": value, "日": value})), ".yml")
    found = yaml.safe_load(text)
    step = next(each for each in found["jobs"]["pipeline"]["steps"] if "run" in each)
    assert step["env"] == {"INPUT_test_size": "${{ inputs.test_size }}"}
    assert "${{" not in step["run"]
    read = shlex.split(step["run"])
    assert read[:9] == ["set", "--", "--runs", "runs", "--artifacts", "s3://bucket/churn", "set", "--", "$@"]
    assert read[9:11] == ["-p", f"日={value}"]
    assert read[read.index("else") : read.index("fi")] == ["else", "set", "--", "$@", "-p", f"test_size={value}"]


@given(st.lists(TEXTS, unique=True, max_size=8))
def test_names_stay_apart_and_are_names(texts: list[str]) -> None:
    names = dns_names(texts)
    assert len(set(names.values())) == len(texts)
    for name in [*names.values(), *map(dns_name, texts)]:
        assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name)
        assert len(name) <= 52
        assert "--" not in name
