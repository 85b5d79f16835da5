#!/usr/bin/env bash
# Pin the newest versions that pyproject.toml allows, for every supported Python and platform, in constraints.txt.
set -eu

pins=$(.venv/bin/uv pip compile pyproject.toml --universal --python-version 3.10 --all-extras --group dev \
    --quiet --no-header --no-annotate --no-emit-index-url --upgrade)
{
    sed -n '/^#/p; /^#/!q' constraints.txt
    echo "$pins"
} >constraints.new
mv constraints.new constraints.txt
