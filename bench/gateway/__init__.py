"""What the gateway must hold under load, each by a command that fails when it does not: ``python -m bench.gateway.run --all``."""
