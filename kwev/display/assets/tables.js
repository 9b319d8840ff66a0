// Tables that can be sorted by a click on a heading and filtered by words; without it they stay
// plain tables. data-sortable asks for the first, data-filter (the words beside the box) for the second.
(function () {
  "use strict";
  if (window.kwevTables) { return; }
  window.kwevTables = true;
  var collator = new Intl.Collator("en-CA", { numeric: true, sensitivity: "base" });

  function key(row, column) {
    var cell = row.cells[column];
    if (cell.dataset.v !== undefined) { return Number(cell.dataset.v); }
    var text = cell.textContent.trim();
    var plain = text.replace(/[,$%\s]/g, "").replace("\u2212", "-");
    return plain && isFinite(plain) ? Number(plain) : text;
  }

  function compare(one, other) {
    var are = [typeof one === "number", typeof other === "number"];
    if (are[0] && are[1]) { return one - other; }
    // a dash and other words stand before all numbers
    return are[0] || are[1] ? are[0] - are[1] : collator.compare(one, other);
  }

  function sortable(table) {
    var body = table.tBodies[0];
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (heading, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      while (heading.firstChild) { button.appendChild(heading.firstChild); }
      heading.appendChild(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", function () {
        // numbers begin with the largest, words with the first
        var before = heading.getAttribute("aria-sort");
        var first = heading.classList.contains("n") ? "descending" : "ascending";
        var second = first === "ascending" ? "descending" : "ascending";
        var order = before === first ? second : first;
        Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) {
          other.setAttribute("aria-sort", "none");
        });
        heading.setAttribute("aria-sort", order);
        var sign = order === "ascending" ? 1 : -1;
        Array.from(body.rows)
          .map(function (row, at) { return { row: row, at: at, key: key(row, column) }; })
          .sort(function (a, b) { return sign * compare(a.key, b.key) || a.at - b.at; })
          .forEach(function (one) { body.appendChild(one.row); });
      });
    });
  }

  function filtered(table) {
    var rows = Array.from(table.tBodies[0].rows);
    var form = document.createElement("p");
    form.className = "filter no-print";
    var label = document.createElement("label");
    label.textContent = table.dataset.filter + " ";
    var box = document.createElement("input");
    box.type = "search";
    box.autocomplete = "off";
    label.appendChild(box);
    var told = document.createElement("span");
    told.setAttribute("role", "status");
    form.append(label, told);
    table.parentNode.parentNode.insertBefore(form, table.parentNode);
    box.addEventListener("input", function () {
      var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      var shown = 0;
      rows.forEach(function (row) {
        var text = row.textContent.toLowerCase();
        row.hidden = !words.every(function (word) { return text.includes(word); });
        shown += row.hidden ? 0 : 1;
      });
      told.textContent = " " + shown + " of " + rows.length + " rows";
    });
  }

  document.querySelectorAll("table[data-sortable]").forEach(sortable);
  document.querySelectorAll("table[data-filter]").forEach(filtered);
})();
