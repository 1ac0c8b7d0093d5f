"""What the bodies of all actions share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from ground.access.identity import ACTING

Author = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Id = Annotated[str, StringConstraints(max_length=80)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]


class Body(BaseModel):
    """An unknown key is an error, not a silent loss.

    Who has signed in is the `author`, whatever the body says: nobody acts in another's name.
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _signed_in(cls, given: Any) -> Any:
        author = ACTING.get().author
        if author and isinstance(given, dict) and "author" in cls.model_fields:
            return given | {"author": author}
        return given
