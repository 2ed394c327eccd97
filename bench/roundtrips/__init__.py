"""Many random cases of everything that Django and the bridge must read of each other."""
