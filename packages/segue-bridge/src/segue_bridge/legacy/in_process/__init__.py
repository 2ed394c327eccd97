"""FastAPI in front and Django behind it, in one process: for services that are too small for a gateway of their own.

    uvicorn --factory segue_bridge.legacy.in_process.main:create_app --no-proxy-headers

It decides as the Envoy gateway does (same table, same order, same headers) and goes away with Django: then the command is
``uvicorn --factory app.main:create_app`` and nothing else changes.
"""
