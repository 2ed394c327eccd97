"""The storages of columns of files: which class is behind a lazy object, and whether it is like the default one.

Runs in the legacy interpreter. Source: ``django.core.files.storage.FileSystemStorage``, ``django.utils.functional.LazyObject``.
"""

from __future__ import annotations

# What a subclass may have without keeping or naming files in another way.
_HARMLESS = {
    "__init__",
    "__module__",
    "__doc__",
    "__qualname__",
    "__firstlineno__",
    "__static_attributes__",
    "__new__",  # ``deconstructible`` notes the arguments
    "deconstruct",
    "_setup",
}
# What Django's constructor puts on a storage, and what its cached properties and ``deconstructible`` keep there.
_HELD = {
    "_location",
    "_base_url",
    "_file_permissions_mode",
    "_directory_permissions_mode",
    "_allow_overwrite",
    "_constructor_args",
    "base_location",
    "location",
    "base_url",
    "file_permissions_mode",
    "directory_permissions_mode",
}
_ALIKE = ("location", "base_url", "file_permissions_mode", "directory_permissions_mode", "_allow_overwrite")


def storage_behind(storage):
    """The storage itself where ``storage`` is a lazy object."""
    from django.utils.functional import LazyObject, empty

    for _ in range(4):
        if not issubclass(type(storage), LazyObject):
            break
        if storage._wrapped is empty:
            try:
                storage._setup()
            except Exception:  # settings of a cloud that are not there: nothing is known of it
                return storage
        storage = storage._wrapped
    return storage


def keeps_files_as_default(storage):
    """Whether files are kept, named and addressed as those of the default storage, Django's file system one."""
    from django.core.files.storage import FileSystemStorage, default_storage
    from django.utils.functional import LazyObject

    if not _adds_nothing(type(storage), (LazyObject, FileSystemStorage)):
        return False
    mine, theirs = storage_behind(storage), storage_behind(default_storage)
    if not _adds_nothing(type(mine), (FileSystemStorage,)) or type(theirs) is not FileSystemStorage:
        return False
    if not set(vars(mine)) <= _HELD:
        return False  # the constructor has put something on it
    return all(getattr(mine, name, None) == getattr(theirs, name, None) for name in _ALIKE)


def _adds_nothing(cls, bases):
    """Is ``cls`` one of ``bases``, or a subclass with nothing but a constructor?"""
    if not issubclass(cls, bases):
        return False
    for part in cls.__mro__:
        if part in bases:
            return True
        if not set(vars(part)) <= _HARMLESS:
            return False
    return False
