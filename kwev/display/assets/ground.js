// The ground below every map: roads with names, tracks, water, parks, names of places; light and dark.
// kwevGround(map) draws it on canvases: the ground in a pane at 150, names in one at 380, below all
// that Leaflet draws itself. Areas drawn in the pane "kwev-areas" (350) leave the names readable.
// It reads kwevGroundData (ground-data.js): [kind, [[name, lines as encoded polylines], …]], ….
(function () {
  "use strict";
  var LIGHT = {
    land: "#f6f4ef", water: "#bfd9e8", green: "#5f8f4e", track: "#6d6a64", ink: "#39414b", quiet: "#5a626c",
    thin: { freeway: "#8d887d", ramp: "#b3aea3", arterial: "#b5b0a5", collector: "#cbc6bb", street: "#d3cec3", lane: "#dcd8ce" },
    fill: { freeway: "#d8d3c7", ramp: "#e9e5db", arterial: "#ffffff", collector: "#ffffff", street: "#ffffff", lane: "#ffffff" }
  };
  var DARK = {
    land: "#1b2026", water: "#173a52", green: "#7fb069", track: "#98a0a9", ink: "#d5dbe2", quiet: "#aab3bd",
    thin: { freeway: "#788390", ramp: "#4f5964", arterial: "#56616d", collector: "#424c56", street: "#39424b", lane: "#323a43" },
    fill: { freeway: "#5d6874", ramp: "#3f4852", arterial: "#424c57", collector: "#39424c", street: "#303841", lane: "#2a323a" }
  };
  // Lines from the ground up: zoom from which a kind is drawn, and its width (px) at zooms 10 and 16.
  var LINES = [
    ["river", 8, 0.8, 4], ["lane", 14.5, 0.3, 3.5], ["street", 12.5, 0.3, 5], ["collector", 11, 0.6, 7],
    ["ramp", 11, 0.5, 5], ["arterial", 8, 0.9, 8.5], ["freeway", 8, 1.9, 10], ["rail", 10, 1, 2.5]
  ];
  // Names, the weightiest first: zooms from and to which a kind is named, size (px), style.
  var NAMES = [
    ["city", 8, 14, 15, "700"], ["village", 10.25, 16, 11.5, "500"], ["township", 9.5, 12.5, 12, "italic 400"],
    ["freeway", 11.5, 30, 11, "600"], ["arterial", 13, 30, 11, "400"], ["district", 13, 16, 12, "italic 600"],
    ["park", 14.5, 30, 11, "italic 400"], ["collector", 14, 30, 11, "400"], ["street", 15, 30, 11, "400"],
    ["lane", 16.5, 30, 10, "400"]
  ];
  var FONT = 'px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';
  var CELL = 8, REPEAT = 320, CASED = 2.6;
  var root = document.documentElement;

  // -- Light or dark: as the page says; else as the page around a frame, the reader's choice that
  // Quarto keeps, or the system.

  var system = window.matchMedia("(prefers-color-scheme: dark)");
  var printing = false;

  function outer() {
    try {
      if (window.parent === window) { return null; }
      var around = window.parent.document;
      if (around.documentElement.dataset.theme) { return around.documentElement.dataset.theme; }
      if (around.body.classList.contains("quarto-dark")) { return "dark"; }
      return around.body.classList.contains("quarto-light") ? "light" : null;
    } catch (error) { return null; }  // a page opened from a folder may not look around
  }

  function chosen() {
    try { return { alternate: "dark", default: "light" }[window.localStorage.getItem("quarto-color-scheme")]; }
    catch (error) { return null; }
  }

  function isDark() { return root.dataset.theme === "dark" && !printing; }

  function dress() { root.dataset.theme = outer() || chosen() || (system.matches ? "dark" : "light"); }

  function follow() {
    dress();
    system.addEventListener("change", dress);
    window.addEventListener("storage", dress);
    try {
      if (window.parent === window) { return; }
      var seen = new MutationObserver(dress), around = window.parent.document;
      seen.observe(around.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
      seen.observe(around.body, { attributes: true, attributeFilter: ["class"] });
    } catch (error) { /* as above */ }
  }
  if (!root.dataset.theme) { follow(); }

  // -- The data: lines in pixels of zoom 0, each with the box around it.

  // An encoded polyline as [longitude, latitude], …
  function degrees(text) {
    var at = 0, values = [0, 0], points = [];
    while (at < text.length) {
      for (var which = 0; which < 2; which += 1) {
        var value = 0, shift = 0, code;
        do {
          code = text.charCodeAt(at) - 63;
          at += 1;
          value |= (code & 31) << shift;
          shift += 5;
        } while (code >= 32);
        values[which] += value & 1 ? ~(value >> 1) : value >> 1;
      }
      points.push([values[1] / 1e5, values[0] / 1e5]);
    }
    return points;
  }

  function decode(text) {
    var line = { xs: [], ys: [] };
    degrees(text).forEach(function (point) {
      var sine = Math.sin(point[1] * Math.PI / 180);
      line.xs.push(256 * (point[0] + 180) / 360);
      line.ys.push(256 * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)));
    });
    line.west = Math.min.apply(null, line.xs); line.east = Math.max.apply(null, line.xs);
    line.north = Math.min.apply(null, line.ys); line.south = Math.max.apply(null, line.ys);
    return line;
  }

  var ground = null;
  function read() {
    if (ground) { return ground; }
    ground = {};
    (window.kwevGroundData || []).forEach(function (kind) {
      ground[kind[0]] = kind[1].map(function (row) {
        return { name: row[0], lines: row[1].split(" ").map(decode) };
      });
    });
    return ground;
  }

  // -- Canvases that move and grow with the map, as Leaflet's own.

  var Sheet = L.Renderer.extend({
    options: { padding: 0.25 },
    initialize: function (pane, paint) {
      L.Renderer.prototype.initialize.call(this, { pane: pane });
      this._paint = paint;
    },
    _initContainer: function () {
      this._container = document.createElement("canvas");
      this._container.setAttribute("aria-hidden", "true");
      this._container.className = this.options.pane;
    },
    _destroyContainer: function () { this._container.remove(); },
    _update: function () {
      if (this._map._animatingZoom && this._bounds) { return; }
      L.Renderer.prototype._update.call(this);
      var size = this._bounds.getSize(), sharp = Math.min(window.devicePixelRatio || 1, 2);
      var canvas = this._container;
      L.DomUtil.setPosition(canvas, this._bounds.min);
      canvas.width = size.x * sharp; canvas.height = size.y * sharp;
      canvas.style.width = size.x + "px"; canvas.style.height = size.y + "px";
      var zoom = this._map.getZoom(), scale = Math.pow(2, zoom);
      var origin = this._map.getPixelOrigin().add(this._bounds.min);
      var ink = canvas.getContext("2d");
      ink.setTransform(sharp, 0, 0, sharp, 0, 0);
      this._paint(ink, {
        zoom: zoom, scale: scale, x: origin.x, y: origin.y, width: size.x, height: size.y,
        shows: function (line) {
          return line.east * scale >= origin.x && line.west * scale <= origin.x + size.x &&
            line.south * scale >= origin.y && line.north * scale <= origin.y + size.y;
        }
      }, isDark() ? DARK : LIGHT);
    }
  });

  function trace(ink, view, rows) {
    ink.beginPath();
    rows.forEach(function (row) {
      row.lines.filter(view.shows).forEach(function (line) {
        line.xs.forEach(function (x, i) {
          ink[i ? "lineTo" : "moveTo"](x * view.scale - view.x, line.ys[i] * view.scale - view.y);
        });
      });
    });
  }

  function paintGround(ink, view, colours) {
    var data = read();
    ink.fillStyle = colours.land;
    ink.fillRect(0, 0, view.width, view.height);
    ink.lineJoin = ink.lineCap = "round";
    if (data.water) {
      trace(ink, view, data.water);
      ink.fillStyle = colours.water;
      ink.fill("evenodd");
    }
    var wide = [];
    LINES.forEach(function (kind) {
      var width = kind[2] * Math.pow(kind[3] / kind[2], (view.zoom - 10) / 6);
      if (view.zoom < kind[1] || !data[kind[0]]) { return; }
      trace(ink, view, data[kind[0]]);
      ink.lineWidth = Math.min(Math.max(width, 0.5), 18);
      ink.strokeStyle = { river: colours.water, rail: colours.track }[kind[0]] || colours.thin[kind[0]];
      if (kind[0] === "rail") { ink.setLineDash([6, 3]); ink.lineCap = "butt"; }
      ink.stroke();
      if (colours.fill[kind[0]] && width > CASED) { wide.push([kind[0], width]); }
    });
    ink.setLineDash([]);
    ink.lineCap = "round";
    // a road that is wide enough is filled, so that crossings run together
    wide.forEach(function (kind) {
      trace(ink, view, data[kind[0]]);
      ink.lineWidth = Math.min(kind[1], 18) - 1.6;
      ink.strokeStyle = colours.fill[kind[0]];
      ink.stroke();
    });
    if (data.rail && wide.length) {
      trace(ink, view, data.rail);
      ink.setLineDash([6, 3]); ink.lineWidth = 2; ink.strokeStyle = colours.track; ink.lineCap = "butt";
      ink.stroke();
      ink.setLineDash([]);
    }
    if (data.park && view.zoom >= 13.5) {
      ink.fillStyle = colours.green;
      data.park.forEach(function (row) {
        ink.beginPath();
        ink.arc(row.lines[0].xs[0] * view.scale - view.x, row.lines[0].ys[0] * view.scale - view.y, 3, 0, 7);
        ink.fill();
      });
    }
  }

  // -- Names: each where no weightier one stands; along the line of a road where that is straight.

  function paintNames(ink, view, colours) {
    var data = read(), taken = new Set();
    ink.textAlign = "center"; ink.textBaseline = "middle"; ink.lineJoin = "round"; ink.lineWidth = 3;

    function cells(at, width, height) {
      var found = [], cos = Math.cos(at.angle), sin = Math.sin(at.angle);
      for (var u = -width / 2; u <= width / 2 + CELL; u += CELL) {
        for (var v = -height / 2; v <= height / 2; v += height / 2) {
          found.push(Math.round((at.x + u * cos - v * sin) / CELL) + "," + Math.round((at.y + u * sin + v * cos) / CELL));
        }
      }
      return found;
    }

    function write(text, at, width, size) {
      var own = cells(at, width + 6, size + 2);
      if (own.some(function (key) { return taken.has(key); })) { return false; }
      own.forEach(function (key) { taken.add(key); });
      ink.save();
      ink.translate(at.x, at.y);
      ink.rotate(at.angle);
      ink.strokeText(text, 0, 0);
      ink.fillText(text, 0, 0);
      ink.restore();
      return true;
    }

    NAMES.forEach(function (kind) {
      if (view.zoom < kind[1] || view.zoom >= kind[2] || !data[kind[0]]) { return; }
      var size = kind[0] === "city" && view.zoom < 10 ? 13 : kind[3];
      ink.font = kind[4] + " " + size + FONT;
      ink.strokeStyle = colours.land;
      ink.fillStyle = kind[0] === "park" ? colours.green : size > 11.2 ? colours.ink : colours.quiet;
      data[kind[0]].forEach(function (row) {
        if (!row.name) { return; }
        var seen = row.lines.filter(view.shows);
        if (!seen.length) { return; }
        var width = ink.measureText(row.name).width, placed = [];
        seen.forEach(function (line) {
          spots(line, view, width, kind[0] === "park" ? 10 : 0).forEach(function (at) {
            var near = placed.some(function (other) { return Math.hypot(other.x - at.x, other.y - at.y) < REPEAT; });
            if (!near && write(row.name, at, width, size)) { placed.push(at); }
          });
        });
      });
    });
  }

  // Where a name may stand: at a point, or at even steps along a line, so that it stays as one pans.
  function spots(line, view, width, below) {
    var xs = line.xs.map(function (x) { return x * view.scale - view.x; });
    var ys = line.ys.map(function (y) { return y * view.scale - view.y; });
    if (xs.length === 1) { return [{ x: xs[0], y: ys[0] + below, angle: 0 }]; }
    var along = [0];
    for (var i = 1; i < xs.length; i += 1) {
      along.push(along[i - 1] + Math.hypot(xs[i] - xs[i - 1], ys[i] - ys[i - 1]));
    }
    var whole = along[along.length - 1], found = [], part = 1;
    if (whole < width + 8) { return []; }
    function point(at) {
      while (part < along.length - 1 && along[part] < at) { part += 1; }
      while (part > 1 && along[part - 1] > at) { part -= 1; }
      var share = (at - along[part - 1]) / (along[part] - along[part - 1] || 1);
      return [xs[part - 1] + share * (xs[part] - xs[part - 1]), ys[part - 1] + share * (ys[part] - ys[part - 1])];
    }
    var count = Math.max(1, Math.floor(whole / (REPEAT / 2)));
    for (var n = 0; n < count; n += 1) {
      var middle = (n + 0.5) * whole / count;
      var a = point(Math.max(0, middle - width / 2)), b = point(Math.min(whole, middle + width / 2));
      var x = (a[0] + b[0]) / 2, y = (a[1] + b[1]) / 2;
      var straight = Math.hypot(b[0] - a[0], b[1] - a[1]) > 0.95 * width;
      if (straight && x > 0 && y > 0 && x < view.width && y < view.height) {
        var angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
        found.push({ x: x, y: y, angle: Math.abs(angle) > Math.PI / 2 ? angle + Math.PI : angle });
      }
    }
    return found;
  }

  window.kwevGround = function (map) {
    [["kwev-ground", 150], ["kwev-areas", 350], ["kwev-labels", 380]].forEach(function (pane) {
      if (map.getPane(pane[0])) { return; }
      map.createPane(pane[0]).style.zIndex = pane[1];
      if (pane[0] !== "kwev-areas") { map.getPane(pane[0]).style.pointerEvents = "none"; }
    });
    var sheets = [new Sheet("kwev-ground", paintGround), new Sheet("kwev-labels", paintNames)];
    function redraw() {
      map.getContainer().style.background = (isDark() ? DARK : LIGHT).land;
      sheets.forEach(function (sheet) { if (sheet._map) { sheet._update(); } });
    }
    sheets.forEach(function (sheet) { sheet.addTo(map); });
    redraw();
    if (!map.attributionControl) { map.attributionControl = L.control.attribution({ prefix: false }).addTo(map); }
    map.attributionControl.setPrefix(false);
    map.attributionControl.addAttribution(
      (window.kwevGroundCredit || "Ground: ") + '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a>');
    new MutationObserver(redraw).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
    window.addEventListener("beforeprint", function () { printing = true; redraw(); });
    window.addEventListener("afterprint", function () { printing = false; redraw(); });
    return { redraw: redraw };
  };
  window.kwevGround.isDark = isDark;
  window.kwevGround.degrees = degrees;
})();
