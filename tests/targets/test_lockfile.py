"""What must be installed, at the versions of an environment."""

from nb2prod.targets.lockfile import Distribution, installed, lock_lines

KNOWN = {
    "web": Distribution(
        name="Web",
        version="2.0",
        requires=(
            "Core_Kit>=1",
            "winonly; sys_platform == 'nowhere'",
            "fast==3; extra == 'speed'",
            "fast-too; extra=='speed'",
            "not a requirement",
        ),
    ),
    "Core_Kit": Distribution(name="core.kit", version="1.5", requires=("web", "gone>1")),
    "fast": Distribution(name="fast", version="3"),
}


def test_the_closure_is_sorted_and_says_what_is_missing() -> None:
    assert lock_lines(["web==2.0"], KNOWN.get) == (
        "core-kit==1.5",
        "# gone: not installed where the notebook was converted, so its version is not known",
        "web==2.0",
    )


def test_extras_bring_their_own_requirements() -> None:
    lines = lock_lines(["web[speed]"], KNOWN.get)
    assert [line for line in lines if "fast" in line] == [
        "fast==3",
        "# fast-too: not installed where the notebook was converted, so its version is not known",
    ]


def test_an_extra_asked_for_later_counts() -> None:
    assert "fast==3" in lock_lines(["web", "web[speed]"], KNOWN.get)


def test_the_running_environment_is_known() -> None:
    lines = lock_lines(["nb2prod"], installed)
    assert {line.partition("==")[0] for line in lines} >= {"nb2prod", "click", "jinja2", "papermill", "tornado"}
    assert not [line for line in lines if line.startswith("#") or line.endswith("==")]


def test_no_distribution_of_that_name() -> None:
    assert installed("there-is-no-such-distribution") is None
