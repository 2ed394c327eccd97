"""Reads a Django project from inside its own interpreter and writes one JSON document.

Run as ``python <this folder> --settings X --root DIR --out FILE``. Self-contained: standard
library and whatever Django, DRF and django-filter the project has; nothing of Segue.
Python 3.8 syntax. The document has the shape of ``segue.snapshot.model.Snapshot``.
"""
