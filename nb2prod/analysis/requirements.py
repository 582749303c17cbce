"""The distributions that imports come from, at the versions of an environment."""

import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import distribution, packages_distributions, version

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Specifier

from nb2prod.model.pipeline import Requirement

# import names whose distribution is called otherwise, for packages that are not installed here
_KNOWN = {
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "yaml": "PyYAML",
    "bs4": "beautifulsoup4",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "imblearn": "imbalanced-learn",
    "google": "google-api-python-client",
}
_VERSION = re.compile(r"^Version:[ \t]*(\S+)[ \t\r]*$", re.MULTILINE)  # to parse all the metadata takes milliseconds


def requirements_of(
    modules: Iterable[str], written: Iterable[str] = (), environment: Mapping[str, str] | None = None
) -> tuple[Requirement, ...]:
    """The distributions of imported modules and of `pip install` lines, sorted, the standard library left out.

    `environment` maps import names to `name==version` texts; without it the running interpreter is asked.
    """
    roots = {module.split(".")[0] for module in modules if module and not module.startswith(".")}
    found = {}
    for root in sorted(roots - sys.stdlib_module_names):
        requirement = _of_module(root, environment)
        found[requirement.distribution.lower()] = requirement
    for text in written:
        name = _distribution_of(text)
        if name and name.lower() not in found:
            found[name.lower()] = Requirement(distribution=name, version=_version(name) if environment is None else "")
    return tuple(found[key] for key in sorted(found))


def _of_module(root: str, environment: Mapping[str, str] | None) -> Requirement:
    if environment is not None:
        name, _, number = environment.get(root, _KNOWN.get(root, root)).partition("==")
        return Requirement(distribution=name, version=number)
    names = _installed().get(root, ())
    name = names[0] if names else _KNOWN.get(root, root)
    return Requirement(distribution=name, version=_version(name))


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def _version(name: str) -> str:
    try:
        header = (distribution(name).read_text("METADATA") or "").partition("\n\n")[0]
        found = _VERSION.search(header)
        return found[1] if found else version(name)
    except Exception:  # not installed, or installed without readable metadata
        return ""


def _distribution_of(text: str) -> str:
    try:
        return Specifier(text).name
    except InvalidRequirement:
        return ""
