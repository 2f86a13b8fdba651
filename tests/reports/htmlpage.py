"""A page taken apart: what it loads, refers to and says."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "wbr", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Collects what a page loads, refers to and says, and whether its tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.words = ""
        self.scripts: list[str] = []
        self.trials: list[dict[str, Any]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        found = {name: value or "" for name, value in attrs}
        self.kind = found.get("type", "")
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        else:
            self.loads += [found[key] for key in ("src", "href", "xlink:href") if key in found]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "script":
            self.words += data
        elif self.kind == "application/json":
            self.trials.append(json.loads(data))
        else:
            self.scripts.append(data)

    def commands(self) -> list[str]:
        """The command of every trial of the first study, as the page's script puts it together."""
        data = self.trials[0]
        return [
            data["texts"][command].replace("{seed}", str(seed)).replace("{trial}", trial)
            for command, seed, trial in zip(
                data["command"], data["seed"], data["trial"], strict=True
            )
        ]
