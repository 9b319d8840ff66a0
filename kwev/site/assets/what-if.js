// The page "Change the plan": reads the question, asks the solver, shows what comes back.
(function () {
  "use strict";
  var LAND = "siting.land", RADII = ["coverage.l2_radius_m", "coverage.l3_radius_m"];
  var SHORT = { // names of the keys in the address
    "budget.limit_cad": "budget", "objective.shortfall_points_per_point": "price", "weights.l2": "w2",
    "weights.l3": "w3", "coverage.l2_radius_m": "r2", "coverage.l3_radius_m": "r3", "ports.min_l2": "p2", "ports.min_l3": "p3"
  };
  var ROWS = 20, DRAW_MS = 500, WAIT_MS = 200;
  var $ = function (id) { return document.getElementById(id); };
  var start, ground, words, levels = {}, cells = null, worker, asked = 0, shown = null, drawn = 0, timer = 0;
  var question = { values: {}, forced: { in: [], out: [] } }, list = { from: 0, find: "" }, picked = -1, map = null;

  // -- numbers and words ---------------------------------------------------------------------------

  function whole(x) { return Math.round(x).toLocaleString("en-CA"); }
  function percent(x) { return (100 * x).toFixed(1) + "%"; }
  function dollars(x) { return (x < 0 ? "−$" : "$") + whole(Math.abs(x)); }
  function about(x) { return dollars(Number(x.toPrecision(3))); } // prices are assumed: three digits are known
  function difference(x, format) { // with its sign; none where nothing is left after rounding
    var text = format(Math.abs(x));
    return !/[1-9]/.test(text) ? format(0) : (x > 0 ? "+" : "−") + text;
  }
  function upTo(share) { // rounded up: what is said is proven
    var points = 100 * share, step = points < 10 ? 0.1 : 1;
    return (Math.ceil(points / step - 1e-9) * step).toFixed(points < 10 ? 1 : 0) + "%";
  }
  function distance(m) { return m < 1000 ? whole(m) + " m" : m / 1000 + " km"; }
  function element(tag, text, more) {
    var made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    return Object.assign(made, more || {});
  }

  // -- the question: controls, address, forced sites -----------------------------------------------

  function controls() { return Array.from(document.querySelectorAll("#ask [data-key]")); }

  function read() { // from the controls
    controls().forEach(function (one) { question.values[one.dataset.key] = Number(one.value); });
    question.values[LAND] = ground.lands.filter(function (key) {
      return document.querySelector('[data-land="' + key + '"]').checked;
    });
  }

  function show() { // in the controls and in the address
    controls().forEach(function (one) {
      var value = String(question.values[one.dataset.key]);
      if (one.tagName === "SELECT" && !Array.from(one.options).some(function (o) { return o.value === value; })) {
        value = String(start.defaults[one.dataset.key]);
      }
      one.value = value;
      question.values[one.dataset.key] = Number(one.value); // a slider keeps to its steps
    });
    ground.lands.forEach(function (key) {
      document.querySelector('[data-land="' + key + '"]').checked = question.values[LAND].indexOf(key) >= 0;
    });
    said();
    fixed();
  }

  function said() { $("budget-said").textContent = dollars(question.values["budget.limit_cad"]); }

  function toAddress() {
    var parts = [];
    Object.keys(SHORT).forEach(function (key) {
      if (question.values[key] !== start.defaults[key]) parts.push(SHORT[key] + "=" + question.values[key]);
    });
    if (question.values[LAND].length < ground.lands.length) parts.push("land=" + question.values[LAND].join(","));
    ["in", "out"].forEach(function (way) {
      if (question.forced[way].length) parts.push(way + "=" + question.forced[way].map(encodeURIComponent).join(","));
    });
    var hash = parts.length ? "#" + parts.join("&") : "";
    if (hash !== location.hash) history.replaceState(null, "", location.pathname + location.search + hash);
  }

  function fromAddress() {
    var given = {};
    location.hash.slice(1).split("&").forEach(function (part) {
      var at = part.indexOf("=");
      if (at > 0) given[part.slice(0, at)] = part.slice(at + 1);
    });
    question.values = Object.assign({}, start.defaults);
    Object.keys(SHORT).forEach(function (key) {
      var value = Number(given[SHORT[key]]);
      if (given[SHORT[key]] && isFinite(value)) question.values[key] = value;
    });
    if (given.land !== undefined) {
      var land = given.land.split(",");
      question.values[LAND] = ground.lands.filter(function (key) { return land.indexOf(key) >= 0; });
    }
    ["in", "out"].forEach(function (way) {
      question.forced[way] = (given[way] || "").split(",").filter(Boolean).map(function (text) {
        try { return decodeURIComponent(text); } catch (e) { return text; }
      });
    });
    show();
  }

  function fix(place, choice) { // choice: "" free, "out", or the id of an action
    var id = ground.places.id[place];
    question.forced.out = question.forced.out.filter(function (o) { return o !== id; });
    question.forced.in = question.forced.in.filter(function (a) { return placeOf(a) !== place; });
    if (choice === "out") question.forced.out.push(id);
    else if (choice) question.forced.in.push(choice);
    fixed();
    ask();
  }

  function placeOf(action) {
    var kind = Object.keys(words.kinds).filter(function (k) { return action.indexOf(k + "_") === 0; })[0];
    var at = kind ? ground.index[action.slice(kind.length + 1)] : undefined;
    return at === undefined ? -1 : at;
  }

  function kindOf(action) { return Object.keys(words.kinds).filter(function (k) { return action.indexOf(k + "_") === 0; })[0]; }

  function choiceAt(place) {
    if (question.forced.out.indexOf(ground.places.id[place]) >= 0) return "out";
    return question.forced.in.filter(function (a) { return placeOf(a) === place; })[0] || "";
  }

  function fixed() {
    var box = $("fixed"), all = [];
    question.forced.in.forEach(function (a) { if (placeOf(a) >= 0) all.push([placeOf(a), words.kinds[kindOf(a)].short]); });
    question.forced.out.forEach(function (id) { if (ground.index[id] !== undefined) all.push([ground.index[id], "Nothing here"]); });
    box.replaceChildren.apply(box, all.map(function (one) {
      var li = element("li"), name = ground.places.name[one[0]];
      li.append(element("span", name + ": " + one[1]), element("button", "Free", {
        type: "button", ariaLabel: "Let the search decide on " + name, onclick: function () { fix(one[0], ""); $("fixed-h").focus(); }
      }));
      return li;
    }));
    if (!all.length) box.append(element("li", "None. Pick a site on the map or in the list."));
  }

  // -- asking ------------------------------------------------------------------------------------------

  function levelName(at) { return "what-if-l" + (at + 2) + "-" + question.values[RADII[at]]; }

  // A worker where the browser gives one (from a folder, made of the script's text), else slices here.
  function solver(post) {
    try {
      var text = "var api=(" + kwevWhatIfMake + ")();onmessage=(function(go){return function(e){go(e.data);};})(api.engine(postMessage));";
      var own = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
      own.onmessage = function (event) { post(event.data); };
      own.onerror = function () { worker = kwevWhatIf.engine(post); worker({ ground: ground }); levels = {}; ask(); };
      return function (message) { own.postMessage(message); };
    } catch (e) {
      return kwevWhatIf.engine(post);
    }
  }

  function ask() {
    clearTimeout(timer);
    toAddress();
    said();
    $("work").textContent = "Searching …";
    timer = setTimeout(function () {
      var names = [levelName(0), levelName(1)], id = ++asked;
      Promise.all(names.map(function (name) { return window.kwev.take(name); })).then(function (raw) {
        if (id !== asked) return;
        names.forEach(function (name, at) {
          if (levels[name]) return;
          levels[name] = kwevWhatIf.readLevel(raw[at], ground.places.id.length);
          levels[name].cells = raw[at].cells;
          worker({ level: name, raw: raw[at] });
        });
        var text = kwevPlanFile.configText(start.canonical, question.values), config = JSON.parse(text);
        var P = kwevWhatIf.problem(ground, { l2: levels[names[0]], l3: levels[names[1]] }, config, question.forced);
        shown = { id: id, P: P, text: text, names: names, spoken: false, began: performance.now(), recommended: recommended(P) };
        worker({
          ask: id, l2: names[0], l3: names[1], config: config, forced: question.forced, rows: start.rows, seed: start.recommended,
          slice_ms: 120, most_ms: start.most_ms, enough: start.enough
        });
      }, function (error) { $("proof").textContent = "The data could not be read: " + error.message; });
    }, asked ? WAIT_MS : 0);
  }

  function recommended(P) { // the published plan, as far as this question allows its actions
    var ports = new Int32Array(P.n), left = 0;
    start.recommended.forEach(function (one) {
      if (P.index[one[0]] === undefined) left++;
      else ports[P.index[one[0]]] = Math.max(one[1], P.least[P.index[one[0]]]);
    });
    return { ports: ports, left: left };
  }

  function hear(state) {
    if (!shown || state.ask !== shown.id) return;
    var first = !shown.state, now = performance.now();
    shown.state = state;
    if (first) { shown.first_ms = now - shown.began; document.documentElement.dataset.firstMs = Math.round(shown.first_ms); }
    document.documentElement.dataset.answered = state.ask;
    if (!first && !state.done && now - drawn < DRAW_MS) return;
    drawn = now;
    draw(first);
    if (first && !cells) window.kwev.take("what-if-cells").then(function (raw) { cells = raw; draw(false); });
  }

  // -- showing -----------------------------------------------------------------------------------------

  function proof(state) {
    if (state.over) return "The sites that you have fixed cost " + dollars(state.over) + " more than the budget.";
    if (!isFinite(state.bound)) return "A first plan is here; its bound is being worked out.";
    if (state.gap > 1) return "A plan is found; how near it is to the best is not known yet.";
    return "Proven within " + upTo(state.gap) + " of the best.";
  }

  function draw(first) {
    var state = shown.state, text = proof(state);
    $("proof").textContent = text;
    $("work").textContent = (state.done ? "The search has ended" : "Still searching, and the answer may improve")
      + " (" + whole(state.rounds) + " rounds, first answer after " + (shown.first_ms / 1000).toFixed(1) + " s)."
      + (state.unknown.length ? " Not possible with this question, and left out: " + state.unknown.join(", ") + "." : "");
    if (first || state.done) $("said").textContent = (state.done ? "Done. " : "First answer. ") + text;
    shown.now = kwevWhatIf.evaluate(shown.P, state.ports);
    shown.actions = kwevPlanFile.actions(shown.P, state.ports, words);
    numbers();
    sites();
    marks();
    if (picked >= 0) facts();
  }

  function either(P, counts) { // EVs near a charger of either level; needs the cells
    if (!cells) return null;
    if (!shown.cells) shown.cells = kwevPlanFile.readCells(cells, shown.names.map(function (name) { return levels[name]; }));
    return kwevPlanFile.coveredCells(P, shown.cells, counts).share.ev_owners;
  }

  function count(P, ports, kinds) {
    var found = 0;
    P.list.forEach(function (one, k) { if (ports[k] && kinds.indexOf(one.kind) >= 0) found++; });
    return found;
  }

  function numbers() {
    var P = shown.P, none = new Int32Array(P.n), sets = [none, shown.recommended.ports, shown.state.ports];
    var values = sets.map(function (ports) { return kwevWhatIf.evaluate(P, ports); });
    var r2 = distance(P.config.coverage.l2_radius_m), r3 = distance(P.config.coverage.l3_radius_m);
    var evs = values.map(function (v) { return either(P, v.cover.map(function (c) { return c.count; })); });
    var rows = [
      ["People near Level 2", percent, values.map(function (v) { return v.cover[0].share; }), "points"],
      ["People near Level 3", percent, values.map(function (v) { return v.cover[1].share; }), "points"],
      ["Electric vehicles near either", percent, evs, "points"],
      ["Money once, net", about, values.map(function (v) { return v.money.net; })],
      ["Money a year, to run", about, values.map(function (v) { return v.money.yearly; })],
      ["New Level 2 stations", whole, sets.map(function (s) { return count(P, s, ["new_l2"]); })],
      ["New Level 3 stations, conversions among them", whole, sets.map(function (s) { return count(P, s, ["new_l3", "upgrade"]); })],
      ["Stations with more ports", whole, sets.map(function (s) { return count(P, s, ["add_l2", "add_l3"]); })],
      ["Points of the objective", function (x) { return x.toFixed(2); }, values.map(function (v) { return v.value; })]
    ];
    var body = document.querySelector("#numbers tbody");
    body.replaceChildren.apply(body, rows.map(function (row) {
      var tr = element("tr"), format = row[1], of = row[2], apart = of[2] - of[1];
      tr.append(element("th", row[0], { scope: "row" }));
      function shows(text) { tr.append(element("td", text, { className: "n" })); }
      [of[2], of[1]].forEach(function (x) { shows(x === null ? "…" : format(x)); });
      shows(of[1] === null ? "…" : difference(apart, row[3] ? function (x) { return (100 * x).toFixed(1) + " points"; } : format));
      shows(of[0] === null ? "…" : format(of[0]));
      return tr;
    }));
    $("metric").textContent = "People within " + r2 + " of Level 2 on foot and " + r3 + " of Level 3 by car, " + words.metric
      + ". The recommended plan is measured by your question's radii, weights and prices"
      + (shown.recommended.left ? "; " + shown.recommended.left + " of its actions are not possible under your question and are left out." : ".");
  }

  function sites() {
    var places = ground.places, rows, find = list.find.trim().toLowerCase();
    if (find) {
      var done = {};
      shown.actions.forEach(function (a) { done[a.place_id] = (done[a.place_id] || []).concat(a); });
      rows = [];
      places.name.forEach(function (name, i) {
        if ((name + " " + ground.energy.towns[places.town[i]]).toLowerCase().indexOf(find) >= 0) {
          (done[places.id[i]] || [null]).forEach(function (a) { rows.push([i, a]); });
        }
      });
    } else rows = shown.actions.map(function (a) { return [ground.index[a.place_id], a]; });
    list.from = Math.min(list.from, Math.max(0, rows.length - 1));
    list.from -= list.from % ROWS;
    var some = rows.slice(list.from, list.from + ROWS), body = document.querySelector("#list tbody");
    var focus = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.place : undefined;
    body.replaceChildren.apply(body, some.map(function (row) {
      var tr = element("tr"), i = row[0], a = row[1], td = element("td");
      td.append(element("button", places.name[i], { type: "button", onclick: function () { pick(i, true); } }));
      td.firstChild.dataset.place = i;
      var what = a ? words.kinds[a.kind].short : places.station[i] ? "Station of today" : "Not in your plan";
      var ports = a ? a.l2_ports_after - a.l2_ports_before + a.l3_ports_after - a.l3_ports_before : 0;
      if (a && a.kind === "upgrade") ports = a.l3_ports_after;
      tr.append(td, element("td", what), element("td", ground.energy.towns[places.town[i]]),
        element("td", a ? whole(ports) : "", { className: "n" }), element("td", a ? about(a.net_cad) : "", { className: "n" }));
      return tr;
    }));
    if (focus !== undefined) { var again = body.querySelector('[data-place="' + focus + '"]'); if (again) again.focus({ preventScroll: true }); }
    $("list-said").textContent = (find ? "Sites found: " : "Actions of your plan: ") + whole(rows.length)
      + (rows.length > ROWS ? "; shown are " + (list.from + 1) + " to " + (list.from + some.length) : "")
      + ". Pick a site to fix what happens there.";
    $("before").disabled = list.from === 0;
    $("after").disabled = list.from + ROWS >= rows.length;
  }

  // -- one site ----------------------------------------------------------------------------------------

  function pick(i, focus) {
    picked = i;
    $("site").hidden = false;
    facts(true);
    $("site").scrollIntoView({ block: "nearest" });
    if (focus) $("site-h").focus({ preventScroll: true });
    marks();
  }

  function facts(fresh) {
    var p = ground.places, i = picked, own = shown.actions.filter(function (a) { return a.place_id === p.id[i]; });
    $("site-h").textContent = p.name[i];
    $("site-facts").textContent = [
      words.category_names[p.category[i]] + " in " + ground.energy.towns[p.town[i]] + ".",
      p.station[i] ? "Today: " + p.l2_ports[i] + " ports of Level 2, " + p.l3_ports[i] + " of Level 3."
        : "Land: " + words.lands[p.land[i]].toLowerCase() + "; it needs " + words.consents[p.land[i]] + ".",
      "The proxy for the grid gives the place " + whole(p.capacity_kw[i]) + " kW.",
      own.length ? "Your plan: " + own.map(function (a) { return words.kinds[a.kind].name + ", " + about(a.net_cad); }).join("; ") + "."
        : "Your plan does nothing here."
    ].join(" ");
    if (!fresh) return;
    var box = $("site-choice"), now = choiceAt(i);
    var choices = [["", "Let the search decide"]].concat(shown.P.of[i].map(function (k) {
      var one = shown.P.list[k];
      return [one.id, words.kinds[one.kind].name + " (" + about(one.fixed_cad - one.resale_cad + one.least * one.port_cad) + " at least)"];
    }), [["out", "Nothing here"]]);
    box.replaceChildren.apply(box, choices.map(function (choice) {
      var label = element("label"), input = element("input", undefined, {
        type: "radio", name: "site-choice", value: choice[0], checked: choice[0] === now, onchange: function () { fix(i, choice[0]); }
      });
      label.append(input, element("span", choice[1]));
      return label;
    }));
  }

  // -- the map -----------------------------------------------------------------------------------------

  function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function drawMap() {
    var L = window.L, p = ground.places;
    if (!L) return;
    var renderer = L.canvas({ tolerance: 6, padding: 0.2 });
    map = { leaflet: L.map("map", { preferCanvas: true, renderer: renderer, zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches }) };
    map.leaflet.attributionControl.setPrefix(false);
    L.control.scale({ imperial: false }).addTo(map.leaflet);
    var at = function (i) { return [p.latitude[i] / 1e7, p.longitude[i] / 1e7]; };
    map.at = at;
    map.leaflet.fitBounds(p.id.map(function (_, i) { return at(i); }));
    map.square = L.CircleMarker.extend({ // what is planned is told from what stands by its shape
      _updatePath: function () {
        var r = this._renderer, s = this._radius, ctx = r._ctx;
        if (!r._drawing || this._empty()) return;
        ctx.beginPath();
        ctx.rect(this._point.x - s, this._point.y - s, 2 * s, 2 * s);
        r._fillStroke(ctx, this);
      }
    });
    map.group = L.layerGroup().addTo(map.leaflet);
    if (start.base_map) {
      script("../vendor/ground-data.js", function () { script("../vendor/ground.js", function () { window.kwevGround(map.leaflet); marks(); }); });
    }
    new MutationObserver(marks).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  function script(src, then) {
    var own = element("script");
    own.src = src;
    own.onload = then;
    document.head.append(own);
  }

  function marks() {
    if (!map || !shown || !shown.actions) return;
    var L = window.L, p = ground.places, done = {}, ink = css("--ink"), quiet = css("--quiet"), paper = css("--paper");
    map.group.clearLayers();
    shown.actions.forEach(function (a) { done[ground.index[a.place_id]] = a; });
    var before = {};
    start.recommended.forEach(function (one) { var i = placeOf(one[0]); if (i >= 0) before[i] = 1; });
    function mark(i, Type, style) {
      new Type(map.at(i), style).on("click", function () { pick(i, false); }).bindTooltip(p.name[i]).addTo(map.group);
    }
    p.id.forEach(function (_, i) {
      if (done[i]) return;
      if (p.station[i]) mark(i, L.CircleMarker, { radius: 3.5, color: ink, weight: 1, fillColor: quiet, fillOpacity: 1 });
      else if (before[i]) mark(i, map.square, { radius: 4, color: css("--warn"), weight: 2, fillColor: paper, fillOpacity: 0.6 });
      else mark(i, L.CircleMarker, { radius: 2, stroke: false, fillColor: quiet, fillOpacity: 0.8 });
    });
    var order = shown.actions.map(function (a) { return a; }).reverse();
    order.forEach(function (a) {
      var i = ground.index[a.place_id], kind = words.kinds[a.kind];
      mark(i, map.square, { radius: kind.radius - 1, color: before[i] ? paper : ink, weight: before[i] ? 1 : 2.5, fillColor: kind.colour, fillOpacity: 1 });
    });
    if (picked >= 0) new L.CircleMarker(map.at(picked), { radius: 14, color: ink, weight: 3, fill: false, interactive: false }).addTo(map.group);
    key(ink, quiet, paper);
  }

  function key(ink, quiet, paper) {
    var box = $("key"), rows = ["upgrade", "new_l3", "new_l2", "add_l2"].map(function (kind) {
      return [words.kinds[kind].short, "rect", words.kinds[kind].radius - 1, words.kinds[kind].colour, paper, 1];
    });
    rows.push(["Yours, not in the recommended plan", "rect", 5, paper, ink, 2.5], ["Recommended, not in yours", "rect", 4, paper, css("--warn"), 2],
      ["Station of today", "circle", 3.5, quiet, ink, 1], ["Candidate", "circle", 2, quiet, quiet, 0]);
    box.replaceChildren.apply(box, rows.map(function (row) {
      var li = element("li"), svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      var shape = document.createElementNS("http://www.w3.org/2000/svg", row[1]), s = row[2];
      svg.setAttribute("width", 20); svg.setAttribute("height", 20); svg.setAttribute("aria-hidden", "true");
      var at = row[1] === "circle" ? { cx: 10, cy: 10, r: s } : { x: 10 - s, y: 10 - s, width: 2 * s, height: 2 * s };
      Object.assign(at, { fill: row[3], stroke: row[4], "stroke-width": row[5] });
      Object.keys(at).forEach(function (name) { shape.setAttribute(name, at[name]); });
      svg.append(shape);
      li.append(svg, element("span", row[0]));
      return li;
    }));
  }

  // -- taking it away ----------------------------------------------------------------------------------

  function save(form) {
    if (!shown || !shown.actions) return;
    function give(text, ending, type) {
      var link = element("a", "", { href: URL.createObjectURL(new Blob([text], { type: type })), download: "my-plan." + ending });
      link.click();
      setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
    }
    if (form === "csv") return give(kwevPlanFile.csv(shown.actions), "csv", "text/csv");
    if (form === "geojson") return give(JSON.stringify(kwevPlanFile.geojson(shown.actions)), "geojson", "application/geo+json");
    if (form === "gpkg") {
      var made = shown.actions, write = function () {
        window.initSqlJs().then(function (SQL) { give(kwevGeoPackage(SQL, made), "gpkg", "application/geopackage+sqlite3"); });
      };
      if (window.initSqlJs) return write();
      return script("sqlite/geopackage.js", function () { script("sqlite/sql-wasm-inline.js", write); });
    }
    window.kwev.take("what-if-cells").then(function (raw) {
      var own = kwevPlanFile.readCells(raw, shown.names.map(function (name) { return levels[name]; }));
      give(JSON.stringify(kwevPlanFile.plan(shown.P, shown.state.ports, shown.text, own, start.about, words, shown.state.bound), null, 1), "json", "application/json");
    });
  }

  // -- begin -------------------------------------------------------------------------------------------

  window.kwev.take("what-if").then(function (data) {
    start = data;
    ground = data.ground;
    words = data.words;
    ground.index = {};
    ground.places.id.forEach(function (id, i) { ground.index[id] = i; });
    $("fixed-h").tabIndex = -1;
    worker = solver(hear);
    worker({ ground: ground });
    fromAddress();
    drawMap();
    ask();
    $("ask").addEventListener("input", function () { read(); ask(); });
    $("ask").addEventListener("submit", function (event) { event.preventDefault(); });
    $("ask").addEventListener("reset", function () {
      setTimeout(function () { question = { values: Object.assign({}, start.defaults), forced: { in: [], out: [] } }; show(); if (picked >= 0) facts(true); ask(); }, 0);
    });
    window.addEventListener("hashchange", function () { fromAddress(); ask(); });
    $("find").addEventListener("input", function () { list = { from: 0, find: $("find").value }; if (shown && shown.actions) sites(); });
    $("before").addEventListener("click", function () { list.from = Math.max(0, list.from - ROWS); sites(); });
    $("after").addEventListener("click", function () { list.from += ROWS; sites(); });
    $("site-close").addEventListener("click", function () {
      var back = document.querySelector('#list [data-place="' + picked + '"]') || $("find");
      picked = -1;
      $("site").hidden = true;
      marks();
      back.focus();
    });
    Array.from(document.querySelectorAll("[data-save]")).forEach(function (one) {
      one.addEventListener("click", function () { save(one.dataset.save); });
    });
    // for whoever holds the page against the package: the plan as it is shown
    window.kwevWhatIfShown = function () { return shown; };
  });
})();
