"""An import-linter contract: whoever needs something of a package imports it from its face."""

import grimp
from importlinter import Contract, ContractCheck, output


class FacesContract(Contract):
    """A package's modules are imported by the package itself and what is inside it, by no other.

    The face is the package's ``__init__``. Modules in :data:`OPEN` are used by their own names.
    """

    type_name = "faces"

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        past = [
            f"{importer} imports {module}, which is behind the face of {package}"
            for module in sorted(graph.modules)
            for package in [module.rpartition(".")[0]]
            if package.count(".") and module not in OPEN
            for importer in sorted(graph.find_modules_that_directly_import(module))
            if importer != package and not importer.startswith(f"{package}.")
        ]
        return ContractCheck(kept=not past, metadata={"past": past})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["past"]:
            output.print_error(line)


OPEN = ("rcnn_sweep.process.signals",)
"""Modules that are used by their own names: ``signals.held()``."""
