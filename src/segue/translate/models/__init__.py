"""Django models → SQLAlchemy declarations (``app/<folder>/models.py``).

:func:`translate_models` writes every model of the snapshot; :mod:`.names` answers what they are
called; :mod:`.writing` whether objects of a model can be written or deleted without Django.
"""

from segue.translate.models.classes import translate_models

__all__ = ["translate_models"]
