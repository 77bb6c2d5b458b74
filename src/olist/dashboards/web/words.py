"""The words of the web dashboards in either language, from `dashboards/web.yml`."""

from __future__ import annotations

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from olist.dashboards.spec import Locale, Spec, Text
from olist.errors import ConfigurationError

__all__ = ["Words", "load_words"]


class Words(BaseModel):
    """Labels and banners by id, with {placeholders} to fill in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: dict[str, Text]
    notices: dict[str, Text]

    def word(self, name: str, locale: Locale, /, **values: str) -> str:
        """A label; KeyError for an unknown one."""
        return self.words[name][locale].format(**values)

    def notice(self, name: str, locale: Locale, /, **values: str) -> str:
        """A banner's text; KeyError for an unknown one."""
        return self.notices[name][locale].format(**values)


def load_words(spec: Spec) -> Words:
    """Read and check `web.yml`. Raises ConfigurationError naming what is wrong."""
    path = spec.folder / "web.yml"
    try:
        return Words.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ConfigurationError(
            "the words of the web dashboards are wrong",
            resource=str(path),
            expected="words and notices in every language",
            found=str(error),
            remedy="correct the file",
        ) from error
