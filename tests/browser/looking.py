"""What a visitor sees: pages in a real browser, with all that went wrong on them."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from playwright.sync_api import Browser, Page

Scheme = Literal["light", "dark"]
PHONE = 360
LEFT = "net::ERR_ABORTED"  # whoever goes on to the next page waits for no icon of this one
# The contrast of every text with the nearest background beneath it (WCAG 2.2, 1.4.3); what is too poor is returned.
# Swagger UI's own colours are not ours to choose.
POOR_CONTRASTS = """() => {
  const numbers = (color) => color.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!hasText || !element.checkVisibility() || element.closest(".swagger-ui")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(numbers(style.color)), light(behind(element))].sort((x, y) => y - x);
    const needed = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
    if ((a + 0.05) / (b + 0.05) < needed) poor.push(element.tagName + ": " + element.textContent.trim().slice(0, 40));
  }
  return poor;
}"""
NAMED = "input:not([type=hidden]), select, textarea, button, summary, [role=region]"
NAMELESS = """(named) => [...document.querySelectorAll(named)]
  .filter((one) => !(one.labels?.length || one.ariaLabel || one.textContent.trim())).map((one) => one.outerHTML)"""
UNFOLD = "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
LEVELS = "[...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1]))"


@dataclass(frozen=True)
class Look:
    """What is not right with a page."""

    poor_contrasts: list[str] = field(default_factory=list)
    too_wide: int = 0
    nameless: list[str] = field(default_factory=list)
    has_headings_in_order: bool = True


WELL_MADE = Look()


class Visit:
    """One visitor's window, without cookies at first."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._pages: list[Page] = []
        self.faults: list[str] = []

    def open(self, path: str, *, scheme: Scheme = "light", width: int = 1280) -> Page:
        """A page in a new window, once it has come to rest."""
        context = self._browser.new_context(
            base_url=self._url, color_scheme=scheme, viewport={"width": width, "height": 800}
        )
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("requestfailed", lambda request: self._note(request.url, request.failure))
        self._pages.append(page)
        self.go(page, path)
        return page

    def _note(self, url: str, failure: str | None) -> None:
        if failure != LEFT:
            self.faults.append(f"failed: {url}")

    def go(self, page: Page, path: str) -> None:
        """The same window on another page."""
        page.goto(self._url + path, wait_until="networkidle")

    def sign_in(self, page: Page, email: str, password: str, entrance: str = "/admin/login/") -> None:
        """Fill in the form of a sign-in page and send it."""
        self.go(page, entrance)
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state("networkidle")

    def close(self) -> None:
        """Close all windows."""
        for page in self._pages:
            page.context.close()


def poor_contrasts(page: Page) -> list[str]:
    """The texts that are hard to read."""
    found: list[str] = page.evaluate(POOR_CONTRASTS)
    return found


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


def look_over(page: Page) -> Look:
    """What is not right with a page once all that can be unfolded is."""
    page.evaluate(UNFOLD)
    levels = page.evaluate(LEVELS)
    in_order = levels[0] == levels.count(1) == 1 and all(after <= before + 1 for before, after in pairwise(levels))
    return Look(poor_contrasts(page), overflow(page), page.evaluate(NAMELESS, NAMED), in_order)
