// A tract chosen on the map, in the table or in the address bar (#5410012.00): its power by month
// and its sites. Texts are set as text, never as HTML.
(function () {
  "use strict";
  var STEPS = [0, 20, 50, 100, 300];
  var shown = document.getElementById("tract");
  var layers = {};

  function number(kw) {
    return Number(Number(kw).toPrecision(3)).toLocaleString("en-CA");
  }

  function add(parent, name, text) {
    var made = document.createElement(name);
    if (text !== undefined) { made.textContent = text; }
    parent.appendChild(made);
    return made;
  }

  function fact(list, name, text) {
    add(list, "dt", name);
    add(list, "dd", text);
  }

  function choose(data, id, jump) {
    var tract = data.tracts[id];
    shown.textContent = "";
    Object.keys(layers).forEach(function (key) {
      layers[key].setStyle({ weight: key === id ? 4 : 1 });
    });
    if (!tract) { return; }
    if (layers[id]) { layers[id].bringToFront(); }
    var heading = add(shown, "h3", "Tract " + id + ", " + tract.town);
    heading.tabIndex = -1;
    var list = add(shown, "dl");
    fact(list, "Added by the plan", number(tract.added) + " kW");
    tract.months.forEach(function (kw, at) {
      if (kw) { fact(list, "In months " + data.months[at], number(kw) + " kW"); }
    });
    fact(list, "Today, with the plan", number(tract.before) + " kW, " + number(tract.after) + " kW");
    fact(list, "Grid proxy", number(tract.proxy) + " kW; with the plan " +
      (100 * tract.share).toFixed(1) + "% in use");
    var sites = add(shown, "ul");
    tract.sites.forEach(function (site) {
      var item = add(sites, "li");
      add(item, "a", site.name).href = site.link;
      item.appendChild(document.createTextNode(": " + number(site.kw) + " kW, months " +
        site.months + "; limit " + number(site.limit_kw) + " kW (" + site.source + ")" +
        (site.feeder ? ", feeder " + site.feeder : "")));
    });
    if (jump) {
      shown.scrollIntoView({ block: "nearest" });
      heading.focus({ preventScroll: true });
    }
  }

  function colour(kw) {
    var step = STEPS.filter(function (from) { return kw > from; }).length;
    return step ? 0.12 + 0.14 * step : 0;
  }

  function draw(data, areas) {
    var box = document.getElementById("tract-map");
    box.hidden = false;
    var map = L.map(box, { keyboard: false, scrollWheelZoom: false, zoomSnap: 0.25 });
    map.attributionControl.setPrefix("");
    L.geoJSON(areas, {
      style: function (feature) {
        var tract = data.tracts[feature.properties.area_id];
        return { color: "#0072b2", weight: 1, fillColor: "#0072b2",
          fillOpacity: colour(tract ? tract.added : 0) };
      },
      onEachFeature: function (feature, layer) {
        var id = feature.properties.area_id;
        layers[id] = layer;
        layer.bindTooltip(id + ": " + number(data.tracts[id].added) + " kW added");
        layer.on("click", function () { window.location.hash = "tract=" + id; });
      }
    }).addTo(map);
    map.fitBounds(L.geoJSON(areas).getBounds(), { padding: [4, 4] });
    if (window.kwevGround) { window.kwevGround(map); }
    // the table below does all that the map does: no tract is a tab stop
    box.querySelectorAll("path").forEach(function (path) { path.setAttribute("tabindex", "-1"); });
  }

  Promise.all([window.kwev.take("utility"), window.kwev.take("utility-areas")]).then(function (both) {
    function follow(jump) {
      choose(both[0], decodeURIComponent(window.location.hash.replace(/^#tract=/, "")), jump);
    }
    draw(both[0], both[1]);
    follow(false);
    window.addEventListener("hashchange", function () { follow(true); });
  });
})();
