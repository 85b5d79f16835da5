"""Ask a deployment for predictions: the request made or checked by the model's signature, the answer as a table.

>>> sample_of(conn, "wine").fields               # what to ask in a form             # doctest: +SKIP
>>> invoke(conn, "wine", sample=True)            # the model's own example           # doctest: +SKIP
>>> invoke(conn, "wine/green", data=rows)        # one deployment of an endpoint     # doctest: +SKIP
>>> compare(conn, "wine/blue", "wine/green", data=rows)                              # doctest: +SKIP
>>> as_code(conn, "wine", "curl", sample=True)   # nothing is sent                   # doctest: +SKIP

`data` reads what the user has, `request` checks it and puts it into a wire form, `chunks` sends it, `answer` shows it.
"""

from __future__ import annotations

from .answer import Invocation
from .ask import invoke
from .batch import invoke_or_score
from .code import LANGUAGES, Language, as_code
from .compare import Comparison, compare, the_two
from .latency import Latency
from .sample import Sample, sample_of

__all__ = [
    "LANGUAGES",
    "Comparison",
    "Invocation",
    "Language",
    "Latency",
    "Sample",
    "as_code",
    "compare",
    "invoke",
    "invoke_or_score",
    "sample_of",
    "the_two",
]
