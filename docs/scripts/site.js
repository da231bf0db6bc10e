// What the theme leaves out: names that tell its landmarks apart, the keyboard for what scrolls, drawings in the chosen colors.
const marked = (root) => {
  root.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  root.querySelectorAll("nav.md-code__nav").forEach((bar) => {
    bar.setAttribute("aria-label", `Code ${bar.closest("[id]").id.replace(/\D+/g, "")}`);
  });
  root.querySelectorAll("nav.md-nav[aria-label=' app'], .md-nav--secondary .md-nav").forEach((list) => {
    const heading = list.parentElement.querySelector("a.md-nav__link");
    if (heading) list.setAttribute("aria-label", `In ${heading.textContent.trim()}, ${heading.hash}`);
  });
  root.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code").forEach((region) => {
    if (region.scrollWidth > region.clientWidth && !region.querySelector("a, button, input")) region.tabIndex = 0;
  });
};

const colored = () => {
  const dark = document.body.dataset.mdColorScheme === "slate";
  document.querySelectorAll("picture source[srcset*='-dark']").forEach((source) => {
    source.dataset.width ??= source.media.match(/\(max-width[^)]*\)/)?.[0] ?? "all";
    source.media = dark ? source.dataset.width : "not all";
  });
};

new MutationObserver(() => marked(document)).observe(document.body, { childList: true, subtree: true });
new MutationObserver(colored).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
addEventListener("resize", () => marked(document));
marked(document);
colored();
