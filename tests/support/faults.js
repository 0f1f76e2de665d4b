// What a careful reader would see on the page at once: text that is cut off, content that leaves
// the window, Latin digits in Persian text, Persian that starts at the wrong side; and what one who
// hears the page or has no mouse would miss: controls without a name or out of the keyboard's reach.
const faults = [];
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth + 1) {
  faults.push(`the page is ${root.scrollWidth} wide in a window of ${root.clientWidth}`);
}
const named = (element) =>
  `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}">`;
const foreign = "[dir=ltr], code, pre, input, textarea, svg, canvas, noscript, style, script";
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const text = node.data.trim();
  const element = node.parentElement;
  if (!text || !element || element.closest("noscript, style, script")) continue;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  // What only screen readers read has one pixel.
  if (style.visibility === "hidden" || box.width <= 1 || box.height <= 1) continue;
  const persian = /[\u0600-\u06ff]/.test(text);
  // A name within a sentence stands between U+2066 and U+2069.
  const own = text.replace(/\u2066[^\u2069]*\u2069/g, "");
  if (/[0-9]/.test(own) && !element.closest(foreign) && !element.closest("[dir=auto]")) {
    faults.push(`Latin digits in ${named(element)}: «${text}»`);
  }
  if (persian && style.direction !== "rtl" && !element.closest(foreign)) {
    faults.push(`Persian that runs left to right in ${named(element)}: «${text}»`);
  }
  const clips = style.overflowX !== "visible" && style.overflowX !== "auto";
  if (clips && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1) {
    faults.push(`cut off in ${named(element)}: «${text}»`);
  }
  const range = document.createRange();
  range.selectNodeContents(node);
  for (const line of range.getClientRects()) {
    if ((line.left < -1 || line.right > root.clientWidth + 1) && !scrolls(element)) {
      faults.push(`outside the window in ${named(element)}: «${text}»`);
      break;
    }
  }
}
for (const control of document.querySelectorAll("button, a, input, select, textarea, [role=button]")) {
  if (!control.checkVisibility()) continue;
  const label = control.labels?.[0]?.textContent ?? "";
  const name = control.getAttribute("aria-label") || control.textContent.trim() || label.trim();
  if (!name && !control.getAttribute("aria-labelledby")) {
    faults.push(`no name for ${control.outerHTML.slice(0, 160)}`);
  }
  const inGroup = control.closest("[role=tablist], [role=radiogroup]");
  if (control.tabIndex < 0 && !control.disabled && !inGroup) {
    faults.push(`out of the keyboard's reach: ${control.outerHTML.slice(0, 160)}`);
  }
}
function scrolls(element) {
  for (let at = element; at && at !== document.body; at = at.parentElement) {
    if (["auto", "scroll", "hidden"].includes(getComputedStyle(at).overflowX)) return true;
  }
  return false;
}
return faults;
