from django.contrib import admin

from catalog.models import Author, Book, Category, Publisher, Tag

admin.site.register([Author, Book, Category, Publisher, Tag])
