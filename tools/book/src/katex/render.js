// KaTeX 0.19.1 (MIT) lies beside this file as its npm package has it: katex.min.js, katex.min.css, fonts/*.woff2.
// The preprocessor leaves each formula's TeX as the text of a span; here it becomes mathematics.
for (const span of document.querySelectorAll("span.math")) {
  const tex = span.textContent;
  try {
    katex.render(tex, span, { displayMode: span.classList.contains("display") });
  } catch (error) {
    span.textContent = tex;
    span.title = error.message;
    span.classList.add("katex-error");
  }
}
