"""One rule per construct of the legacy code; see :mod:`segue.translate.rules.registry`."""
