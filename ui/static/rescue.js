// When the interface itself fails. A panic in WebAssembly ends the module, so nothing written in Rust
// can draw any more; this script draws what is needed to go on: what happened, what was typed and not
// saved, and a way back. Training is another process and goes on.
{
  const words = {
    title: "این صفحه از کار افتاد",
    text: "خطایی پیش‌بینی‌نشده در رابط برنامه رخ داد. آموزش‌ها و آنچه ذخیره شده سر جای خود است؛ آموزش در جریان هم ادامه دارد.",
    typed: "آنچه نوشته بودید و شاید ذخیره نشده است:",
    again: "باز کردن دوباره",
    home: "رفتن به خانه",
    details: "جزئیات فنی",
  };
  let shown = false;

  const make = (name, className, text) => {
    const element = document.createElement(name);
    element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  const typed = () =>
    [...document.querySelectorAll("input[type=text], textarea")]
      // A number is typed again sooner than it is read here.
      .filter((field) => field.value.trim().length > 4)
      .map((field) => [field.labels?.[0]?.textContent ?? "", field.value]);

  const rescue = (detail) => {
    if (shown) return;
    shown = true;
    const rescued = typed();
    const page = make("div", "rescue");
    page.setAttribute("role", "alertdialog");
    page.setAttribute("aria-labelledby", "rescue-title");
    page.dataset.testid = "rescue";
    const box = make("div", "rescue__box");
    const title = make("h1", "rescue__title", words.title);
    title.id = "rescue-title";
    box.append(title, make("p", "rescue__text", words.text));
    if (rescued.length) {
      box.append(make("p", "rescue__text", words.typed));
      const list = make("dl", "rescue__typed");
      list.tabIndex = 0;
      for (const [label, value] of rescued) {
        const kept = make("dd", "", value);
        kept.dir = "auto";
        list.append(make("dt", "", label), kept);
      }
      box.append(list);
    }
    const actions = make("div", "rescue__actions");
    const again = make("button", "button button--primary", words.again);
    again.dataset.testid = "rescue-again";
    again.addEventListener("click", () => location.reload());
    const home = make("button", "button button--secondary", words.home);
    home.dataset.testid = "rescue-home";
    home.addEventListener("click", () => {
      location.hash = "#/";
      location.reload();
    });
    actions.append(again, home);
    const details = make("details", "rescue__details");
    const technical = make("pre", "", detail);
    technical.dir = "ltr";
    details.append(make("summary", "", words.details), technical);
    box.append(actions, details);
    page.append(box);
    for (const part of document.body.children) part.inert = true;
    document.body.append(page);
    again.focus();
  };

  // The panic hook says why; the trap that follows it arrives here as well, and is not said twice.
  window.amoozgarRescue = rescue;
  const trapped = (error) => error instanceof WebAssembly.RuntimeError && rescue(String(error));
  addEventListener("error", (event) => trapped(event.error));
  addEventListener("unhandledrejection", (event) => trapped(event.reason));
}
