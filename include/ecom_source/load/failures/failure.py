"""An exception on its way out of a load, with what is known of where it happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ecom_source.api.api_connection import ApiConnection
from ecom_source.http.shop_words import shortened
from ecom_source.secrets.redactor import Redactor

MOST_WORDS = 600
"""Characters of a cause that are shown."""
AGAIN = "Airflow tries again as often as the DAG's `retries` say, and the next run reads on from the watermark."
"""For what may be well by then."""


@dataclass(frozen=True)
class Failure:
    """One exception and its circumstances.

    Args:
        error: as dlt raised it, wrapped in its pipeline step.
        connection: the API Connection of the load.
        base_url: the address that was asked.
        redact: hides the secrets of the load.
        warehouse: what a person calls the warehouse, and its Connection.
    """

    error: BaseException
    connection: ApiConnection
    base_url: str
    redact: Redactor
    warehouse: str = "The warehouse"

    @cached_property
    def causes(self) -> list[BaseException]:
        """The error and what is behind it, the nearest first."""
        return list(chain(self.error))

    @cached_property
    def steps(self) -> list[str]:
        """The steps of dlt's pipeline that it happened in, the nearest first; empty outside of them."""
        from dlt.pipeline.exceptions import PipelineStepFailed

        return [str(each.step) for each in self.causes if isinstance(each, PipelineStepFailed)]

    @property
    def at_shop(self) -> bool:
        """Whether a web request was the shop's: dlt asks it in its step "extract" only, some warehouses in others."""
        return all(step == "extract" for step in self.steps)

    def words(self, text: object) -> str:
        """What a cause says, in one line. It is redacted before it is cut: half a key would not be known again."""
        return shortened(self.redact(str(text)), MOST_WORDS)


def met_with(error: BaseException) -> BaseException:
    """What dlt met with. It wraps that again and again, each time with the same words, and with advice of its own."""
    from dlt.common.exceptions import DltException

    seen: dict[int, BaseException] = {}
    each: BaseException | None = error
    while each is not None and id(each) not in seen and isinstance(each, DltException):
        seen[id(each)] = error = each
        # As a traceback has them: what was under way besides is left out.
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return each or error


def chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what is behind it, the nearest first."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        each = queue.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        queue += [each.__cause__, each.__context__]
