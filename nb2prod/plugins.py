"""Finding what is added by adding a file: every module of a package with a `PLUGIN`, then entry points."""

import importlib
import pkgutil
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType


def find_plugins(package: ModuleType, group: str) -> tuple[object, ...]:
    """The `PLUGIN` of each module of `package`, by module name, then those of other distributions in `group`."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    ours = [module.PLUGIN for module in modules if hasattr(module, "PLUGIN")]
    theirs = [_loaded(entry) for entry in sorted(entry_points(group=group), key=lambda e: e.name)]
    return (*ours, *theirs)


def _loaded(entry: EntryPoint) -> object:
    """Whatever an import of others raises has a note of whose it is."""
    try:
        return entry.load()
    except Exception as error:
        owner = entry.dist.name if entry.dist else "an unknown distribution"
        error.add_note(f"the entry point {entry.name!r} ({entry.value}) of {owner}")
        raise
