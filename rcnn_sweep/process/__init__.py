"""This process and others: signals, identity, passwords, files, databases, waiting, commands."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy
from rcnn_sweep.process import signals
from rcnn_sweep.process.commands import (
    CommandLine,
    command,
    import_path,
    interpreter,
    module_command,
    script_command,
    typable,
    typed_as,
)
from rcnn_sweep.process.escapes import one_line, printable
from rcnn_sweep.process.files import replacing, sync_folder, whole_files, write_whole
from rcnn_sweep.process.passwords import (
    HIDDEN,
    hide_in_logs,
    remember,
    without_address_secrets,
    without_password,
)
from rcnn_sweep.process.phases import phase
from rcnn_sweep.process.retrying import once, retry
from rcnn_sweep.process.servers import as_mysql, may_pass

if TYPE_CHECKING:
    from rcnn_sweep.process.databases import Schema, ensure_database, read_database, tables_in
    from rcnn_sweep.process.identity import ProcessId, is_dead
    from rcnn_sweep.process.memory import free_memory

__all__ = [
    "HIDDEN",
    "CommandLine",
    "ProcessId",
    "Schema",
    "as_mysql",
    "command",
    "ensure_database",
    "free_memory",
    "hide_in_logs",
    "import_path",
    "interpreter",
    "is_dead",
    "may_pass",
    "module_command",
    "once",
    "one_line",
    "phase",
    "printable",
    "read_database",
    "remember",
    "replacing",
    "retry",
    "script_command",
    "signals",
    "sync_folder",
    "tables_in",
    "typable",
    "typed_as",
    "whole_files",
    "without_address_secrets",
    "without_password",
    "write_whole",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
