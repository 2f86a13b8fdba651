"""nasbench-harness: compare differentiable architecture search methods on equal terms."""

from pathlib import Path

__version__ = "0.1.0"

# In a checkout `methods/`, `spaces/` and `reports/` stand beside this folder, not inside it: with
# the checkout on the package's path they are sub-packages there too, as in an installed wheel.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "pyproject.toml").is_file() and (_checkout / "methods").is_dir():
    __path__.append(str(_checkout))
