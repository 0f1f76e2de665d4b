// Starts the interface. A script of its own because the page's policy forbids inline ones.
import init from "./amoozgar-ui.js";

const splash = document.querySelector(".splash");

init({ module_or_path: "./amoozgar-ui_bg.wasm" })
  .then(() => splash?.remove())
  .catch((error) => {
    console.error(error);
    if (splash) splash.textContent = "آموزگار باز نشد. برنامه را ببندید و دوباره باز کنید.";
  });
