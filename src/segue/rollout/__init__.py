"""Moving traffic step by step on what is measured, and back by itself."""
