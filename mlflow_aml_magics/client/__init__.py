"""The one shared client: the only package that imports mlflow or azure, or opens a connection."""
