"""A run for people and for tools: terminal, JSON, JUnit XML, HTML, GitHub annotations."""

from segue.verify.report.data import as_json
from segue.verify.report.github import commands
from segue.verify.report.html import page
from segue.verify.report.junit import document
from segue.verify.report.terminal import render

__all__ = ["as_json", "commands", "document", "page", "render"]
