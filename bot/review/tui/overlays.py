"""What fills the screen for a while: a full picture, a picture beside its original, the keys, a cluster."""

from __future__ import annotations

from collections.abc import Mapping

from bot.copies.comparison import Comparison
from bot.errors import UserError
from bot.model import Post
from bot.reasons import label
from bot.review.cluster import Cluster
from bot.review.tui.backstage import Backstage
from bot.review.tui.gallery import Gallery
from bot.review.tui.item import Item, compared, members
from bot.review.tui.lane import Stage
from bot.review.tui.lines import Line, centred, line, of
from bot.review.tui.picture import Shown
from bot.review.tui.screen import ReviewScreen, help_lines
from bot.review.tui.setting import Setting
from bot.review.tui.sheet import Row, cluster_lines, source_line, text_lines


class Overlays:
    """One of them at most is open. A decision closes it, and so does Escape."""

    def __init__(
        self, page: ReviewScreen, setting: Setting, gallery: Gallery, backstage: Backstage, stage: Stage
    ) -> None:
        self._page, self._setting, self._gallery = page, setting, gallery
        self._backstage, self._stage = backstage, stage
        self._say = setting.reader.say
        self._viewing: Item | None = None
        self._comparing: Item | None = None
        self._settling: Item | None = None
        self._cluster: Cluster | None = None

    @property
    def reading(self) -> bool:
        """Whether a sheet is open that any key closes: all but two texts beside each other, which are decided on."""
        return self._page.part == "sheet" and self._comparing is None

    def close(self) -> None:
        """Back to the post."""
        self._viewing = self._comparing = self._settling = self._cluster = None
        self._page.part = "body"

    def help(self) -> None:
        """Every key."""
        self._page.pane("sheet").show(help_lines(self._setting.reader))
        self._page.part = "sheet"

    def view(self, item: Item) -> None:
        """The picture as large as the terminal is; the same key goes back."""
        if self._viewing is item:
            self.close()
            return
        self._comparing, self._viewing = None, item
        self._page.part = "whole"
        self.redraw(item)

    def redraw(self, item: Item) -> None:
        """The full picture, of the medium that is now the one to be seen."""
        _ = self._say
        if self._viewing is not item:
            return
        evidence = item.evidence(item.media)
        size = "" if evidence is None else f"{evidence.format} {evidence.width}×{evidence.height}"
        count = len(item.it.looked)
        self._page.pane("caption").show([of((item.post_id, "title"), (f"  {item.media + 1}/{count}  {size}", "muted"))])
        room = self._page.room()
        if item.media in item.sights:
            self._large(self._gallery.shown(item, item.media, room))
        else:
            self._page.show_picture("large", None, _("the picture is coming …"))
            self._gallery.fetch(item, item.media, room, lambda: self.redraw(item), urgent=True)

    def compare(self, item: Item) -> None:
        """The picture beside the one that it repeats; the same key goes back."""
        _ = self._say
        if self._comparing is item:
            self.close()
        elif not item.it.originals:
            self._page.say(_("nothing to compare: no earlier post is known"), "muted")
        elif all(original.media is None for original in item.it.originals):
            self._texts(item, item.it.originals[0].post_id)
        else:
            self._viewing, self._comparing = None, item
            self._page.part = "whole"
            self._page.pane("caption").show([])
            self._page.show_picture("large", None, _("the pictures are coming …"))
            media = item.media
            self._backstage.ask(
                lambda place: compared(place, item, media), lambda found: self._compared(item, found), self._refused
            )

    def _texts(self, item: Item, original: str) -> None:
        """The words of the post above those of the one that it repeats."""
        self._comparing = item

        def then(theirs: Post | None) -> None:
            if self._comparing is item:
                posts = ((item.post_id, item.it.post), (original, theirs))
                self._page.pane("sheet").show(text_lines(posts, self._setting.reader))
                self._page.part = "sheet"

        self._backstage.ask(lambda place: place.store.intake.post(original), then, self._refused)

    def _compared(self, item: Item, found: tuple[Comparison, Post | None] | None) -> None:
        if self._comparing is not item:
            return
        if found is None:
            self._large(None)
            return
        self._page.pane("caption").show(self._caption(item, *found))

        def then(shown: Shown | None) -> None:
            if self._comparing is item:
                self._large(shown)

        self._gallery.beside(item, found[0], self._page.room(), then)

    def _caption(self, item: Item, it: Comparison, theirs: Post | None) -> list[Line]:
        _, reader, original = self._say, self._setting.reader, it.original
        half = self._page.room()[0] // 2
        sides = [
            centred(f"{words} {post_id} {source_line(post, reader)}", half)
            for words, post_id, post in (
                (_("this post"), item.post_id, item.it.post),
                (_("the original"), original.post_id, theirs),
            )
        ]
        measure = [label(f"duplicate.{original.kind}", reader.lang)]
        if it.points:
            measure.append(_("{count} points agree").format(count=it.points))
        if original.area is not None:
            measure.append(_("over {share} of a picture").format(share=f"{original.area:.0%}"))
        if original.distance is not None:
            measure.append(_("{bits} of 256 bits differ").format(bits=original.distance))
        return [of((sides[0], "title"), (sides[1], "title")), line(centred("   ".join(measure), 2 * half), "muted")]

    def _large(self, shown: Shown | None) -> None:
        _ = self._say
        self._page.show_picture("large", shown, _("no picture that could be shown") if shown is None else "")

    def settling(self, item: Item) -> Cluster | None:
        """This post's cluster, where it is on the screen to be confirmed."""
        return self._cluster if self._settling is item else None

    def settle(self, item: Item) -> None:
        """Show what settling the copies of the post's cluster would do."""
        self.close()
        self._settling = item
        self._backstage.ask(
            lambda place: members(place, item.post_id), lambda found: self._members(item, *found), self._refused
        )

    def _members(self, item: Item, found: Cluster, rows: Mapping[str, Row]) -> None:
        if self._settling is item:
            self._cluster = found
            self._page.pane("sheet").show(cluster_lines(found, rows, self._setting.reader))
            self._page.part = "sheet"

    def _refused(self, error: UserError) -> None:
        self.close()
        self._stage.refused(error)
