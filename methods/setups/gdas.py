"""Settings and recipes of GDAS."""

from __future__ import annotations

from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.chosen import ChosenSettings, ChosenSetup
from nasbench_harness.methods.setups.citations import GDAS_BIBTEX


class GDASSettings(ChosenSettings):
    """The NAS-Bench-201 authors' values, who are GDAS' as well."""


class GDASSetup(ChosenSetup):
    """What can be read of the method without torch."""

    Settings = GDASSettings
    citation = GDAS_BIBTEX
    recipes = recipe_file("nasbench_harness.methods.recipes", "gdas")
