// The plan on a map: month by month, with layers, a list in step with it, and its state in the address.
// What comes from data is only ever set as text. Marks are no tab stops: the list is the way by keyboard.
(function () {
  "use strict";
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const box = document.getElementById("plan-map");
  const part = (name) => box.querySelector(`[data-part="${name}"]`);
  const asked = new URLSearchParams(location.search);
  const LEVELS = { l2: "Level 2", l3: "Level 3" };
  const METRIC = { network: "along the roads", straight_line: "in a straight line" };
  const REACH = ["l2", "l3", "l2-line", "l3-line"];
  const AREAS = { grid: "map-tracts", "need-today": "map-tracts", "need-after": "map-tracts", equity: "map-deprivation" };
  const SITES = { category: "map-candidates", land: "map-candidates", transit: "map-stops" };
  const COLOURS = { l2: ["#56b4e9", "#0072b2"], l3: ["#e69f00", "#d55e00"] };
  const NOBODY = "#8a8f98", ALL = "#009e73", SOME = "#cc79a7", LOST = "#a61b1b", PIN = "#b0006d";

  const state = { lat: null, lon: null, zoom: null, month: null, layers: [], plan: "recommended", pin: null, embed: false, site: "" };
  let today, plan, map, chosen = [], drawn = {}, items = new Map(), quiet = false, timer = 0, loading = 0;

  // -- small helpers -----------------------------------------------------------------------------
  function make(tag, words, attributes) {
    const made = document.createElement(tag);
    if (words !== undefined) { made.textContent = words; }
    Object.entries(attributes || {}).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  }
  const three = (number) => (number < 1000 ? Math.round(number) : Number(number.toPrecision(3))).toLocaleString("en-CA");
  const money = (cad) => (cad < 0 ? "\u2212" : "") + "$" + Math.abs(cad).toLocaleString("en-CA");
  const round = (cad) => (cad < 1e6 ? money(Number(cad.toPrecision(3))) : `$${(cad / 1e6).toPrecision(3)} million`);
  const share = (part) => `${(100 * part).toFixed(1)}%`;
  const km = (metres) => (metres < 1000 ? `${metres} m` : `${metres / 1000} km`);
  const kindOf = (item) => today.kinds[item.kind];
  const within = (level, metric) => `within ${km(plan.radius_m[level])} ${METRIC[metric]}`;
  const metricOf = (name) => (name.endsWith("-line") ? "straight_line" : "network");

  // -- the state in the address ------------------------------------------------------------------
  function number(text, low, high) {
    const value = Number(text);
    return text !== null && text !== "" && value >= low && value <= high ? value : null;
  }
  function readAddress() {
    const said = new URLSearchParams(location.hash.slice(1));
    const name = said.get("plan") || asked.get("plan") || "recommended";
    state.lat = number(said.get("lat"), -90, 90);
    state.lon = number(said.get("lon"), -180, 180);
    state.zoom = number(said.get("zoom"), 0, 22);
    state.month = number(said.get("month"), 0, 1200);
    state.layers = (said.get("layers") || "").split(",").filter(Boolean);
    state.plan = today.plans.some((one) => one[0] === name) ? name : "recommended";
    const pin = (said.get("pin") || "").split(",");
    const at = pin.length === 2 ? [number(pin[0], -90, 90), number(pin[1], -180, 180)] : [null, null];
    state.pin = at.includes(null) ? null : at;
    state.embed = [said.get("embed"), asked.get("embed")].includes("1");
    state.site = said.get("site") || "";
  }
  function address(full) {
    const middle = map.getCenter();
    const said = [
      ["lat", middle.lat.toFixed(5)], ["lon", middle.lng.toFixed(5)], ["zoom", String(Math.round(100 * map.getZoom()) / 100)],
      ["month", state.month], ["layers", state.layers.join(",")], ["plan", state.plan === "recommended" ? "" : state.plan],
      ["pin", state.pin ? state.pin.join(",") : ""], ["site", state.site], ["embed", state.embed && !full ? "1" : ""]
    ];
    return "#" + said.filter((pair) => pair[1] !== "").map((pair) => pair[0] + "=" + encodeURIComponent(pair[1]).replace(/%2C/g, ",")).join("&");
  }
  function writeAddress() {
    if (quiet) { return; }
    window.history.replaceState(null, "", address(false));
    part("full").href = "map.html" + address(true);
    if (state.embed && window.parent !== window) {
      const at = map.getCenter();
      window.parent.postMessage({ kwev: "map", lat: at.lat, lon: at.lng, zoom: map.getZoom(), month: state.month / lastMonth() }, "*");
    }
  }
  const lastMonth = () => plan.steps[plan.steps.length - 1].month;
  function stepOf(month) {
    let found = 0;
    plan.steps.forEach((step, i) => { if (month === null || step.month <= month) { found = i; } });
    return found;
  }

  // -- marks: a circle stands today, a square is new, a diamond is a station converted ----------
  L.SVG.include({
    _updateShape: function (layer) {
      const p = layer._point, r = layer._radius;
      const square = `M${p.x - r},${p.y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
      const s = 1.35 * r;
      const diamond = `M${p.x},${p.y - s}l${s},${s}l${-s},${s}l${-s},${-s}z`;
      this._setPath(layer, layer._empty() ? "M0 0" : layer.options.shape === "diamond" ? diamond : square);
    }
  });
  // candidate sites and stops are many, and drawn on a canvas: a triangle, and one on its head
  L.Canvas.include({
    _updateTriangle: function (layer) {
      if (!this._drawing || layer._empty()) { return; }
      const p = layer._point, r = layer._radius * (layer.options.turned ? -1 : 1), pen = this._ctx;
      pen.beginPath();
      pen.moveTo(p.x, p.y - 1.2 * r);
      pen.lineTo(p.x + 1.1 * r, p.y + 0.8 * r);
      pen.lineTo(p.x - 1.1 * r, p.y + 0.8 * r);
      pen.closePath();
      this._fillStroke(pen, layer);
    }
  });
  const Triangle = L.CircleMarker.extend({ _updatePath: function () { this._renderer._updateTriangle(this); } });
  const Shape = L.CircleMarker.extend({ _updatePath: function () { this._renderer._updateShape(this); } });

  function near() { return Math.min(1.5, Math.max(0.6, 0.6 + 0.2 * (map.getZoom() - 10))); }
  function markOf(item) {
    const kind = kindOf(item), line = item.id === state.site ? (kwev.isDark() ? "#ffffff" : "#000000") : item.isStation ? "#1c2430" : "#ffffff";
    const look = { radius: kind.radius * near(), color: line, weight: item.id === state.site ? 3.5 : item.isStation ? 1 : 1.3,
      fillColor: kind.colour, fillOpacity: item.counts === 0 ? 0.25 : 1, shape: kind.shape };
    const Mark = kind.shape === "circle" ? L.circleMarker : (at, options) => new Shape(at, options);
    return Mark([item.lat, item.lon], look).on("click", () => choose(item.id, "map"));
  }

  // -- what is shown: by month, by filter ----------------------------------------------------------
  function itemsOfPlan() {
    const rows = plan.rows.map((row) => Object.fromEntries(plan.heads.map((head, i) => [head, row[i]])));
    const standing = today.stations.map((s) => ({
      id: s[0], name: s[1], municipality: s[2], lat: s[3], lon: s[4], l2: s[5], l3: s[6], operator: s[7], counts: s[8],
      kind: s[6] > 0 ? "today-l3" : "today-l2", isStation: true, month: 0, people: 0
    }));
    items = new Map([...rows, ...standing].map((item) => [item.id, item]));
  }
  function isChosen(item) {
    const words = part("search").value.trim().toLowerCase(), what = part("what").value, town = part("town").value;
    const text = `${item.name} ${item.municipality} ${item.id}`.toLowerCase();
    return words.split(/\s+/).every((word) => text.includes(word)) && (!town || item.municipality === town) &&
      (what === "all" || what === item.kind || (what === "plan" && !item.isStation) || (what === "today" && item.isStation));
  }
  function inMonth(item) { return item.month <= state.month; }

  function facts(item) {
    const kind = kindOf(item);
    if (item.isStation) {
      return [["What", item.counts ? "Station of today" : "Station that the plan does not count: Teslas only, or outside the Region"],
        ["Ports", `${item.l2} of Level 2, ${item.l3} of Level 3`], ["Operator", item.operator], ["Municipality", item.municipality]];
    }
    const level = LEVELS[kind.adds], made = [["What", kind.name]];
    if (level) {
      const where = within(kind.adds, plan.metric);
      made.push(["People newly reached", `${three(item.people)} with no ${level} ${where} today`]);
      made.push(["Why here", item.only ? `${three(item.only)} people have no other ${level} in reach, once all is built` :
        "Others in the plan reach the same people; it adds choice and ports"]);
    }
    made.push(["Ports added", String(item.ports)], ["Power added", `${item.kw.toLocaleString("en-CA")} kW`], ["Net cost", money(item.cad)]);
    if (plan.timed) { made.push(["Built", `by the end of month ${item.month}`]); }
    made.push(["Whose land", item.land], ["Kind of place", item.place], ["Municipality", item.municipality]);
    return made;
  }
  function details(item) {
    const made = make("div", undefined, { class: "pm-facts" });
    const list = made.appendChild(make("dl"));
    facts(item).forEach((fact) => { list.append(make("dt", fact[0]), make("dd", fact[1])); });
    if (!item.isStation && state.plan === "recommended") {
      const link = make("a", "The site's page: what it needs", { href: "../sites/" + encodeURIComponent(item.id) + ".html" });
      if (state.embed) { link.target = "_top"; }
      made.appendChild(link);
    }
    return made;
  }

  // -- the list ------------------------------------------------------------------------------------
  const ORDER = {
    month: (a, b) => a.month - b.month, kind: (a, b) => kindOf(a).rank - kindOf(b).rank,
    municipality: (a, b) => a.municipality.localeCompare(b.municipality), people: (a, b) => b.people - a.people, name: () => 0
  };
  function drawList() {
    const list = part("list"), order = ORDER[part("sort").value];
    const inView = part("in-view").checked ? map.getBounds() : null;
    const rows = chosen.filter((item) => !inView || inView.contains([item.lat, item.lon]));
    rows.sort((a, b) => order(a, b) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
    list.replaceChildren(...rows.map(listed));
    const all = [...list.querySelectorAll("button")];
    const at = all.find((one) => one.dataset.id === state.site) || all[0];
    all.forEach((one) => { one.tabIndex = one === at ? 0 : -1; });
    const what = part("what").value, noun = what === "plan" ? "actions of the plan" : what === "today" ? "stations of today" : "places";
    part("count").textContent = `${rows.length.toLocaleString("en-CA")} ${noun}${inView ? " in view" : ""}` +
      (plan.timed && what !== "today" ? `, by the end of month ${state.month}` : "");
  }
  function listed(item) {
    const kind = kindOf(item), row = make("li"), button = row.appendChild(make("button", undefined, { type: "button", "data-id": item.id }));
    button.appendChild(swatch(kind.shape, kind.colour, item.isStation ? "#1c2430" : "#ffffff"));
    const words = button.appendChild(make("span"));
    words.append(make("b", item.name), make("span", [kind.short, item.municipality, plan.timed && !item.isStation ? `month ${item.month}` : ""].filter(Boolean).join(", ")));
    const open = item.id === state.site;
    button.setAttribute("aria-expanded", String(open));
    if (open) { row.appendChild(details(item)); }
    button.addEventListener("click", () => choose(open ? "" : item.id, "list"));
    return row;
  }
  // one tab stop: arrows go through the list
  function walk(event) {
    const all = [...part("list").querySelectorAll("button")], at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) { return; }
    event.preventDefault();
    const next = all[Math.min(all.length - 1, Math.max(0, to))];
    all.forEach((one) => { one.tabIndex = one === next ? 0 : -1; });
    next.focus();
  }
  function choose(id, from) {
    state.site = id;
    drawMarks();
    drawList();
    const item = items.get(id);
    const button = [...part("list").querySelectorAll("button")].find((one) => one.dataset.id === id);
    if (from === "list") {
      const last = button || part("list").querySelector('button[tabindex="0"]');
      if (last) { last.focus(); }
      if (item && !map.getBounds().pad(-0.15).contains([item.lat, item.lon])) {
        map.setView([item.lat, item.lon], Math.max(map.getZoom(), 13), { animate: !still.matches });
      }
    } else if (button) {
      // the list scrolls, the page does not
      const list = part("list");
      list.scrollTop += button.getBoundingClientRect().top - list.getBoundingClientRect().top;
    }
    // an address that says where the map stands is kept to: the sheet does not move it
    const moves = from !== "address" || state.lat === null;
    if (item) { popup([item.lat, item.lon], item.name, details(item), moves); } else { map.closePopup(); }
    writeAddress();
  }
  function popup(at, title, content, moves = true) {
    const made = make("div");
    made.append(make("strong", title), content);
    // clear of the panels, which stand to the right, of the buttons, and of the line below
    const size = map.getSize(), over = box.querySelector(".pm-over"), open = over.querySelector("details[open]");
    const besides = size.x > 600, top = besides ? 12 : 84;
    L.popup({ autoPan: moves, maxWidth: Math.min(320, size.x - 70), minWidth: Math.min(220, size.x - 90),
      maxHeight: Math.max(110, size.y - top - 110), autoPanPaddingTopLeft: [besides ? 56 : 8, top],
      autoPanPaddingBottomRight: [besides ? (open ? over.offsetWidth + 20 : 120) : 8, 30] }).setLatLng(at).setContent(made).openOn(map);
  }

  // -- marks of the plan and of today --------------------------------------------------------------
  function drawMarks() {
    const all = [...items.values()];
    chosen = all.filter((item) => inMonth(item) && isChosen(item));
    // stations stay as context unless a filter asks for them alone
    const shown = new Set(chosen);
    const words = part("search").value.trim();
    if (part("what").value === "plan" && !words) { all.filter((item) => item.isStation).forEach((item) => shown.add(item)); }
    marks.clearLayers();
    const hidden = (item) => state.layers.includes(item.isStation ? "no-today" : "no-plan");
    [...shown].filter((item) => !hidden(item)).sort((a, b) => rankOf(a) - rankOf(b)).forEach((item) => {
      const mark = markOf(item).addTo(marks);
      const path = mark.getElement();
      if (path) { path.dataset.id = item.id; path.setAttribute("aria-hidden", "true"); }
    });
  }
  const rankOf = (item) => (item.id === state.site ? 99 : item.isStation ? 0 : 10 - kindOf(item).rank);
  let marks;

  // -- people in reach, cell by cell ---------------------------------------------------------------
  const Cells = L.Layer.extend({
    initialize: function (cells, paint) { this.cells = cells; this.paint = paint; },
    onAdd: function (to) {
      this.canvas = to.getPane("cells").appendChild(make("canvas", undefined, { class: "leaflet-zoom-hide" }));
      to.on("moveend zoomend resize", this.draw, this);
      this.draw();
    },
    onRemove: function (from) { this.canvas.remove(); from.off("moveend zoomend resize", this.draw, this); },
    draw: function () {
      const size = map.getSize(), sharp = window.devicePixelRatio || 1, scale = Math.pow(2, map.getZoom());
      const corner = map.getPixelBounds().min, pen = this.canvas.getContext("2d");
      L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
      this.canvas.width = size.x * sharp;
      this.canvas.height = size.y * sharp;
      this.canvas.style.width = size.x + "px";
      this.canvas.style.height = size.y + "px";
      pen.scale(sharp, sharp);
      this.cells.forEach((cell, i) => {
        const x = cell.x * scale - corner.x, y = cell.y * scale - corner.y;
        if (x < -40 || y < -40 || x > size.x + 40 || y > size.y + 40) { return; }
        const look = this.paint(i);
        pen.fillStyle = look[0];
        pen.globalAlpha = look[1];
        pen.fillRect(x, y, Math.max(1, cell.width * scale), Math.max(1, cell.height * scale));
      });
    }
  });
  function unfold(data) {
    let column = data.origin[0], row = data.origin[1];
    const degrees = (c, r) => {
      const x = (c * data.size_m - data.origin_m[0]) / data.scale_m, y = (r * data.size_m - data.origin_m[1]) / data.scale_m;
      const terms = [1, x, y, x * x, x * y, y * y];
      return data.degrees.map((fit) => fit.reduce((sum, factor, i) => sum + factor * terms[i], 0));
    };
    const made = [];
    for (let i = 0; i < data.cells.length; i += 3) {
      column += data.cells[i];
      row += data.cells[i + 1];
      const low = degrees(column, row), high = degrees(column + 1, row + 1);
      const a = L.CRS.EPSG3857.latLngToPoint(L.latLng(high[0], low[1]), 0), b = L.CRS.EPSG3857.latLngToPoint(L.latLng(low[0], high[1]), 0);
      made.push({ x: a.x, y: a.y, width: b.x - a.x, height: b.y - a.y, people: data.cells[i + 2] });
    }
    return made;
  }
  function patternsOf(reach) {
    const made = [];
    for (let i = 0; i < reach.runs.length; i += 2) {
      for (let k = 0; k < reach.runs[i + 1]; k += 1) { made.push(reach.patterns[reach.runs[i]]); }
    }
    return made;
  }
  const fade = (people) => (people < 10 ? 0.35 : people < 50 ? 0.55 : 0.8);
  function reachState(pattern) {
    const before = pattern[0] === "1", now = pattern[stepOf(state.month)] === "1";
    return before ? (now ? "today" : "lost") : now ? "new" : "none";
  }
  // one choice shows today and what is new; of several, who has all, which one, or none
  function reachClass(names, i) {
    const found = names.map((name) => reachState(drawn.reach.patterns[name][i]));
    if (names.length === 1) { return found[0]; }
    const on = names.filter((name, k) => found[k] === "today" || found[k] === "new");
    return on.length === names.length ? "all" : on.length === 0 ? "none" : names.length === 2 ? on[0] : "some";
  }
  function reachColours(names) {
    const pair = COLOURS[names[0].slice(0, 2)];
    if (names.length === 1) { return { today: pair[0], new: pair[1], lost: LOST, none: NOBODY }; }
    const same = names[0].slice(0, 2) === names[1].slice(0, 2);
    return { all: ALL, some: SOME, none: NOBODY, [names[0]]: pair[1], [names[1]]: same ? SOME : COLOURS[names[1].slice(0, 2)][0] };
  }
  async function drawReach() {
    const names = REACH.filter((name) => state.layers.includes(name)), key = [state.plan, ...names].join(" ");
    if (drawn.reach && drawn.reach.key === key) { drawn.reach.draw(); return; }
    if (!names.length) {
      if (drawn.reach) { drawn.reach.remove(); delete drawn.reach; }
      return;
    }
    const [cells, reach] = await Promise.all([kwev.take("map-cells"), kwev.take("reach-" + state.plan)]);
    drawn.cells = drawn.cells || unfold(cells);
    const colour = reachColours(names);
    const layer = new Cells(drawn.cells, (i) => {
      const found = reachClass(names, i), strong = fade(drawn.cells[i].people);
      return [colour[found], found === "none" ? 0.6 * strong : strong];
    });
    layer.key = key;
    layer.names = names;
    layer.patterns = Object.fromEntries(names.map((name) => [name, patternsOf(reach[name])]));
    if (drawn.reach) { drawn.reach.remove(); }
    drawn.reach = layer;
    layer.addTo(map);
  }
  function cellAt(point) {
    const shown = drawn.reach ? drawn.reach.names : [];
    const at = L.CRS.EPSG3857.latLngToPoint(point, 0);
    const i = shown.length ? drawn.cells.findIndex((c) => at.x >= c.x && at.x < c.x + c.width && at.y >= c.y && at.y < c.y + c.height) : -1;
    if (i < 0) { return; }
    const words = { today: "in reach today", new: "in reach, not today", lost: "in reach today, no longer then", none: "not in reach" };
    const list = make("dl");
    shown.forEach((name) => {
      list.append(make("dt", `${LEVELS[name.slice(0, 2)]} ${within(name.slice(0, 2), metricOf(name))}`), make("dd", words[reachState(drawn.reach.patterns[name][i])]));
    });
    popup(point, `${three(drawn.cells[i].people)} people live in this square`, list);
  }

  // -- areas, candidate sites, stops ---------------------------------------------------------------
  async function areaLayer(name) {
    const data = await kwev.take(AREAS[name]), look = data.layers[name];
    const features = data.areas.map((area, i) => ({ type: "Feature", properties: { i: i },
      geometry: { type: Array.isArray(area[0][0][0][0]) ? "MultiPolygon" : "Polygon", coordinates: area[0] } }));
    const layer = L.geoJSON({ type: "FeatureCollection", features: features }, {
      renderer: sheet,
      style: (one) => ({ renderer: sheet, fillColor: look.classes[look.class[one.properties.i]][1], fillOpacity: 0.7, color: "#ffffff", weight: 0.5 }),
      onEachFeature: (one, shape) => shape.on("click", (event) => {
        const i = one.properties.i, list = make("dl");
        list.append(make("dt", look.heading), make("dd", look.unit === "people" ? look.classes[look.class[i]][0] : `${three(look.value[i])} ${look.unit}`));
        if (look.unit === "people") { list.append(make("dt", "People"), make("dd", three(look.value[i]))); }
        L.DomEvent.stop(event);
        popup(event.latlng, data.areas[i][1], list);
      })
    });
    layer.look = look;
    return layer;
  }
  async function siteLayer(name) {
    const data = await kwev.take(SITES[name]), layer = L.featureGroup(), transit = name === "transit";
    layer.classes = transit ? data.classes : name === "land" ? data.lands : data.categories;
    (transit ? data.stops : data.sites).forEach((row) => {
      const look = layer.classes[transit ? row[3] : name === "land" ? row[4] : row[3]];
      const list = () => {
        const made = make("dl"), say = (head, text) => made.append(make("dt", head), make("dd", text));
        if (transit) {
          say("Stop", row[4]);
          say("Routes", row[5]);
          say("Departures on a weekday", three(row[6] || 0));
        } else {
          say("Candidate site", data.categories[row[3]][0]);
          say("Whose land", data.lands[row[4]][0]);
          if (row[5] !== null) { say("Grid proxy, no utility's figure", `${three(row[5])} kW`); }
        }
        return made;
      };
      new Triangle([row[0], row[1]], { renderer: sheet, turned: transit, radius: transit ? 3.2 : 4, color: look[2] || "#1c2430", weight: look[2] ? 1.2 : 0.6, fillColor: look[1], fillOpacity: 0.9 })
        .on("click", (event) => { L.DomEvent.stop(event); popup(event.latlng, row[2], list()); }).addTo(layer);
    });
    return layer;
  }
  let sheet;
  async function drawLayers() {
    const mine = (loading += 1);
    Object.keys(AREAS).concat(Object.keys(SITES)).filter((name) => drawn[name] && !state.layers.includes(name)).forEach((name) => {
      drawn[name].remove();
      delete drawn[name];
    });
    for (const name of state.layers) {
      const maker = AREAS[name] ? areaLayer : SITES[name] ? siteLayer : null;
      if (!maker || drawn[name]) { continue; }
      part("said").textContent = "Loading a layer";
      try {
        const layer = await maker(name);
        if (mine !== loading) { return; }
        drawn[name] = layer.addTo(map);
        if (AREAS[name]) { layer.bringToBack(); }
      } catch (error) {
        part("said").textContent = "A layer could not be loaded.";
        continue;
      }
      part("said").textContent = "";
    }
    try { await drawReach(); } catch (error) { part("said").textContent = "A layer could not be loaded."; }
    if (mine === loading) { drawLegend(); }
  }

  // -- the legend ----------------------------------------------------------------------------------
  function swatch(shape, fill, line) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    const mark = document.createElementNS(svg.namespaceURI, "path");
    const path = { circle: "M8 2.5a5.5 5.5 0 1 0 .01 0z", square: "M3 3h10v10h-10z", diamond: "M8 1l7 7l-7 7l-7-7z", area: "M1 3h14v10h-14z",
      triangle: "M8 2l6 11h-12z", turned: "M8 14l6-11h-12z" };
    mark.setAttribute("d", path[shape]);
    mark.setAttribute("fill", fill);
    mark.setAttribute("stroke", line || "none");
    svg.appendChild(mark);
    return svg;
  }
  function drawLegend() {
    const legend = part("legend"), rows = [];
    const heading = (words) => rows.push(make("h3", words));
    const group = (entries) => {
      const list = make("ul");
      entries.forEach((entry) => {
        const row = list.appendChild(make("li"));
        row.append(swatch(entry[0], entry[1], entry[2]), make("span", entry[3]));
      });
      rows.push(list);
    };
    const used = new Set([...items.values()].map((item) => item.kind));
    heading("Stations and actions");
    group(Object.entries(today.kinds).filter((pair) => used.has(pair[0])).map((pair) => [pair[1].shape, pair[1].colour, "#1c2430", pair[1].short])
      .concat([["circle", "none", "#8a8f98", "Today, not counted: Teslas only, or outside the Region"]]));
    if (drawn.reach) {
      const names = drawn.reach.names, colour = reachColours(names);
      const say = (name) => `${LEVELS[name.slice(0, 2)]} ${within(name.slice(0, 2), metricOf(name))}`;
      const found = new Set(drawn.cells.map((cell, i) => reachClass(names, i)));
      const words = names.length === 1 ? { today: "in reach today", new: "in reach by this month, not today", lost: "no longer in reach", none: "not in reach" }
        : Object.assign({ all: names.length === 2 ? "both" : "all", some: "some", none: "none" }, Object.fromEntries(names.map((name) => [name, "only " + say(name)])));
      heading("People by what is in reach: " + names.map(say).join("; "));
      group(Object.keys(words).filter((one) => found.has(one)).map((one) => ["area", colour[one], "", words[one]]));
      rows.push(make("p", "The stronger the colour, the more people: under 10, under 50, 50 and more in a square of 100 m."));
    }
    Object.keys(AREAS).filter((name) => drawn[name]).forEach((name) => {
      const look = drawn[name].look;
      heading(look.unit === "people" ? look.heading : `${look.heading} (${look.unit})`);
      group(look.classes.map((one) => ["area", one[1], "#8a8f98", one[0]]));
    });
    const words = { category: "Candidate sites by category", land: "Candidate sites by whose land", transit: "Transit stops: departures on a weekday" };
    Object.keys(SITES).filter((name) => drawn[name]).forEach((name) => {
      heading(words[name]);
      group(drawn[name].classes.map((one) => [name === "transit" ? "turned" : "triangle", one[1], one[2] || "#1c2430", one[0]]));
    });
    legend.replaceChildren(...rows);
  }

  // -- the month -----------------------------------------------------------------------------------
  function drawMonth() {
    const slider = part("month"), at = stepOf(state.month), step = plan.steps[at], last = plan.steps.length - 1;
    slider.max = String(last);
    slider.value = String(at);
    const when = at === 0 ? "Today" : plan.timed ? `End of month ${step.month}` : "With the plan";
    slider.setAttribute("aria-valuetext", when);
    part("when").textContent = when;
    const reached = Object.keys(LEVELS).map((level) => `${share(step[level])} of people ${within(level, plan.metric)} of ${LEVELS[level]}`);
    part("sum").textContent = `${step.actions} of ${plan.steps[last].actions} actions, ${round(step.cad)} net. ${reached.join("; ")}.`;
    part("timing").textContent = plan.timing;
    part("title").textContent = plan.title;
  }
  function goTo(at) {
    state.month = plan.steps[Math.min(plan.steps.length - 1, Math.max(0, at))].month;
    const item = items.get(state.site);
    if (item && !inMonth(item)) { state.site = ""; map.closePopup(); }
    drawMonth();
    drawMarks();
    drawList();
    if (drawn.reach) {
      drawn.reach.draw();
      drawLegend();
    }
    writeAddress();
  }
  function pause() {
    window.clearInterval(timer);
    timer = 0;
    part("play").textContent = still.matches ? "Next step" : "Play";
  }
  function play() {
    const at = stepOf(state.month), last = plan.steps.length - 1;
    if (timer) { pause(); return; }
    goTo(at === last ? 0 : at + 1);
    // who asks for less motion goes step by step
    if (still.matches) { return; }
    part("play").textContent = "Pause";
    timer = window.setInterval(() => {
      goTo(stepOf(state.month) + 1);
      if (stepOf(state.month) === last) { pause(); }
    }, 1000);
  }

  // -- from the address to the page ----------------------------------------------------------------
  async function show() {
    readAddress();
    document.documentElement.classList.toggle("embed", state.embed);
    const name = state.plan;
    const loaded = await kwev.take("plan-" + name);
    if (name !== state.plan) { return; }
    if (plan !== loaded) {
      plan = loaded;
      itemsOfPlan();
    }
    quiet = true;
    map.invalidateSize();
    if (state.lat !== null && state.lon !== null) {
      map.setView([state.lat, state.lon], state.zoom === null ? 13 : state.zoom, { animate: false });
    } else if (items.has(state.site)) {
      map.setView([items.get(state.site).lat, items.get(state.site).lon], 14, { animate: false });
    } else if (!map.kwevSeen) {
      // an open legend covers no part of the Region
      const open = box.querySelector(".pm-over details[open]");
      map.fitBounds(today.bounds, { animate: false, paddingBottomRight: [open ? open.offsetWidth + 12 : 0, 0] });
    }
    map.kwevSeen = true;
    state.month = plan.steps[stepOf(state.month)].month;
    part("plan").value = name;
    box.querySelectorAll("[data-layer]").forEach((input) => { input.checked = state.layers.includes(input.dataset.layer); });
    box.querySelectorAll("[data-mark]").forEach((input) => { input.checked = !state.layers.includes("no-" + input.dataset.mark); });
    ["areas", "sites"].forEach((group) => {
      const one = box.querySelector(`[name="${group}"]:checked`) || box.querySelector(`[name="${group}"][value=""]`);
      one.checked = true;
    });
    if (pinMark) { pinMark.remove(); }
    pinMark = state.pin ? L.circleMarker(state.pin, { radius: 10, color: PIN, weight: 4, fill: false, interactive: false }).addTo(map) : null;
    const wanted = items.get(state.site);
    if (!wanted) { state.site = ""; } else if (!inMonth(wanted)) { state.month = wanted.month; }
    drawMonth();
    drawMarks();
    drawList();
    await drawLayers();
    if (state.site) { choose(state.site, "address"); }
    quiet = false;
    writeAddress();
    box.setAttribute("data-ready", "");
  }
  let pinMark = null;

  function switchLayers() {
    const kept = state.layers.filter((name) => !REACH.includes(name) && !AREAS[name] && !SITES[name] && !name.startsWith("no-"));
    const on = [...box.querySelectorAll("[data-layer]:checked")].map((input) => input.dataset.layer);
    const off = [...box.querySelectorAll("[data-mark]:not(:checked)")].map((input) => "no-" + input.dataset.mark);
    state.layers = [...kept, ...on.filter(Boolean), ...off];
    drawMarks();
    drawLayers().then(writeAddress);
  }

  function listen() {
    part("month").addEventListener("input", (event) => { pause(); goTo(Number(event.target.value)); });
    part("play").addEventListener("click", play);
    ["what", "town", "search"].forEach((name) => part(name).addEventListener("input", () => { drawMarks(); drawList(); }));
    ["sort", "in-view"].forEach((name) => part(name).addEventListener("input", drawList));
    part("search").addEventListener("keydown", (event) => {
      const first = part("list").querySelector("button");
      if (event.key === "Enter" && first) { event.preventDefault(); choose(first.dataset.id, "list"); }
    });
    part("list").addEventListener("keydown", walk);
    part("plan").addEventListener("change", (event) => {
      pause();
      state.plan = event.target.value;
      state.site = "";
      map.closePopup();
      window.location.hash = address(false);
    });
    box.querySelectorAll("[data-layer], [data-mark]").forEach((input) => input.addEventListener("change", switchLayers));
    const full = part("screen");
    full.hidden = !document.fullscreenEnabled;
    full.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : box.requestFullscreen()));
    document.addEventListener("fullscreenchange", () => {
      full.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
      map.invalidateSize();
    });
    map.on("moveend", () => {
      if (part("in-view").checked) { drawList(); }
      writeAddress();
    });
    map.on("zoomend", drawMarks);
    map.on("click", (event) => cellAt(event.latlng));
    map.getContainer().addEventListener("keydown", (event) => { if (event.key === "Escape") { map.closePopup(); } });
    window.addEventListener("hashchange", show);
    window.addEventListener("message", (event) => {
      const said = event.data;
      if (event.source !== window.parent || event.source === window || !plan || !said || said.kwev !== "map") { return; }
      quiet = true;
      map.setView([Number(said.lat), Number(said.lon)], Number(said.zoom), { animate: false });
      goTo(stepOf(Number(said.month) * lastMonth()));
      quiet = false;
    });
  }

  // the ground is drawn when its scripts are there, and is no condition for the rest
  function ground() {
    const load = (path) => new Promise((done) => {
      const script = make("script", undefined, { src: path });
      script.onload = () => done(true);
      script.onerror = () => done(false);
      document.head.appendChild(script);
    });
    const ready = window.kwevGround || !today.ground ? Promise.resolve() : load("../vendor/ground-data.js").then(() => load("../vendor/ground.js"));
    ready.then(() => { if (window.kwevGround) { window.kwevGround(map); } });
  }

  async function start() {
    today = await kwev.take("map-today");
    readAddress();
    document.documentElement.classList.toggle("embed", state.embed);
    if (window.innerWidth < 800 || state.embed) { box.querySelectorAll("details").forEach((one) => { one.open = false; }); }
    map = L.map(part("map"), { zoomSnap: 0.25, minZoom: 8, maxZoom: 18, attributionControl: false, scrollWheelZoom: !state.embed,
      zoomAnimation: !still.matches, fadeAnimation: !still.matches, renderer: L.svg() });
    if (L.Browser.mobile && window.self !== window.top) { map.dragging.disable(); }
    map.createPane("cells").style.zIndex = 310;
    map.createPane("sheet").style.zIndex = 320;
    map.getPane("cells").style.pointerEvents = "none";
    sheet = L.canvas({ pane: "sheet" });
    map.fitBounds(today.bounds, { animate: false });
    marks = L.featureGroup().addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    const features = today.outlines.map((one) => ({ type: "Feature", properties: {},
      geometry: { type: Array.isArray(one[0][0][0][0]) ? "MultiPolygon" : "Polygon", coordinates: one[0] } }));
    L.geoJSON({ type: "FeatureCollection", features: features }, { interactive: false, style: { color: "#6b7280", weight: 1.5, fill: false, dashArray: "6 4" } }).addTo(map);
    part("map").setAttribute("role", "application");
    part("map").setAttribute("aria-label", "Map of the plan. Arrows move it, plus and minus zoom. Every mark is in the list.");
    today.plans.forEach((one) => part("plan").appendChild(make("option", one[1], { value: one[0] })));
    Object.entries(today.kinds).forEach((pair) => part("what").appendChild(make("option", pair[1].short, { value: pair[0] })));
    today.towns.forEach((name) => part("town").appendChild(make("option", name, { value: name })));
    pause();
    listen();
    await show();
    ground();
  }
  start();
})();
