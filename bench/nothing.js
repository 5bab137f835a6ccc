// What Node needs for itself.
