// Draws the charts of a page. Loads plotly.min.js (beside this file) once, when the first chart
// comes near the window; swaps ink and grid for the page's colours; needs no network.
(function () {
  "use strict";
  if (window.kwevCharts) { window.kwevCharts(); return; }
  var INK = "#1c2430", LINE = "#c9d0d8", QUIET = "#5b6470";
  var script = document.currentScript.src;
  var library = null;

  function plotly() {
    if (!library) {
      library = new Promise(function (resolve, reject) {
        var tag = document.createElement("script"), amd = window.define;
        // an AMD loader on the page would keep the library to itself
        window.define = undefined;
        tag.src = new URL("plotly.min.js", script).href;
        tag.onload = function () { window.define = amd; resolve(window.Plotly); };
        tag.onerror = function () { window.define = amd; reject(new Error("plotly.min.js")); };
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

  var watch = "IntersectionObserver" in window ? new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting) { watch.unobserve(entry.target); draw(entry.target); }
    });
  }, { rootMargin: "600px" }) : null;

  window.kwevCharts = function () {
    document.querySelectorAll(".kwev-panel:not([data-seen])").forEach(function (panel) {
      panel.setAttribute("data-seen", "");
      if (watch) { watch.observe(panel); } else { draw(panel); }
    });
  };

  function start() {
    window.kwevCharts();
    new MutationObserver(redraw).observe(document.body, { attributeFilter: ["class"] });
    new MutationObserver(redraw).observe(document.documentElement,
      { attributeFilter: ["class", "data-bs-theme"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    window.addEventListener("beforeprint", function () {
      document.querySelectorAll(".kwev-panel:not([data-drawn])").forEach(draw);
    });
  }
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else { start(); }
})();
