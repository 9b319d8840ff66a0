// Each figure of a page is a picture with a button: it puts the form that moves in the picture's
// place. Loads plotly (its bundle of lines and bars, beside this file) once, when the first chart is
// asked for; swaps ink and grid for the page's colours; needs no network. Print shows pictures and
// opens what is folded.
(function () {
  "use strict";
  if (window.kwevFigures) { window.kwevFigures(); return; }
  var INK = "#1c2430", LINE = "#c9d0d8", QUIET = "#5b6470";
  var script = document.currentScript.src;
  var LIBRARY = "plotly/plotly-basic.min.js";
  var library = null;

  function plotly() {
    if (!library) {
      library = new Promise(function (resolve, reject) {
        var tag = document.createElement("script"), amd = window.define;
        // an AMD loader on the page would keep the library to itself
        window.define = undefined;
        tag.src = new URL(LIBRARY, script).href;
        tag.onload = function () { window.define = amd; resolve(window.Plotly); };
        tag.onerror = function () { window.define = amd; reject(new Error(LIBRARY)); };
        document.head.appendChild(tag);
      });
    }
    return library;
  }

  function fade(colour, alpha) {
    var parts = (colour.match(/[\d.]+/g) || ["28", "36", "48"]).slice(0, 3);
    return "rgba(" + parts.join(",") + "," + alpha + ")";
  }

  function spec(panel) {
    var ink = getComputedStyle(panel).color;
    var text = panel.querySelector("script[type='application/json']").textContent;
    text = text.split(INK).join(ink).split(LINE).join(fade(ink, 0.2));
    return JSON.parse(text.split(QUIET).join(fade(ink, 0.75)));
  }

  function narrow(layout, width) {
    // On a phone plotly leaves no room for a legend beside long names: smaller type, tighter.
    if (width < 480) { layout.font.size = 11; }
    return layout;
  }

  function draw(panel) {
    var target = panel.querySelector(".kwev-plot");
    plotly().then(function (Plotly) {
      var made = spec(panel);
      narrow(made.layout, panel.clientWidth);
      return Plotly.react(target, made.data, made.layout, {
        responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false
      });
    }).then(function () {
      panel.setAttribute("data-drawn", "");
      // the group around it carries the text alternative
      target.querySelectorAll("svg").forEach(function (svg) {
        svg.setAttribute("aria-hidden", "true");
      });
    }).catch(function (error) {
      target.textContent = "This chart could not be drawn (" + error.message + "). " +
        "Its data are in the CSV below.";
    });
  }

  function redraw() {
    document.querySelectorAll(".kwev-panel[data-drawn]").forEach(draw);
  }

  function frame(live, alt) {
    var made = document.createElement("iframe");
    made.src = live.dataset.src;
    made.title = alt;
    made.style.cssText = "display:block;width:100%;height:" + live.dataset.height + "px";
    live.appendChild(made);
  }

  function fill(live, alt) {
    live.setAttribute("data-filled", "");
    if (live.dataset.src) { frame(live, alt); return; }
    live.setAttribute("role", "group");
    live.setAttribute("aria-label", alt);
    live.querySelectorAll(".kwev-panel").forEach(draw);
  }

  // the picture and the form that moves change places
  function turn(figure, button) {
    var still = figure.querySelector(".kwev-still"), live = figure.querySelector(".kwev-live");
    var moves = live.hidden;
    live.hidden = !moves;
    still.hidden = moves;
    button.setAttribute("aria-expanded", String(moves));
    if (moves && !live.hasAttribute("data-filled")) {
      fill(live, still.querySelector("img").alt);
    } else if (moves) { redraw(); }
  }

  function dress(figure) {
    var button = figure.querySelector(".kwev-ask button"), still = figure.querySelector(".kwev-still");
    figure.setAttribute("data-seen", "");
    button.parentNode.hidden = false;
    button.addEventListener("click", function () { turn(figure, button); });
    still.addEventListener("click", function () { button.click(); });
  }

  // what scrolls can be scrolled by keyboard too
  function reach() {
    document.querySelectorAll(".kwev-still, .cell-output-display, pre, .sourceCode, math[display='block']").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1) { box.setAttribute("tabindex", "0"); }
      else { box.removeAttribute("tabindex"); }
    });
  }

  function unfold() {
    document.querySelectorAll("img[loading=lazy]").forEach(function (image) {
      image.loading = "eager";
    });
    document.querySelectorAll("main details:not([open])").forEach(function (box) {
      box.open = true;
      box.setAttribute("data-printed", "");
    });
  }

  function fold() {
    document.querySelectorAll("details[data-printed]").forEach(function (box) {
      box.open = false;
      box.removeAttribute("data-printed");
    });
  }

  // a click on a number in the text opens the ledger at its row; the way back is the browser's
  function source(event) {
    var number = event.target.closest("span[data-n]");
    var row = number && document.getElementById("n-" + number.dataset.n);
    if (!row || event.target.closest("a")) { return; }
    row.closest("details").open = true;
    window.location.hash = row.id;
  }

  window.kwevFigures = function () {
    document.querySelectorAll(".kwev-figure:not([data-seen])").forEach(dress);
  };

  function start() {
    window.kwevFigures();
    reach();
    document.addEventListener("click", source);
    window.addEventListener("resize", reach);
    document.addEventListener("toggle", reach, true);
    new MutationObserver(redraw).observe(document.body, { attributeFilter: ["class"] });
    new MutationObserver(redraw).observe(document.documentElement,
      { attributeFilter: ["class", "data-bs-theme"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    window.addEventListener("beforeprint", unfold);
    window.addEventListener("afterprint", fold);
  }
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else { start(); }
})();
