// Figures that move without a kernel. A film is strips of frames, drawn beforehand; a frame is shown by pushing its strip
// up behind a window. The knobs' values count the frames: the first knob's fastest. What happens one after the other plays.
"use strict";

for (const figure of document.querySelectorAll("figure.moving")) {
  const film = JSON.parse(figure.dataset.film);
  const picture = figure.querySelector("img");
  const said = figure.querySelector(".said");
  const start = said.textContent;
  const strips = [];
  let wanted = 0; // the number of the last move: a strip that comes late is not shown

  async function strip(number) {
    strips[number] ??= Object.assign(new Image(), { src: film.strips[number] });
    await strips[number].decode();
    return strips[number];
  }

  async function show(frame) {
    const move = ++wanted;
    const row = frame % film.rows, first = frame - row;
    const shown = await strip(first / film.rows);
    if (move !== wanted) return;
    shown.style.transform = `translateY(${(-100 * row) / Math.min(film.rows, film.said.length - first)}%)`;
    if (shown.parentElement !== view) view.replaceChildren(shown);
    if (picture.isConnected) picture.replaceWith(view);
    shown.alt = picture.alt.replace(start, film.said[frame]);
    said.textContent = film.said[frame];
    figure.dataset.frame = frame;
  }

  function frame() {
    let number = 0, step = 1;
    knobs.forEach((label, which) => {
      number += step * Number(label.querySelector("input, select").value);
      step *= film.knobs[which].values.length;
    });
    return number;
  }

  function player(slider) {
    const button = document.createElement("button");
    let clock;
    const pause = () => {
      clearInterval(clock);
      clock = undefined;
      button.textContent = "play";
    };
    const next = () => {
      if (slider.value === slider.max) return pause();
      slider.valueAsNumber += 1;
      slider.dispatchEvent(new Event("input"));
    };
    button.addEventListener("click", () => {
      if (clock) return pause();
      if (slider.value === slider.max) slider.value = 0;
      clock = setInterval(next, 250);
      button.textContent = "pause";
    });
    pause();
    return button;
  }

  const view = document.createElement("div");
  view.className = "view";
  view.style.aspectRatio = `${film.width} / ${film.height}`;
  view.style.maxWidth = `${film.width}px`;

  const knobs = film.knobs.map((knob) => {
    const label = document.createElement("label");
    const name = document.createElement("span");
    name.textContent = knob.name;
    const input = document.createElement(knob.menu ? "select" : "input");
    const value = document.createElement("output");
    if (knob.menu) {
      input.append(...knob.values.map((text, number) => new Option(text, number)));
    } else {
      Object.assign(input, { type: "range", min: 0, max: knob.values.length - 1, step: 1 });
    }
    input.value = knob.start;
    const tell = () => {
      value.textContent = knob.values[input.value];
      input.setAttribute("aria-valuetext", knob.values[input.value]);
    };
    if (!knob.menu) tell();
    label.append(name, input, ...(knob.menu ? [] : [value]));
    input.addEventListener("input", () => {
      if (!knob.menu) tell();
      show(frame());
    });
    input.addEventListener("focus", () => strip(Math.floor(frame() / film.rows)), { once: true }); // so that it is there
    return label;
  });

  const row = document.createElement("div");
  row.className = "knobs";
  row.append(...knobs);
  film.knobs.forEach((knob, number) => {
    if (knob.plays) knobs[number].after(player(knobs[number].querySelector("input")));
  });
  figure.prepend(row);
  said.setAttribute("aria-live", "polite");
}
