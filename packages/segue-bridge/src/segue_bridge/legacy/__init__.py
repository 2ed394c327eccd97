"""What runs inside Django. The only package of segue-bridge that may import it."""
