// Runs before the chart library, which asks for the form of numbers in the webview's language while
// it loads, and does not load where the system names no language (LANG=C is reported as "C").
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(Navigator.prototype, "language", { configurable: true, get: () => "fa-IR" });
}
