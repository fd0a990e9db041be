"""The option ``--verifiers``: a user's own verifiers, registered by code of theirs that is imported here."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

from genesys.faults import GenesysError

VERIFIERS_HELP = "Python modules or .py files that put verifiers of yours into VERIFIER_REGISTRY"


def import_verifiers(module: str) -> None:
    """Import what registers a user's verifiers: a module that Python finds, here too, or a .py file.

    Raises:
        GenesysError: It cannot be loaded.
    """
    place = Path(module)
    sys.path.append(str(place.parent.absolute() if module.endswith(".py") else Path.cwd()))
    try:
        if not module.endswith(".py"):
            importlib.import_module(module)
            return
        spec = importlib.util.spec_from_file_location(f"genesys_verifiers_{place.stem}", place)
        if spec is None or spec.loader is None:
            raise ImportError("it is no Python file")
        sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[spec.name])
    except Exception as error:
        raise GenesysError(f"--verifiers {module} cannot be loaded: {type(error).__name__}: {error}") from error
