"""Django's templates as templates of Jinja2: ``<package>/templates/<name>``, shown by ``segue_bridge.templates``."""
