// Loads Quarto's search when a reader goes to it: until then a field of the same look stands there.
(function () {
  "use strict";
  if (window["@algolia/autocomplete-js"]) { return; }
  var here = document.currentScript.src, loading = null;
  var FILES = ["autocomplete.umd.js", "fuse.min.js", "quarto-search.js"];

  function script(name) {
    return new Promise(function (resolve, reject) {
      var tag = document.createElement("script");
      tag.src = new URL(name, here).href;
      tag.onload = resolve;
      tag.onerror = reject;
      document.head.appendChild(tag);
    });
  }

  function load() {
    if (!loading) {
      // what it does when a page is read it does now
      var add = document.addEventListener;
      document.addEventListener = function (type, listener) {
        if (type === "DOMContentLoaded") { listener(); } else { add.apply(document, arguments); }
      };
      loading = FILES.reduce(function (before, name) {
        return before.then(function () {
          if (name === "quarto-search.js") { document.querySelector("#quarto-search").replaceChildren(); }
          return script(name);
        });
      }, Promise.resolve()).finally(function () { document.addEventListener = add; });
    }
    return loading;
  }

  // what stands in the field already is sought
  function go(words) {
    window.quartoOpenSearch = null;
    load().then(function () {
      if (window.quartoOpenSearch) { window.quartoOpenSearch(); }
      var field = document.querySelector(".aa-Input");
      if (!field) { return; }
      field.focus();
      if (words) {
        field.value = words;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
  }

  function standIn(box) {
    var form = document.createElement("form"), field = document.createElement("input");
    var look = document.createElement("div"), frame = document.createElement("div");
    var options = document.getElementById("quarto-search-options");
    var words = options ? JSON.parse(options.textContent).language : {};
    form.className = "aa-Form d-flex";
    form.setAttribute("role", "search");
    field.className = "aa-Input";
    field.type = "search";
    field.setAttribute("aria-label", words["search-label"] || "Search");
    field.placeholder = words["search-label"] || "Search";
    look.className = "aa-Autocomplete";
    frame.className = "aa-InputWrapper";
    look.appendChild(form).appendChild(frame).appendChild(field);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    box.classList.add("type-textbox");
    box.appendChild(look);
    field.addEventListener("focus", load);
    field.addEventListener("pointerenter", load);
    field.addEventListener("focus", function () { go(field.value); });
  }

  document.addEventListener("DOMContentLoaded", function () {
    var box = document.getElementById("quarto-search");
    if (!box) { return; }
    window.quartoOpenSearch = function () { go(""); };
    if (window.matchMedia("(min-width: 992px)").matches) { standIn(box); }
    document.addEventListener("keydown", function (event) {
      var typing = event.target.closest("input, textarea, select, [contenteditable]");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || loading) { return; }
      if (["f", "/", "s"].indexOf(event.key) >= 0) { event.preventDefault(); go(""); }
    });
  });
})();
