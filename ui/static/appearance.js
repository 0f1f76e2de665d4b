// Puts theme, contrast and text size in force, before anything is painted in others: what was chosen
// last, or what the system says. The interface keeps a choice and says so by the event `appearance`.
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const more = matchMedia("(prefers-contrast: more)");

  function kept(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      // Without storage the system is followed.
      return null;
    }
  }

  function show() {
    const theme = kept("theme");
    const chosen = theme === "light" || theme === "dark";
    root.dataset.theme = chosen ? theme : dark.matches ? "dark" : "light";
    root.dataset.contrast = kept("contrast") === "more" || more.matches ? "more" : "normal";
    // The webview's own zoom: widths at which a page changes its form follow it, as charts do.
    const scale = Number(kept("text-scale")) || 100;
    if (scale !== shown) {
      shown = scale;
      window.__TAURI__?.webview
        .getCurrentWebview()
        .setZoom(scale / 100)
        .catch((error) => console.warn(`the text size could not be set: ${error}`));
    }
  }

  let shown = 100;
  show();
  dark.addEventListener("change", show);
  more.addEventListener("change", show);
  addEventListener("appearance", show);
}
