"""Why something failed, told from its words: deterministic, by rules that are data (`rules/*.yml`).

`diagnose` reads an error text or a whole log of any tool. It answers `unknown` rather than guess, and `none` for a log that tells of no
failure. The same text always gets the same answer, and the answer names the words that decided.
"""

from openclaw.diagnosis.engine import diagnose
from openclaw.diagnosis.rules import RuleError

__all__ = ["RuleError", "diagnose"]
