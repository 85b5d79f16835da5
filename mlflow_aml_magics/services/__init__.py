"""Use cases, the only thing that the shells call: track, compare, register, deploy, invoke."""
