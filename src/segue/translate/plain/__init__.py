"""Plain views of Django's, without DRF: functions and subclasses of ``View`` that answer with data.

:mod:`.route` makes a ``PlainResource`` of a URL, :mod:`.layers` reads the decorators around its view, :mod:`.late_user` puts the questions
for the user where Django asks them. What the code of such a view asks of its request is in :mod:`segue.translate.rules.plain_request`.
"""
