"""Source files, parsed once each: where functions, classes and class attributes stand."""

import ast
import os
import sys
import tokenize

from .changes import changed_variables


class SourceFile:
    """Lines and syntax tree of one file with look-up tables."""

    def __init__(self, file):
        self.file = file
        with tokenize.open(file) as stream:
            self.text = stream.read()
        self.lines = self.text.splitlines()
        self.tree = ast.parse(self.text, file)
        self.functions = {}  # first line (decorators included) -> [node]
        self._lambdas = None
        self._changed = None
        self.classes = {}  # qualified name -> node
        self.imports = {}  # module-level name -> (module, name, level)
        self.assigned = {}  # module-level name -> node
        self._walk(self.tree.body, "")
        self._module_level(self.tree.body)

    def _walk(self, body, prefix):
        for child in body:
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                first = min([child.lineno] + [d.lineno for d in child.decorator_list])
                self.functions.setdefault(first, []).append(child)
                child.segue_outer = prefix
                self._walk(child.body, prefix + child.name + ".<locals>.")
            elif isinstance(child, ast.ClassDef):
                self.classes[prefix + child.name] = child
                self._walk(child.body, prefix + child.name + ".")
            else:
                for part in ("body", "orelse", "finalbody"):
                    inner = getattr(child, part, None)
                    if isinstance(inner, list):
                        self._walk(inner, prefix)
                for part in ("handlers", "cases"):
                    for branch in getattr(child, part, ()):
                        self._walk(branch.body, prefix)

    def _module_level(self, body):
        for node in body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = (node.module or "", alias.name, node.level)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    for name in ast.walk(target):
                        if isinstance(name, ast.Name):
                            self.assigned[name.id] = node
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.assigned[node.target.id] = node
            for part in ("body", "orelse", "finalbody"):
                if isinstance(node, (ast.If, ast.Try, ast.With)):
                    self._module_level(getattr(node, part, []) or [])
            for handler in getattr(node, "handlers", []) or []:
                self._module_level(handler.body)

    @property
    def changed(self):
        """The module's variables that its functions change."""
        if self._changed is None:
            self._changed = changed_variables(self.tree)
        return self._changed

    def segment(self, node):
        """Text of ``node`` on whole lines for statements, exact for expressions; dedented."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno] + [d.lineno for d in node.decorator_list])
            return dedent(self.lines[first - 1 : node.end_lineno])
        if node.lineno == node.end_lineno:
            line = self.lines[node.lineno - 1].encode()
            return line[node.col_offset : node.end_col_offset].decode()
        first = self.lines[node.lineno - 1].encode()[node.col_offset :].decode()
        last = self.lines[node.end_lineno - 1].encode()[: node.end_col_offset].decode()
        return "\n".join([first, *self.lines[node.lineno : node.end_lineno - 1], last])

    def function_node(self, code):
        """The node that ``code`` was compiled from, or None."""
        if code.co_name == "<lambda>":
            if self._lambdas is None:
                self._lambdas = {}
                for node in ast.walk(self.tree):
                    if isinstance(node, ast.Lambda):
                        self._lambdas.setdefault(node.lineno, []).append(node)
            nodes = self._lambdas.get(code.co_firstlineno, [])
            return nodes[0] if len(nodes) == 1 else None
        nodes = [n for n in self.functions.get(code.co_firstlineno, []) if n.name == code.co_name]
        return nodes[0] if nodes else None

    def enclosing(self, line):
        """Dotted name of the outermost function (with its class) around ``line``, or ''."""
        best = ""
        best_span = 0
        for nodes in self.functions.values():
            for node in nodes:
                if node.lineno <= line <= node.end_lineno and ".<locals>." not in node.segue_outer:
                    span = node.end_lineno - node.lineno
                    if span >= best_span:
                        best, best_span = node.segue_outer + node.name, span
        return best

    def class_body(self, qualname):
        """Name -> (node, value node) for assignments in the body of a class; {} if unknown."""
        node = self.classes.get(qualname)
        if node is None:
            return {}
        known = getattr(node, "segue_body", None)
        if known is None:
            known = node.segue_body = {}
            _class_assignments(node.body, known)
        return known


def _class_assignments(body, found):
    for node in body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = (node, node.value)
                elif isinstance(target, (ast.Tuple, ast.List)):
                    for name in target.elts:
                        if isinstance(name, ast.Name):
                            found[name.id] = (node, node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = (node, node.value)
        elif isinstance(node, ast.ClassDef):
            found[node.name] = (node, None)
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            for part in ("body", "orelse", "finalbody"):
                _class_assignments(getattr(node, part, []) or [], found)
            for handler in getattr(node, "handlers", []) or []:
                _class_assignments(handler.body, found)


def dedent(lines):
    """Lines joined with the indentation of the first one taken off.

    ``textwrap.dedent`` would look at text inside of multi-line strings as well.
    """
    if not lines:
        return ""
    margin = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    cut = [
        line[len(margin) :] if line.startswith(margin) else line.lstrip() if not line.strip() else line
        for line in lines
    ]
    return "\n".join(cut) + "\n"


class Sources:
    """All source files met."""

    def __init__(self):
        self._files = {}
        self._modules = {}

    def file(self, path):
        """The :class:`SourceFile` at ``path``, or None where there is no readable source."""
        if not path:
            return None
        if path.endswith((".pyc", ".pyo")):
            path = path[:-1]
        if path not in self._files:
            found = None
            if os.path.isfile(path):
                try:
                    found = SourceFile(path)
                except (SyntaxError, UnicodeDecodeError, OSError, ValueError, RecursionError):
                    found = None
            self._files[path] = found
        return self._files[path]

    def module(self, name):
        """The :class:`SourceFile` of a loaded module, or None."""
        if name not in self._modules:
            module = sys.modules.get(name)
            self._modules[name] = self.file(getattr(module, "__file__", None))
        return self._modules[name]
