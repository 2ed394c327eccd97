"""The ``segue`` command: one module per group of commands; what they do is in :mod:`segue.commands`."""

from segue.cli.root import app as app
from segue.cli.root import main as main
