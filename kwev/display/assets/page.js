// What all pages share: data that arrive as scripts, and light or dark as the book has it.
// kwev.take(name) promises the data of that name; data/<name>.js answers with kwev.give(name, data).
(function () {
  "use strict";
  var waiting = {};
  function entry(name) {
    if (!waiting[name]) {
      waiting[name] = {};
      waiting[name].promise = new Promise(function (give, refuse) {
        waiting[name].give = give;
        waiting[name].refuse = refuse;
      });
    }
    return waiting[name];
  }
  window.kwev = {
    give: function (name, value) { entry(name).give(value); },
    take: function (name) {
      var one = entry(name);
      var path = "data/" + name + ".js";
      if (!one.asked && !document.querySelector('script[src="' + path + '"]')) {
        var script = document.createElement("script");
        script.src = path;
        script.onerror = function () { one.refuse(new Error("cannot load " + path)); };
        document.head.appendChild(script);
      }
      one.asked = true;
      return one.promise;
    },
    isDark: function () { return document.documentElement.dataset.theme === "dark"; }
  };
  // Quarto keeps a reader's choice; without one the system decides
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  function dress() {
    var kept = null;
    try { kept = window.localStorage.getItem("quarto-color-scheme"); } catch (e) { kept = null; }
    var dark = kept ? kept === "alternate" : system.matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  }
  dress();
  system.addEventListener("change", dress);
})();
