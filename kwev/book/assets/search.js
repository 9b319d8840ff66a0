// The preview's search: loads the index as a script when a reader first asks, so that it works from
// a folder too. Every word asked for must begin a word of the section; headings weigh most.
(function () {
  "use strict";
  var form = document.getElementById("search");
  if (!form) return;
  var field = form.querySelector("input"), said = form.querySelector("[role=status]");
  var list = form.querySelector("ol"), up = form.dataset.up, index = null, asked = false;
  var MOST = 12, AROUND = 60;
  form.hidden = false;

  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }
  window.kwevSearch = {
    give: function (found) {
      index = found.sections.map(function (one) {
        var page = found.pages[one[0]];
        return {
          address: page[0] + (one[1] ? "#" + one[1] : ""), page: page[1], heading: one[2] || page[1], text: one[3],
          head: " " + plain(one[2] + " " + page[1]), body: " " + plain(one[3])
        };
      });
      look();
    }
  };
  function load() {
    if (asked) return;
    asked = true;
    var script = document.createElement("script");
    script.src = up + "assets/search-index.js";
    script.onerror = function () { said.textContent = "The index of the search cannot be loaded."; };
    document.head.appendChild(script);
  }
  function times(text, word) {
    var count = 0;
    for (var at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
      if (!/[\p{L}\p{N}]/u.test(text[at - 1] || " ")) count += 1;
    return count;
  }
  function weigh(one, words) {
    var sum = 0;
    for (var word of words) {
      var head = times(one.head, word), body = times(one.body, word);
      if (!head && !body) return 0;
      sum += 20 * Math.min(head, 1) + Math.min(body, 10);
    }
    return sum;
  }
  function around(one, words) {
    var text = plain(one.text), at = Math.max(0, text.indexOf(words[0]));
    // letters that fold to none or to several move a place by a few, which a snippet can bear
    var from = one.text.lastIndexOf(" ", Math.max(0, at - AROUND)) + 1;
    var cut = one.text.slice(from, at + 2 * AROUND);
    return (from ? "… " : "") + cut + (at + 2 * AROUND < one.text.length ? " …" : "");
  }
  function marked(element, text, words) {
    var folded = plain(text), end = 0;
    if (folded.length !== text.length) { element.append(text); return; }
    while (end < text.length) {
      var next = words.map(function (w) { return [folded.indexOf(w, end), w.length]; })
        .filter(function (p) { return p[0] >= 0; }).sort(function (a, b) { return a[0] - b[0]; })[0];
      if (!next) break;
      element.append(text.slice(end, next[0]));
      var mark = document.createElement("mark");
      mark.textContent = text.slice(next[0], next[0] + next[1]);
      element.append(mark);
      end = next[0] + next[1];
    }
    element.append(text.slice(end));
  }
  function look() {
    var words = plain(field.value).split(/\s+/).filter(Boolean);
    list.replaceChildren();
    if (!words.length) { said.textContent = ""; return; }
    if (!index) { said.textContent = "Loading …"; load(); return; }
    var found = index.map(function (one) { return [weigh(one, words), one]; })
      .filter(function (pair) { return pair[0] > 0; })
      .sort(function (a, b) { return b[0] - a[0]; });
    said.textContent = found.length
      ? found.length + (found.length === 1 ? " section" : " sections") + (found.length > MOST ? ", the best " + MOST + " shown" : "")
      : "No section has all these words.";
    found.slice(0, MOST).forEach(function (pair) {
      var item = document.createElement("li"), link = document.createElement("a"), text = document.createElement("p");
      link.href = up + pair[1].address;
      link.append(pair[1].page === pair[1].heading ? pair[1].page : pair[1].heading + " (" + pair[1].page + ")");
      marked(text, around(pair[1], words), words);
      item.append(link, text);
      list.append(item);
    });
  }
  field.addEventListener("focus", load);
  field.addEventListener("input", look);
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var first = list.querySelector("a");
    if (first) first.focus();
  });
  form.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    field.value = "";
    look();
    field.focus();
  });
})();
