"""Loaded by ``in_django.py``, in the project's interpreter: what the run reads, so that its result may be used again as long as
that is the same. Python 3.8 and newer.

Python's own audit events tell it: files opened (imports among them), folders listed (where imports look, and Django for
migrations), programs started, servers asked. They do not tell what code in C opens by itself, and not whether a file was asked
for its existence only.
"""

import importlib.util
import os
import sys
import types

_READS = {"os.listdir", "os.scandir"}
_OUTSIDE = {
    "subprocess.Popen": "started a program",
    "os.system": "started a program",
    "os.exec": "started a program",
    "os.spawn": "started a program",
    "os.posix_spawn": "started a program",
    "os.fork": "started a process",
    "os.forkpty": "started a process",
    "socket.connect": "asked a server",
    "socket.sendto": "asked a server",
    "socket.getaddrinfo": "asked for the address of a server",
    "socket.gethostbyname": "asked for the address of a server",
}
_STARTS = ("subprocess.Popen", "os.posix_spawn")  # the one may do the other, from Python 3.13 on
_LIBRARIES = "/etc/ld.so.cache"
_SYSTEM = ("/proc/", "/sys/", "/dev/")


class Watch:
    """From its making on: ``files`` that were opened for reading or looked for, ``folders`` that were listed, and what happened
    ``outside`` of both, each once. ``temporary``: the folder of this run, of which nothing is noted."""

    def __init__(self, temporary):
        self.files, self.folders, self.outside = set(), set(), set()
        self._temporary = os.path.realpath(temporary) + os.sep
        sys.addaudithook(self._heard)

    def found(self):
        """All of it, to be written as JSON; with what was imported before."""
        for module in list(sys.modules.values()):
            file = vars(module).get("__file__") if isinstance(module, types.ModuleType) else None
            if isinstance(file, str):
                self._note(self.files, file)
        for folder in list(sys.path_importer_cache):  # where imports have looked, and remember what they saw
            self._note(self.folders, folder)
        for folder in filter(os.path.isdir, list(sys.path)):  # what says where else modules are
            for name in os.listdir(folder):
                if name.endswith(".pth"):
                    self._note(self.files, os.path.join(folder, name))
        return {
            "files": sorted({_source(path) for path in self.files}),
            "folders": sorted(self.folders),
            "outside": sorted(self.outside),
        }

    def _heard(self, event, args):
        if event == "open":
            if not isinstance(args[0], int) and args[2] & os.O_ACCMODE != os.O_WRONLY:
                self._note(self.files, args[0])
        elif event in _READS:
            if not isinstance(args[0], int):
                self._note(self.folders, "." if args[0] is None else args[0])
        elif event == "import":
            if args[1] is not None:  # a compiled module
                self._note(self.files, args[1])
        elif event == "sqlite3.connect":
            self._database(args[0])
        elif event in _STARTS and str(args[0]).endswith("/ldconfig") and list(args[1])[1:] == ["-p"]:
            self._note(self.files, _LIBRARIES)  # ctypes.util.find_library: all that it tells is written there
        elif event in _OUTSIDE:
            self.outside.add(_OUTSIDE[event] + _named(args))

    def _note(self, where, path):
        try:
            path = os.path.abspath(os.fsdecode(path))
        except (
            TypeError,
            ValueError,
            OSError,
        ):  # whoever opens it is told what is wrong with it, not this hook
            self.outside.add("opened something without a usable name")
            return
        if not self._passing(path):
            where.add(path)

    def _database(self, name):
        name = os.fsdecode(name)
        if name.startswith("file:"):
            self.outside.add("opened the database " + name)
        elif name not in ("", ":memory:"):
            for part in ("", "-wal", "-journal"):
                self._note(self.files, name + part)

    def _passing(self, path):
        return (path + os.sep).startswith(self._temporary) or path.startswith(_SYSTEM)


def _named(args):
    """The program or server in the arguments of an event, where it is a short text."""
    for value in args:
        if isinstance(value, (str, bytes)) and value:
            return " (" + os.path.basename(os.fsdecode(value))[:60] + ")"
    return ""


def _source(path):
    """Of compiled Python the source, which says whether it is still valid."""
    if path.endswith(".pyc"):
        try:
            source = importlib.util.source_from_cache(path)
        except ValueError:
            return path
        return source if os.path.exists(source) else path
    return path
