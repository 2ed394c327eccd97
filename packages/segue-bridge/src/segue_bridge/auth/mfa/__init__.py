"""Second factors that Django's side checks too: devices of django-otp, codes of django-allauth."""
