"""Django models → SQLAlchemy declarations (``app/<folder>/models.py``).

:func:`translate_models` writes every model of the snapshot; :mod:`.names` answers what they are
called; :mod:`.deletes` whether a delete of a model can be carried out without Django.
"""

from segue.translate.models.classes import translate_models

__all__ = ["translate_models"]
