import os

from django.urls import path
from library.asking import Asking
from library.clients import Clients
from library.computing import Computing
from library.everyday import Everyday
from library.language import Language
from library.letters import Letters
from library.libraries import Libraries
from library.mails import Mails
from library.relations import Relations
from library.sheets import Sheets
from library.views import Lab
from library.writing import Writing

urlpatterns = [
    path("lab/<int:pk>/", Lab.as_view()),
    path("language/<int:pk>/", Language.as_view()),
    path("asking/<int:pk>/", Asking.as_view()),
    path("computing/<int:pk>/", Computing.as_view()),
    path("writing/<int:pk>/", Writing.as_view()),
    path("relations/<int:pk>/", Relations.as_view()),
    path("clients/<int:pk>/", Clients.as_view()),
    path("sheets/<int:pk>/", Sheets.as_view()),
    path("letters/<int:pk>/", Letters.as_view()),
    path("letters/of/<slug:name>/", Letters.as_view(), name="letter"),
    path("libraries/<int:pk>/", Libraries.as_view()),
    path("everyday/<int:pk>/", Everyday.as_view()),
    path("mails/<int:pk>/", Mails.as_view()),
]
if "LAB_POSTGRES" in os.environ:
    from library.postgres import Postgres

    urlpatterns.append(path("postgres/<int:pk>/", Postgres.as_view()))
