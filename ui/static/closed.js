// The habits of a browser that an application has no use for. Links, files and texts that are dropped on
// the page are taken by nobody, but for a text on a field to write in; files that the window itself takes
// reach the interface by the shell. The context menu shows where it helps: in fields to write in, for
// copying and pasting, and over a selected text. The middle button follows no link. The rest (addresses,
// windows, downloads) is closed in the shell, which no script of a page can reach.
{
  const written = new Set(["text", "search", "url", "email", "tel", "password", "number"]);

  const isField = (target) =>
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && written.has(target.type)) ||
    (target instanceof HTMLElement && target.isContentEditable);

  const isSelected = (target) => {
    const selection = getSelection();
    return (
      !selection.isCollapsed &&
      target instanceof Element &&
      // Over a link or a picture the menu would offer to open or to save it.
      !target.closest("a, img") &&
      selection.containsNode(target, true)
    );
  };

  const isText = (data) => {
    const types = [...data.types];
    return types.includes("text/plain") && !types.includes("Files") && !types.includes("text/uri-list");
  };

  addEventListener("contextmenu", (event) => {
    if (!isField(event.target) && !isSelected(event.target)) event.preventDefault();
  });

  for (const name of ["dragenter", "dragover", "drop"]) {
    addEventListener(name, (event) => {
      if (isField(event.target) && isText(event.dataTransfer)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  }

  addEventListener("dragstart", (event) => {
    if (event.target instanceof Element && event.target.closest("a, img")) event.preventDefault();
  });

  // Before the page's own listeners: a router would follow it as well.
  addEventListener("auxclick", (event) => event.button === 1 && event.preventDefault(), true);
}
