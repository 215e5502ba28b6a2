"""The settings of the next run as a person composes them, which may for a while make no sense together; no Qt."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from app.settings import Settings
from engine.config import RunConfig
from engine.errors import FlipscopeError
from engine.training import models

log = logging.getLogger(__name__)


class Draft:
    """Settings by name; the last ones that made sense are what the settings file remembers.

    problem: why they cannot be trained with as they are, or None.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._odd: dict[str, Any] | None = None
        self.problem: FlipscopeError | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Every setting."""
        return dict(self._odd) if self._odd is not None else self.config().to_json()

    def config(self) -> RunConfig:
        """The settings as a configuration. Raises BadInput or UnknownName where they make none."""
        if self.problem is not None:
            raise self.problem
        try:
            return RunConfig.from_json(self._settings.run)
        except Exception as error:  # whatever an old settings file holds must not keep a person from training
            log.warning("the remembered run configuration is not usable (%s); using the defaults", error)
            self._settings.run = {}
            return RunConfig()

    def change(self, changes: Mapping[str, Any]) -> None:
        """Set some settings at once; what they make together need not make sense."""
        values = self.values | dict(changes)
        try:
            config = RunConfig.from_json(values)
            models.architecture(config.model, config.layers)
            self.take(config)
        except FlipscopeError as error:
            self._odd, self.problem = values, error

    def take(self, config: RunConfig) -> None:
        """Set every setting."""
        self._settings.run = config.to_json()
        self._odd = self.problem = None
