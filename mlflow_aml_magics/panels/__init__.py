"""Panels in the cell, each one anywidget that draws itself with what `labextension/` built."""
