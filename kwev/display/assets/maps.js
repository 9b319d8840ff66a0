// Draws a map page from its block of JSON: layers of areas, lines and points with popups, keys, scale.
// What comes from data is only ever set as text (textContent, attributes): never as HTML or code.
(function () {
  "use strict";
  var narrow = window.innerWidth < 640;
  L.Control.Layers.mergeOptions({ collapsed: window.innerWidth < 900 });

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

  // A shape drawn as SVG can take the focus: Enter opens what a click opens, Escape closes it.
  function reachable(layer, name) {
    layer.on("add", function () {
      var path = layer.getElement && layer.getElement();
      if (!path) { return; }
      path.setAttribute("tabindex", "0");
      path.setAttribute("role", "button");
      path.setAttribute("aria-label", name);
      path.onkeydown = function (event) {
        if (event.key !== "Enter" && event.key !== " ") { return; }
        event.preventDefault();
        layer.once("popupopen", function (opened) {
          var close = opened.popup.getElement().querySelector(".leaflet-popup-close-button");
          if (close) { close.focus(); }
        });
        layer.once("popupclose", function () { path.focus(); });
        layer.openPopup();
      };
    });
  }

  function finish(layer, title, values, spec) {
    if (title && spec.popup) {
      layer.bindPopup(function () { return popup(title, spec.heads, values); },
        {
        minWidth: narrow ? 200 : 240, maxWidth: narrow ? 250 : 320, maxHeight: narrow ? 200 : 280,
        // clear of the zoom buttons and of the layer control
        autoPanPaddingTopLeft: [52, 8], autoPanPaddingBottomRight: [8, 8]
      });
      if (spec.focus) { reachable(layer, title); }
    }
    if (spec.labels) {
      layer.bindTooltip(function () { return text(title); }, {
        permanent: true, direction: "center", className: "kwev-label", interactive: false
      });
    }
  }

  function look(mark) {
    return {
      color: mark.line, weight: mark.width, fillColor: mark.fill || "none",
      fill: Boolean(mark.fill), fillOpacity: mark.opacity, radius: mark.radius,
      dashArray: mark.dash || null
    };
  }

  // areas: [coordinates of a polygon or of several, mark, title, values]; lines alike
  function addAreas(group, spec) {
    var features = spec.drawn.map(function (area) {
      var several = Array.isArray(spec.lines ? area[0][0][0] : area[0][0][0][0]);
      var type = (several ? "Multi" : "") + (spec.lines ? "LineString" : "Polygon");
      return {
        type: "Feature",
        properties: { m: area[1], t: area[2], v: area[3] },
        geometry: { type: type, coordinates: area[0] }
      };
    });
    L.geoJSON({ type: "FeatureCollection", features: features }, {
      interactive: spec.popup,
      style: function (feature) { return look(spec.marks[feature.properties.m]); },
      onEachFeature: function (feature, layer) {
        finish(layer, feature.properties.t, feature.properties.v, spec);
      }
    }).addTo(group);
  }

  // points: [longitude, latitude, mark, title, values]
  function addPoints(group, spec) {
    spec.drawn.forEach(function (point) {
      var marker = L.circleMarker([point[1], point[0]], look(spec.marks[point[2]]));
      marker.kwevRadius = spec.marks[point[2]].radius;
      finish(marker, point[3], point[4], spec);
      marker.addTo(group);
    });
  }

  // Points grow as the map comes nearer, so that they part where they crowd from afar.
  function scale(map) {
    var factor = Math.min(1.6, Math.max(0.55, 0.55 + 0.22 * (map.getZoom() - 9)));
    map.eachLayer(function (layer) {
      if (layer.kwevRadius) { layer.setRadius(layer.kwevRadius * factor); }
    });
  }

  // order: groups from the ground up, kept so whichever is switched on last.
  function finishMap(map, bounds, order) {
    if (map.attributionControl) { map.removeControl(map.attributionControl); }
    // in a page the source stands below the frame already
    if (window.self !== window.top) { document.body.classList.add("framed"); }
    map.invalidateSize();
    L.control.scale({ imperial: false }).addTo(map);
    var box = map.getContainer();
    var control = box.querySelector(".leaflet-control-layers-expanded");
    map.fitBounds(bounds, {
      paddingTopLeft: [4, 4],
      // an open layer control covers no part of the Region
      paddingBottomRight: [control ? control.offsetWidth + 16 : 4, 4]
    });
    function stack() {
      order.forEach(function (group) { if (map.hasLayer(group)) { group.bringToFront(); } });
      scale(map);
    }
    // In a page one finger scrolls the page; two move the map. On its own the map takes both.
    if (L.Browser.mobile && window.self !== window.top) { map.dragging.disable(); }
    map.on("overlayadd", stack);
    map.on("zoomend", function () { scale(map); });
    stack();
    // Leaflet hears Escape only while the map itself has the focus, not a popup's button
    box.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { map.closePopup(); }
    });
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", document.title);
    var toggle = box.querySelector(".leaflet-control-layers-toggle");
    if (toggle) { toggle.setAttribute("aria-label", "Layers"); }
    box.setAttribute("data-ready", "");
  }

  function draw(drawing) {
    var south = drawing.bounds[0][0], west = drawing.bounds[0][1];
    var north = drawing.bounds[1][0], east = drawing.bounds[1][1];
    var map = L.map("map", {
      center: [(south + north) / 2, (west + east) / 2], zoom: 10, preferCanvas: drawing.canvas,
      zoomSnap: 0.25, minZoom: 8, maxZoom: 17, scrollWheelZoom: false, zoomControl: true
    });
    var overlays = {};
    var groups = drawing.layers.map(function (spec) {
      var group = L.featureGroup();
      (spec.points ? addPoints : addAreas)(group, spec);
      if (spec.show) { group.addTo(map); }
      if (spec.control) { overlays[text(spec.name).innerHTML] = group; }
      return group;
    });
    L.control.layers({}, overlays).addTo(map);
    finishMap(map, drawing.bounds, drawing.order.map(function (i) { return groups[i]; }));
  }

  draw(JSON.parse(document.getElementById("drawing").textContent));
})();
