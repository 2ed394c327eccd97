"""The database side of generated projects: typed columns, sessions and writes that mean what Django's do.

Import from the modules: :mod:`.database`, :mod:`.session`, :mod:`.base`, :mod:`.types`,
:mod:`.query`, :mod:`.relations`, :mod:`.errors`.
"""
