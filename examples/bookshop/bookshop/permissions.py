"""Who may do what."""

from rest_framework import permissions


class IsStaffOrReadOnly(permissions.BasePermission):
    """Anybody may read, staff may write."""

    def has_permission(self, request, view):
        if request.method in permissions.SAFE_METHODS:
            return True
        return bool(request.user and request.user.is_staff)


class IsEditor(permissions.BasePermission):
    """Editors and managers."""

    message = "Only editors may do this."

    def has_permission(self, request, view):
        return request.user.is_authenticated and request.user.role in ("editor", "manager")


class IsOwnerOrReadOnly(permissions.BasePermission):
    """Objects belong to the user who made them."""

    def has_object_permission(self, request, view, obj):
        if request.method in permissions.SAFE_METHODS:
            return True
        return obj.owner == request.user


class IsReviewAuthor(permissions.BasePermission):
    """Only its author may change a review; staff may delete it."""

    message = "This is not your review."

    def has_object_permission(self, request, view, obj):
        if request.method in permissions.SAFE_METHODS:
            return True
        if request.method == "DELETE" and request.user.is_staff:
            return True
        return obj.user_id == request.user.id


class ReadOnly(permissions.BasePermission):
    """Nobody may write."""

    def has_permission(self, request, view):
        return request.method in permissions.SAFE_METHODS
