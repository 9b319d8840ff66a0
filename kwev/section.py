"""What every section of a scenario has in common: strict reading, and the types of its values."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
PositiveM = Annotated[float, Field(gt=0, le=100_000)]
PositiveKw = Annotated[float, Field(gt=0, le=10_000)]
Cad = Annotated[float, Field(ge=0, le=1e9)]
Weight = Annotated[float, Field(ge=0, le=1_000)]


class Section(BaseModel):
    """A frozen object of the configuration; an unknown key or a wrong type is refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,  # "5" and true are no numbers
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )
