"""The project's factories (factory_boy) → ``tests/factories.py`` of the output, for the tests of the service.

A declaration stays what it is: factory_boy is the same library on both sides. What has to change are models, saving
(:mod:`.saving`), and code in between (:mod:`.code`). A factory with code that is not known is refused, and so is each that needs it;
so are the recipes of model_bakery (:mod:`.recipes`).
"""

from segue.translate.factories.program import write_factories

__all__ = ["write_factories"]
