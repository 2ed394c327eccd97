"""The Django side of what :mod:`segue_bridge` agrees on. The only package of it that imports Django."""
