// For those who use the keyboard: what scrolls sideways can be reached and scrolled, and so can the button of the side bar.
const WIDE = "main :is(pre, pre > code, .math.display, .table-wrapper)";

function reachable() {
  for (const element of document.querySelectorAll(WIDE)) {
    if (element.scrollWidth > element.clientWidth + 1) element.tabIndex = 0;
    else element.removeAttribute("tabindex");
  }
}

addEventListener("load", reachable);
addEventListener("resize", reachable);
addEventListener("toggle", reachable, true); // a fold that opens

const button = document.getElementById("mdbook-sidebar-toggle");
button.setAttribute("role", "button");
button.tabIndex = 0;
button.addEventListener("keydown", event => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  button.click();
});
