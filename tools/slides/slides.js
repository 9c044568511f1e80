// Keys move by a whole screen; a screen with much text makes its letters smaller until all of it is seen.
const screens = [...document.querySelectorAll("section")];
const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

function shown() {
  return Math.min(screens.length - 1, Math.round(window.scrollY / window.innerHeight));
}

function show(number) {
  const screen = screens[Math.max(0, Math.min(screens.length - 1, number))];
  screen.scrollIntoView();
  history.replaceState(null, "", "#" + screen.id);
}

function fit() {
  for (const screen of screens) {
    const inside = screen.querySelector("div");
    for (let size = 100; size >= 40; size -= 5) {
      inside.style.fontSize = size + "%";
      if (inside.scrollHeight <= inside.clientHeight && inside.scrollWidth <= inside.clientWidth) break;
    }
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key in steps) show(shown() + (event.shiftKey && event.key === " " ? -1 : steps[event.key]));
  else if (event.key === "Home") show(0);
  else if (event.key === "End") show(screens.length - 1);
  else return;
  event.preventDefault();
});
window.addEventListener("resize", fit);
document.fonts.ready.then(fit);
fit();
