"""Finding what is added by adding a file: every module of a package with a `PLUGIN`, then entry points."""

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType


def find_plugins(package: ModuleType, group: str) -> tuple[object, ...]:
    """The `PLUGIN` of each module of `package`, by module name, then those of other distributions in `group`."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    ours = [module.PLUGIN for module in modules if hasattr(module, "PLUGIN")]
    theirs = [entry.load() for entry in sorted(entry_points(group=group), key=lambda e: e.name)]
    return (*ours, *theirs)
