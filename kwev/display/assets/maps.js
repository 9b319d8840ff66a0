// Draws a map page from its block of JSON: layers of areas, lines and points with popups, keys, scale.
// What comes from data is only ever set as text (textContent, attributes): never as HTML or code.
(function () {
  "use strict";
  var narrow = window.innerWidth < 640;
  var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  L.Control.Layers.mergeOptions({ collapsed: window.innerWidth < 900 });

  // A mark in the form of a square: what is planned. It is hit, sized and styled as a circle is.
  L.SVG.include({
    _updateSquare: function (layer) {
      var p = layer._point, r = Math.max(Math.round(layer._radius), 1) * 0.9;
      this._setPath(layer, layer._empty() ? "M0 0" :
        "M" + (p.x - r) + "," + (p.y - r) + "h" + 2 * r + "v" + 2 * r + "h" + -2 * r + "z");
    }
  });
  L.Canvas.include({
    _updateSquare: function (layer) {
      if (!this._drawing || layer._empty()) { return; }
      var p = layer._point, r = Math.max(Math.round(layer._radius), 1) * 0.9;
      this._ctx.beginPath();
      this._ctx.rect(p.x - r, p.y - r, 2 * r, 2 * r);
      this._fillStroke(this._ctx, layer);
    }
  });
  var Square = L.CircleMarker.extend({ _updatePath: function () { this._renderer._updateSquare(this); } });

  // Leaflet takes names as HTML
  function text(words) {
    var box = document.createElement("span");
    box.textContent = words;
    return box;
  }

  function popup(title, heads, values) {
    var box = document.createElement("div");
    if (title) {
      box.appendChild(document.createElement("strong")).textContent = title;
    }
    if (!values) { return box; }
    var list = box.appendChild(document.createElement("dl"));
    heads.forEach(function (head, i) {
      list.appendChild(document.createElement("dt")).textContent = head;
      list.appendChild(document.createElement("dd")).textContent = values[i];
    });
    return box;
  }

  function finish(layer, mark, title, values, spec) {
    layer.kwev = { mark: mark, title: title };
    if (title && spec.popup) {
      layer.bindPopup(function () { return popup(title, spec.heads, values); }, {
        minWidth: 240, maxWidth: 320, maxHeight: narrow ? 200 : 280, autoPan: !narrow,
        // clear of the zoom buttons and of the layer control
        autoPanPaddingTopLeft: [52, 8], autoPanPaddingBottomRight: [8, 8]
      });
    }
    if (spec.labels) {
      layer.bindTooltip(function () { return text(title); }, {
        permanent: true, direction: "center", className: "kwev-label", interactive: false
      });
    }
  }

  function look(mark) {
    var colours = kwevGround.isDark() ? mark.night : mark;
    return {
      color: colours.line, weight: mark.width, fillColor: colours.fill || "none",
      fill: Boolean(mark.fill), fillOpacity: mark.opacity, dashArray: mark.dash || null
    };
  }

  function unfold(part) { return typeof part === "string" ? kwevGround.degrees(part) : part.map(unfold); }

  // areas: [rings of a polygon or of several as encoded polylines, mark, title, values]; lines alike.
  // What is filled lies in a pane of its own, through which the ground is seen.
  function addAreas(group, spec, panes) {
    var features = spec.drawn.map(function (area) {
      var several = Array.isArray(spec.lines ? area[0] : area[0][0]);
      var type = (several ? "Multi" : "") + (spec.lines ? "LineString" : "Polygon");
      return {
        type: "Feature",
        properties: { m: area[1], t: area[2], v: area[3] },
        geometry: { type: type, coordinates: unfold(area[0]) }
      };
    });
    L.geoJSON({ type: "FeatureCollection", features: features }, {
      interactive: spec.popup, smoothFactor: 0.4,
      style: function (feature) {
        var mark = spec.marks[feature.properties.m];
        return L.extend(look(mark), mark.fill ? { renderer: panes.areas } : {});
      },
      onEachFeature: function (feature, layer) {
        var p = feature.properties;
        finish(layer, spec.marks[p.m], p.t, p.v, spec);
      }
    }).addTo(group);
  }

  // points: [longitude, latitude, mark, title, values]
  function addPoints(group, spec) {
    spec.drawn.forEach(function (point) {
      var mark = spec.marks[point[2]], Form = mark.square ? Square : L.CircleMarker;
      var marker = new Form([point[1], point[0]], L.extend(look(mark), { radius: mark.radius }));
      finish(marker, mark, point[3], point[4], spec);
      marker.addTo(group);
    });
  }

  // Every mark of a group, also those in groups within it.
  function marksOf(group) {
    var found = [];
    group.eachLayer(function (layer) {
      if (layer.kwev) { found.push(layer); } else if (layer.eachLayer) { found = found.concat(marksOf(layer)); }
    });
    return found;
  }

  // One stop of the Tab key for a whole layer: arrow keys lead from mark to mark, Page Up and Page
  // Down through the list, Enter opens what a click opens, Escape closes it and comes back.
  function reachable(map, group, spec, said) {
    var marks = marksOf(group).filter(function (mark) { return mark.getPopup(); });
    if (!marks.length) { return; }
    var here = 0;
    var ring = L.marker(place(marks[0]), {
      pane: "kwev-cursor", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "kwev-cursor", iconSize: [28, 28] })
    });

    function place(mark) {
      return mark.getLatLng ? mark.getLatLng() : mark.getBounds().getCenter();
    }

    function go(index) {
      here = index;
      ring.setLatLng(place(marks[here]));
      var words = marks[here].kwev.title + ", " + (here + 1) + " of " + marks.length;
      ring.getElement().setAttribute("aria-label", spec.name + ": " + words);
      map.panInside(place(marks[here]), { padding: [56, 56], animate: false });
      return words;
    }

    function toward(x, y) {
      var from = map.latLngToLayerPoint(place(marks[here])), best = here, least = Infinity;
      marks.forEach(function (mark, i) {
        var to = map.latLngToLayerPoint(place(mark)).subtract(from);
        var along = to.x * x + to.y * y, aside = Math.abs(to.x * y) + Math.abs(to.y * x);
        if (i === here || along <= 0 || aside > 2 * along) { return; }
        if (along + 2 * aside < least) { least = along + 2 * aside; best = i; }
      });
      return best;
    }

    function open(element) {
      marks[here].once("popupopen", function (opened) {
        var close = opened.popup.getElement().querySelector(".leaflet-popup-close-button");
        if (close) { close.focus({ preventScroll: true }); }
      });
      marks[here].once("popupclose", function () { element.focus({ preventScroll: true }); });
      marks[here].openPopup(place(marks[here]));
    }

    ring.on("add", function () {
      var element = ring.getElement();
      element.setAttribute("tabindex", "0");
      element.setAttribute("role", "button");
      element.setAttribute("aria-describedby", "kwev-keys");
      element.setAttribute("aria-label", spec.name + ": " + marks[here].kwev.title + ", " + (here + 1) + " of " + marks.length);
      element.addEventListener("focus", function () { if (map._loaded) { go(here); } });
      element.addEventListener("keydown", function (event) {
        var last = marks.length - 1;
        var next = {
          ArrowLeft: function () { return toward(-1, 0); }, ArrowRight: function () { return toward(1, 0); },
          ArrowUp: function () { return toward(0, -1); }, ArrowDown: function () { return toward(0, 1); },
          PageDown: function () { return Math.min(here + 1, last); },
          PageUp: function () { return Math.max(here - 1, 0); },
          Home: function () { return 0; }, End: function () { return last; }
        }[event.key];
        if (next) { said.textContent = go(next()); }
        else if (event.key === "Enter" || event.key === " ") { open(element); }
        else { return; }
        event.preventDefault();
        event.stopPropagation();
      });
    });
    ring.addTo(group);
  }

  // Points grow as the map comes nearer, so that they part where they crowd from afar.
  function scale(map, groups) {
    var factor = Math.min(1.6, Math.max(0.55, 0.55 + 0.22 * (map.getZoom() - 9)));
    groups.forEach(function (group) {
      marksOf(group).forEach(function (mark) {
        if (mark.setRadius) { mark.setRadius(mark.kwev.mark.radius * factor); }
      });
    });
  }

  // On a phone facts stand at the map's foot, as wide as it is; the mark stays in sight above them.
  function asSheet(map) {
    var box = map.getContainer();
    map.on("popupopen", function (event) {
      if (box.clientWidth >= 480) { return; }
      var sheet = event.popup.getElement();
      sheet.classList.add("kwev-sheet");
      box.appendChild(sheet);
      map.panInside(event.popup.getLatLng(), {
        paddingTopLeft: [24, 24], paddingBottomRight: [24, sheet.offsetHeight + 32], animate: false
      });
    });
  }

  // A canvas of points lies over the areas: what it does not hit itself it hands down.
  function handDown(map) {
    map.on("click", function (event) {
      var click = event.originalEvent;
      if (!click || click.target.tagName !== "CANVAS") { return; }
      var below = document.elementsFromPoint(click.clientX, click.clientY).filter(function (element) {
        return element.tagName === "path" && element.classList.contains("leaflet-interactive");
      })[0];
      if (!below) { return; }
      below.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: click.clientX, clientY: click.clientY }));
    });
  }

  function addWords(box) {
    var keys = document.createElement("p"), said = document.createElement("p");
    keys.id = "kwev-keys";
    keys.textContent = "Arrow keys: the next mark in that direction. Page Down: the next in the list. Enter: details. Escape: close.";
    said.setAttribute("aria-live", "polite");
    [keys, said].forEach(function (words) { words.className = "kwev-heard"; box.appendChild(words); });
    return said;
  }

  // order: groups from the ground up, kept so whichever is switched on last.
  function finishMap(map, drawing, groups) {
    // in a page the source stands below the frame already
    if (window.self !== window.top) { document.body.classList.add("framed"); }
    map.invalidateSize();
    L.control.scale({ imperial: false }).addTo(map);
    var box = map.getContainer();
    var control = box.querySelector(".leaflet-control-layers-expanded");
    map.fitBounds(drawing.bounds, {
      paddingTopLeft: [4, 4],
      // an open layer control covers no part of the Region
      paddingBottomRight: [control ? control.offsetWidth + 16 : 4, 4]
    });
    function stack() {
      drawing.order.forEach(function (i) { if (map.hasLayer(groups[i])) { groups[i].bringToFront(); } });
      scale(map, groups);
    }
    // In a page one finger scrolls the page; two move the map. On its own the map takes both.
    if (L.Browser.mobile && window.self !== window.top) { map.dragging.disable(); }
    map.on("overlayadd", stack);
    map.on("zoomend", function () { scale(map, groups); });
    stack();
    var said = addWords(box);
    groups.forEach(function (group, i) { reachable(map, group, drawing.layers[i], said); });
    asSheet(map);
    if (drawing.canvas) { handDown(map); }
    // Leaflet hears Escape only while the map itself has the focus, not a popup's button
    box.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { map.closePopup(); }
    });
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", document.title);
    var toggle = box.querySelector(".leaflet-control-layers-toggle");
    if (toggle) { toggle.setAttribute("aria-label", "Layers"); }
    new MutationObserver(function () {
      groups.forEach(function (group) {
        marksOf(group).forEach(function (mark) { mark.setStyle(look(mark.kwev.mark)); });
      });
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    box.setAttribute("data-ready", "");
  }

  function draw(drawing) {
    var south = drawing.bounds[0][0], west = drawing.bounds[0][1];
    var north = drawing.bounds[1][0], east = drawing.bounds[1][1];
    var map = L.map("map", {
      center: [(south + north) / 2, (west + east) / 2], zoom: 10, preferCanvas: drawing.canvas,
      zoomSnap: 0.25, minZoom: 8, maxZoom: 17, scrollWheelZoom: false, zoomControl: true,
      fadeAnimation: !still, zoomAnimation: !still, markerZoomAnimation: !still, inertia: !still
    });
    kwevGround(map);
    map.createPane("kwev-cursor").style.zIndex = 640;
    var panes = { areas: L.svg({ pane: "kwev-areas" }) };
    var overlays = {};
    var groups = drawing.layers.map(function (spec) {
      var group = L.featureGroup();
      (spec.points ? addPoints : addAreas)(group, spec, panes);
      if (spec.show) { group.addTo(map); }
      if (spec.control) { overlays[text(spec.name).innerHTML] = group; }
      return group;
    });
    L.control.layers({}, overlays).addTo(map);
    finishMap(map, drawing, groups);
  }

  var legend = document.querySelector(".kwev-legend");
  if (narrow) { legend.removeAttribute("open"); }
  window.addEventListener("beforeprint", function () { legend.setAttribute("open", ""); });
  draw(JSON.parse(document.getElementById("drawing").textContent));
})();
