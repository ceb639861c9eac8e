"""What is decided after each page, for every kind of paging: go on, go back, ask again, end, or fail.

Rows are judged as the shop sent them, before any processing step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from requests import Response

from ecom_source.paging import read_errors
from ecom_source.paging.read_tally import COUNTED, JOINED, Reading
from ecom_source.paging.seen_keys import SeenRows, picture
from ecom_source.paging.totals import Total, TotalSource
from ecom_source.paging.versions import Versions
from ecom_source.paging.ways import LinkWay, PageNumberWay, Way

MOST_STEPS_BACK = 5
"""Pages in a row that may begin behind a gap before a read is given up as one without a stable order."""
MOST_STEPS_BACK_IN_ALL = 1000
"""The same over a whole read."""
MOST_WITHOUT_NEW = 5
"""Pages in a row without a new row, where rows can be told apart and the pages differ."""
MOST_EQUAL = 100
"""Equal pages in a row, where rows cannot be told apart; and empty pages in a row."""
ENOUGH_IN_ORDER = 4
"""Rows in the order of the page before that are enough to know its end by, where the very last row is gone."""
MOST_PAGES = 1_000_000
"""Pages of one read."""
ONE_AGAIN = "its second page is the first one again, and a total somewhere says that these are all"


@dataclass(frozen=True)
class Expected:
    """What the description says of a resource's pages.

    Args:
        key: the columns of the primary key, by which rows are told apart.
        whole: rows of one key may be several rows, so they are told apart by all that is in them.
        required: columns of the key that each row must come with.
        selector: the endpoint's `data_selector`.
        total: where the total is named; None where it is not.
        guess: look for a total in the usual places.
        overlap: begin each page with the last row of the page before, also where there is a total: a row that moved
            over the border is noticed even where as many rows came as went. Without a total nothing else tells.
        twice: read everything twice, with different page sizes, and compare.
        newest: column and order (`asc`, `desc`) by which one of several rows with the same key is chosen.
        is_late: whether a row was stamped after the read began: a page of such rows ends a read of everything.
    """

    key: tuple[str, ...] = ()
    whole: bool = False
    required: tuple[str, ...] = ()
    selector: Any = None
    total: TotalSource | None = None
    guess: bool = True
    overlap: bool = False
    twice: bool = False
    newest: tuple[str, str] | None = None
    is_late: Callable[[Any], bool] | None = None


class PagePolicy:
    """One pass over the pages of a resource.

    Args:
        way: how its pages are asked for.
        expected: what the description says.
        reading: counts.
        where: what was asked first, to tell the reads of several parents apart.
    """

    def __init__(self, way: Way, expected: Expected, reading: Reading, where: str) -> None:
        self.way, self.expected, self.reading, self.where = way, expected, reading, where
        self.has_next_page = True
        self.total = Total(expected.total, guess=expected.guess)
        self.seen = SeenRows(expected.key, whole=expected.whole)
        self.moves = 0
        """How often rows were seen to move."""
        self.beyond_total = False
        """The page that is asked for lies beyond the last one by the total."""
        self._versions = Versions(expected.key, *expected.newest) if expected.newest else None
        self._pages = 0
        """Those that were accepted."""
        self._rows = 0
        self._page_before: list[bytes] | None = None
        self._tail: dict[int, int] = {}
        """The place of each row on the page before, by what tells it apart."""
        self._frontier: int | None = None
        """What tells the last of the rows that were read apart."""
        self._lost = False
        """It has not come again since pages of known rows came."""
        self._without_new = self._equal = self._empty = 0
        """Pages in a row that have no new row, equal the one before, or are empty."""
        self._steps_back = 0
        """Steps back in a row."""
        self._fruitless = 0
        """Steps back that brought no new row."""
        self._furthest = 0
        """The place that was reached before the last step back."""
        self._repeats = self._strays = 0
        """Rows that came again: in all, and unchanged where new ones must come."""
        self._probe: int | None = None
        """The page size that is asked for to see whether the shop heeds it."""
        self._first_is_full = False
        """Whether the first page had as many rows as one can have, when that was asked."""

    def take(self, response: Response, rows: list[Any]) -> list[Any]:
        """Takes in a page; its rows that go on to dlt.

        Raises:
            IncompleteReadError: the read cannot be complete.
        """
        if self._probe is not None:
            self._judge_page_size(response, rows, self._probe)
            return []
        fell = self.total.read(response)
        if not rows and not fell and self._pages and self._says_more_follow():
            raise read_errors.capped(self.reading.resource, self.way.place, self.total.now or 0)
        marks = self.seen.marks(rows)
        if fell and self.beyond_total and not all(map(self.seen.known, marks)):
            # New rows where there are none by a total that is now even less: it counts something else.
            self.total.trusted, fell = False, 0
        now = picture(rows)
        if not rows or now != self._page_before or self._is_behind():
            self._equal = 0
        elif not self._may_be_equal(rows):
            self.reading.page(len(rows), 0, self.total.said)
            return []
        if self._is_gap(marks, fell) and self._go_back(rows, fell):
            return []
        self._page_before = now
        return self._accept(response, rows, marks)

    def lacking(self, said: int | None) -> int | None:
        """How many rows are still to come by what an answer says; None where it does not say."""
        return None if said is None else max(0, self.way.wanted(said) - self._in_hand)

    def pass_over(self, rows: list[Any]) -> list[Any]:
        """Leaves a page out, to ask for it again: nobody knows whether it is older than the one before it."""
        self.moves += 1
        self.reading.page(len(rows), 0, self.total.said)
        return []

    def _accept(self, response: Response, rows: list[Any], marks: Sequence[int | None]) -> list[Any]:
        """Remembers a page and goes on behind it."""
        way = self.way
        self._pages += 1
        if not way.is_first:
            self._steps_back = 0
        if self._pages > MOST_PAGES:
            raise read_errors.endless(self.reading.resource, MOST_PAGES)
        behind, only_overlap = self._is_behind(), self._is_only_overlap(marks)
        self._count_repeats(rows, marks)
        last_is_new = bool(marks) and not self.seen.known(marks[-1])
        fresh = self.seen.add(rows, marks)
        self._fruitless = 0 if fresh else self._fruitless
        self._rows += len(rows)
        self._without_new = 0 if fresh or behind or not rows else self._without_new + 1
        self.total.hold_against(self._in_hand)
        full = way.is_full(len(rows), self._pages)
        goes_on = way.advance(response, rows, overlap=self._overlap())
        self._tail = {mark: place for place, mark in enumerate(marks) if mark is not None}
        if self.seen.tracked and rows:
            self._watch_frontier(
                marks, fresh=bool(fresh), last_is_new=last_is_new, expected=not behind and not only_overlap
            )
        self.has_next_page = not only_overlap and self._goes_on(goes_on, rows, full=full)
        passed_on = fresh if self._versions is None else self._versions.take(fresh, last=not self.has_next_page)
        self.reading.page(len(rows), len(passed_on), self.total.said)
        return passed_on

    # Going on

    def _goes_on(self, goes_on: bool, rows: list[Any], *, full: bool) -> bool:
        """Whether there is a next page to ask for."""
        self._empty = 0 if rows else self._empty + 1
        without = max(self._without_new - MOST_WITHOUT_NEW if self.seen.tracked else 0, self._empty - MOST_EQUAL)
        if without > 0 and goes_on:
            pages = max(self._without_new, self._empty)
            raise read_errors.nothing_new(self.reading.resource, pages, self.way.parameters)
        if self._is_late(rows):
            return False
        if not goes_on:
            return self._asks_beyond_last_number(rows, full=full)
        total = self.stops_at
        return total is None or not self.way.reaches(total) or self._asks_beyond_total(full=full)

    @property
    def stops_at(self) -> int | None:
        """The total at which the read may stop; a guessed one stops nothing."""
        return self.total.now if self.total.named and self.total.trusted else None

    def _says_more_follow(self) -> bool:
        """Whether the shop says, with an empty page, that there are rows from there on."""
        stop = self.stops_at
        return stop is not None and self.way.can_overlap and self.way.number + self.way.overlap < self.way.wanted(stop)

    def _asks_beyond_total(self, *, full: bool) -> bool:
        """After the last page by the total, a full one means: ask once more."""
        if self.beyond_total or not full:
            return False
        self.beyond_total = True
        return True

    def _asks_beyond_last_number(self, rows: list[Any], *, full: bool) -> bool:
        """The same after the last page by the number of pages, also where a guessed total says that there are more."""
        more = (self.total.believed or 0) > self._in_hand
        if not isinstance(self.way, PageNumberWay) or not self.way.ended_by_total or not rows:
            return False
        return self.way.ask_beyond_total() if self._asks_beyond_total(full=full or more) else False

    def _is_late(self, rows: list[Any]) -> bool:
        """A read of everything, while rows change, ends where only rows come that are newer than it is: but not before
        as many came as there were at first, for rows in any other order may be changed together.
        """
        first = self.total.first
        if self.expected.is_late is None or not rows or not first or self._in_hand < first:
            return False
        return self._rows >= 2 * first or all(map(self.expected.is_late, rows))

    def _overlap(self) -> int:
        """By how many rows the next page is to begin with those of this one; below 0 where it never may."""
        if not self.seen.tracked:
            return -1
        by_total = self.total.named and self.total.believed is not None
        return 0 if by_total and not self.expected.overlap else 1

    def end_of_a_circle(self) -> None:
        """The shop names a page that was read: the last one, as some do, or it does not go on at all.

        Raises:
            IncompleteReadError: only one page came, and nothing says that there are no more; or one was passed on
                again, since its rows cannot be told apart.
        """
        twice = self._equal > 0 and not self.seen.tracked
        alone = self._pages == 1 and self._rows > 0
        if twice or (alone and not self._has_all):
            raise read_errors.ignored(self.reading.resource, self.way.parameters)
        if alone and not self.total.named:
            self.reading.doubt(ONE_AGAIN)

    @property
    def _in_hand(self) -> int:
        return self.seen.counted if self.seen.tracked else self._rows

    # A page like the one before

    def _may_be_equal(self, rows: list[Any]) -> bool:
        """Whether a page that equals the one before is taken in. Otherwise it is the end, or is asked for differently.

        Raises:
            IncompleteReadError: the shop ignores what page is asked for.
        """
        if not self.seen.tracked:
            self._equal += 1
            if self._equal >= MOST_EQUAL:
                raise read_errors.nothing_new(self.reading.resource, self._equal + 1, self.way.parameters)
            return True
        if self.total.named and self._pages > 1 and self._has_all:
            self.has_next_page = False
        elif self.way.overlap and self.way.align():
            # The shop may heed only offsets that are a multiple of the page size: asked for at the border.
            return False
        elif self._pages > 1 or (self.beyond_total and not self._has_all):
            # The page beyond the last one, as Magento shows it: it comes whatever is asked for. Where a whole page of
            # new rows came in front, the next one is another.
            self._equal += 1
            self.has_next_page = self._equal == 1 and not self._has_all
            return self.has_next_page
        elif self.total.believed is not None and not self._has_all and not self.way.is_first:
            raise read_errors.ignored(self.reading.resource, self.way.parameters)
        else:
            self._ask_with_another_size(rows)
        return False

    @property
    def _has_all(self) -> bool:
        """Whether as many rows came as the shop says there are."""
        total = self.total.believed
        return total is not None and self._in_hand >= self.way.wanted(total)

    def _ask_with_another_size(self, rows: list[Any]) -> None:
        """Page two is page one. Whether that is all there is, a request with another page size tells."""
        if not self._has_all and (self.way.size is None or self.way.is_full(len(rows), 1)):
            raise read_errors.ignored(self.reading.resource, self.way.parameters)
        if self.way.size is not None and len(rows) > 1:
            self._probe, self._first_is_full = len(rows) // 2, self.way.is_full(len(rows), 1)
            self.way.ask_first_page(self._probe)
            return
        self.has_next_page = False
        if self.way.size is None and not self.total.named:
            self.reading.doubt(ONE_AGAIN)

    def _judge_page_size(self, response: Response, rows: list[Any], size: int) -> None:
        """The first page in another size: whether the shop heeds sizes, and whether its total is one of the page."""
        self.reading.page(len(rows), 0, self.total.said)
        by_total, said = self._has_all, self.total.peek(response)
        if len(rows) > size:
            wrong = not (by_total and self.total.named)
        else:
            page_only = by_total and said is not None and said != self.total.said
            wrong = (page_only or not by_total) and self._first_is_full
        if wrong:
            raise read_errors.ignored(self.reading.resource, self.way.parameters)
        self.has_next_page = False

    # Rows that move

    def _is_gap(self, marks: Sequence[int | None], fell: int) -> bool:
        """Whether rows may lie between this page and those read before.

        Args:
            fell: by how many the total has fallen since the page before: rows that vanish from pages already read pull
                the following ones forward, over the border of this page.
        """
        if not self.way.can_go_back or self.way.is_first:
            return False
        if self.way.overlap:
            return not self._joins(marks)
        return fell > 0

    def _joins(self, marks: Sequence[int | None]) -> bool:
        """Whether a page begins where the one before had ended: with its last row, or with what is left of its end.

        Before that row there may be others that were read: new ones came in front of them.
        """
        prefix = self._known_prefix(marks)
        if not prefix:
            return False
        places = [(self._tail[mark], at) for at, mark in enumerate(marks) if mark in self._tail]
        return prefix == len(marks) or (bool(places) and max(places)[1] < prefix and self._is_in_order(marks[:prefix]))

    def _is_only_overlap(self, marks: Sequence[int | None]) -> bool:
        """Whether nothing follows the rows that were read: the page has their last ones, and no more."""
        if not 0 < len(marks) <= self.way.overlap or self._known_prefix(marks) < len(marks) or self._is_behind():
            return False
        last = next(reversed(self._tail), None)
        return marks[-1] == last or (len(marks) >= ENOUGH_IN_ORDER and self._is_in_order(marks))

    def _watch_frontier(self, marks: Sequence[int | None], *, fresh: bool, last_is_new: bool, expected: bool) -> None:
        """Notes whether the last row that was read comes again behind pages of known rows, as it must.

        Args:
            last_is_new: the page ends with a row that had not come before.
            expected: the page lies behind the last row that was read.
        """
        if last_is_new:
            self._frontier = marks[-1]
        if fresh or self._frontier in marks:
            self._lost = False
        elif expected:
            self._lost = True

    def _is_in_order(self, marks: Sequence[int | None]) -> bool:
        """Whether rows that were on the page before stand in the order in which they stood there."""
        places = [self._tail[mark] for mark in marks if mark in self._tail]
        return all(before < after for before, after in pairwise(places))

    def _known_prefix(self, marks: Sequence[int | None]) -> int:
        """How many rows at the beginning of a page came before."""
        return next((at for at, mark in enumerate(marks) if not self.seen.known(mark)), len(marks))

    def _go_back(self, rows: list[Any], fell: int) -> bool:
        """Asks again for what lies before this page; whether there is a way back.

        Raises:
            IncompleteReadError: it went back again and again, or rows cannot be told apart.
        """
        if not self.seen.tracked:
            if self.total.named or not self.reading.falls_again(self.where, fell):
                raise read_errors.moved(self.reading.resource)
            # A guessed total that falls by the same number in each read is none.
            self.total.trusted = False
            return False
        if not self.way.overlap and not self.total.named and self._fruitless > 1:
            # It falls with each page, for another reason.
            self.total.trusted = False
            return False
        place = self.way.place
        self._furthest = max(self._furthest, self.way.number)
        self.way.go_back(fell)
        self.beyond_total = False
        self.moves += 1
        self._fruitless += 1
        self._steps_back += 1
        times = max(self._steps_back, self._fruitless)
        if times > MOST_STEPS_BACK or self.moves > MOST_STEPS_BACK_IN_ALL:
            raise read_errors.never_joins(self.reading.resource, times - 1, place)
        self.reading.page(len(rows), 0, self.total.said)
        return True

    def _is_behind(self) -> bool:
        """Whether the page at hand was read before the last step back."""
        return self.way.number < self._furthest

    def _count_repeats(self, rows: list[Any], marks: Sequence[int | None]) -> None:
        """Counts rows that came before. Where new rows came in front, they stand at the beginning of the page."""
        if not self.seen.tracked or self._equal:
            # The last page again says nothing of the order.
            return
        unchanged = self.seen.unchanged(rows) if self.total.believed is None else [False] * len(rows)
        if self._is_behind():
            return
        known = [self.seen.known(mark) for mark in marks]
        self._repeats += max(0, sum(known) - self.way.overlap)
        first = self._known_prefix(marks) if self._joins(marks) else 0
        self._strays += sum(known[at] and unchanged[at] for at in range(first, len(rows)))

    # The end

    def finish(self) -> None:
        """Judges a read that has ended.

        Raises:
            IncompleteReadError: rows are missing, or may be.
        """
        self.has_next_page = False
        tracked, total, said = self.seen.tracked, self.total.believed, self.total.said
        self.reading.finish(self.seen.distinct if tracked else None, said)
        if total is not None and self._in_hand < self.way.wanted(total):
            self._judge_shortfall(total)
        elif total is None and (self._strays or self._lost):
            raise read_errors.unstable(self.reading.resource, self._repeats)
        elif total is None and said is not None:
            self.reading.doubt(f"the shop says {said:,} rows, and {self._in_hand:,} came")
        elif total is None:
            self._say_without_total()
        elif not tracked:
            self.reading.proofs.add(COUNTED)
        if self.expected.twice:
            self._compare_with_read_before()

    def _judge_shortfall(self, total: int) -> None:
        """A total that is named is right. A guessed one is not believed where two reads stay short of it alike."""
        came, resource = self._in_hand, self.reading.resource
        missing = self.way.wanted(total) - came
        again = not self.total.named and self.reading.shortfalls.get(self.where) == missing
        if again and not self._repeats and not self.moves:
            self.reading.doubt(f"the shop says {total:,} rows somewhere, and {came:,} came, twice")
            return
        self.reading.shortfalls[self.where] = missing
        raise read_errors.short(resource, total, came, self._repeats)

    def _say_without_total(self) -> None:
        if isinstance(self.way, LinkWay) and self._pages <= 1:
            return
        if self.seen.tracked and self.way.can_overlap and not self.way.aligned:
            self.reading.proofs.add(JOINED)
        else:
            self.reading.doubt("the shop says no total" + ("" if self.seen.tracked else ", and its rows have no key"))

    def _compare_with_read_before(self) -> None:
        before = self.reading.read_before.get(self.where)
        self.reading.read_before[self.where] = self.seen
        if before is None:
            raise read_errors.once_more(self.reading.resource)
        if not self.seen.same_as(before):
            raise read_errors.differs(self.reading.resource, before.distinct, self.seen.distinct)
        self.reading.doubts.clear()
