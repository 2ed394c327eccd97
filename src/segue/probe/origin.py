"""Where code comes from: the project, Django, DRF, the standard library or a distribution."""

import os
import sys
import sysconfig

_ENVIRONMENT_PARTS = {"site-packages", "dist-packages", ".venv", "venv", "node_modules", ".tox", ".nox"}


class Origins:
    """Tells the origin of a file or module, and its path as shown to people."""

    def __init__(self, root):
        self.root = os.path.realpath(root)
        paths = sysconfig.get_paths()
        self._stdlib = tuple(
            os.path.realpath(paths[key]) + os.sep for key in ("stdlib", "platstdlib") if paths.get(key)
        )
        self._by_top = None
        self._files = {}
        self._made_for_django = {}
        self._relative = {}

    def relative(self, file):
        """``file`` relative to the root when it lies inside, else absolute."""
        known = self._relative.get(file)
        if known is None:
            real = os.path.realpath(file)
            inside = real.startswith(self.root + os.sep)
            known = real[len(self.root) + 1 :].replace(os.sep, "/") if inside else real
            self._relative[file] = known
        return known

    def of_file(self, file, module=""):
        """Origin of ``file``; ``module`` is used when the file says nothing."""
        if not file or file.startswith("<"):
            return self.of_module_name(module)
        known = self._files.get(file)
        if known is None:
            known = self._files[file] = self._find(file, module)
        return known

    def _find(self, file, module):
        real = os.path.realpath(file)
        top = module.partition(".")[0]
        if real.startswith(self.root + os.sep):
            below = real[len(self.root) + 1 :].split(os.sep)
            if not _ENVIRONMENT_PARTS.intersection(below):
                return "own"
        if top == "django":
            return "django"
        if top == "rest_framework":
            return "drf"
        if "site-packages" not in real and "dist-packages" not in real and real.startswith(self._stdlib):
            return "stdlib"
        return self.distribution(top or os.path.basename(real))

    def of_module_name(self, module):
        """Origin of a module by name; built-in modules are ``stdlib``."""
        top = module.partition(".")[0]
        if top in sys.builtin_module_names or top in ("builtins", ""):
            return "stdlib"
        loaded = sys.modules.get(module) or sys.modules.get(top)
        file = getattr(loaded, "__file__", None)
        if file:
            return self.of_file(file, module)
        if top in getattr(sys, "stdlib_module_names", ()):
            return "stdlib"
        return self.distribution(top)

    def knows_django(self, distribution):
        """True for a distribution made for Django: it says so in its name or requirements, or one
        of its modules is an installed app. Others are libraries that happen to be used."""
        known = self._made_for_django.get(distribution)
        if known is None:
            known = self._made_for_django[distribution] = self._is_made_for_django(distribution)
        return known

    def _is_made_for_django(self, distribution):
        from django.conf import settings

        lowered = distribution.lower()
        if "django" in lowered or lowered.startswith(("drf", "rest_")):
            return True
        if any(
            self.distribution(str(app).partition(".")[0]) == distribution for app in settings.INSTALLED_APPS
        ):
            return True
        from importlib import metadata

        try:
            requirements = metadata.requires(distribution) or []
        except Exception:
            return False
        return any(
            r.lower().replace(" ", "").startswith("django") and "extra==" not in r.replace(" ", "")
            for r in requirements
        )

    def of_module(self, module):
        """Origin of a loaded module's name."""
        return self.of_module_name(module)

    def distribution(self, top):
        """Name of the distribution that has the top-level module ``top``, else ``top``."""
        if self._by_top is None:
            self._by_top = {}
            for name, _, distribution in distributions():
                for entry in _top_level(distribution, name):
                    self._by_top.setdefault(entry, name)
        return self._by_top.get(top, top)


_INSTALLED = {}


def distributions():
    """(name, version, distribution) of all installed distributions, sorted by name; the first on the path, which Python imports,
    where there are more of one name, however that is written (``Simple_JWT``, ``simple-jwt``)."""
    path = tuple(sys.path)
    if path not in _INSTALLED:
        _INSTALLED[path] = _installed()
    return _INSTALLED[path]


def _installed():
    from importlib import metadata

    found, seen = {}, set()
    for distribution in metadata.distributions():
        try:
            name, version = _name_and_version(distribution)
        except Exception:
            continue
        key = name and name.lower().replace("_", "-").replace(".", "-")
        if key and key not in seen:
            seen.add(key)
            found[name] = (version, distribution)
    return [(name, version, distribution) for name, (version, distribution) in sorted(found.items())]


def _name_and_version(distribution):
    """Of its first lines: to parse all of every description takes a third of a small project's probe."""
    found = {}
    text = (
        distribution.read_text("METADATA")
        or distribution.read_text("PKG-INFO")
        or distribution.read_text("")
        or ""
    )
    for line in text.splitlines():
        if not line.strip():
            break
        name, colon, value = line.partition(":")
        if colon and name.lower() in ("name", "version"):
            found.setdefault(name.lower(), value.strip())
    return found.get("name"), found.get("version", "")


def _top_level(distribution, name):
    try:
        text = distribution.read_text("top_level.txt")
        if text:
            return [line.strip() for line in text.splitlines() if line.strip()]
        record = distribution.read_text("RECORD")
    except Exception:
        return [name.replace("-", "_")]
    tops = set()
    for line in (record or "").splitlines():
        first = line.partition(",")[0].strip('"').split("/")
        if len(first) > 1 and first[-1].endswith(".py") and not first[0].endswith(".dist-info"):
            tops.add(first[0])
        elif len(first) == 1 and first[0].endswith(".py"):
            tops.add(first[0][:-3])
    return tops or [name.replace("-", "_")]
