"""The ledger's routes in the words of gateways that teams run already."""
