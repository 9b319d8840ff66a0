// A plan of the page "Change the plan" as the files that kwev reads: plan.json, CSV and GeoJSON.
// The fields are those of kwev/plan/format.py; `kwev check` computes all of them again.
var kwevPlanFile = (function () {
  "use strict";

  // A number as Python writes a float, a whole number as it stands, a list as JSON.
  function written(value, whole) {
    if (Array.isArray(value)) return "[" + value.map(function (x) { return JSON.stringify(x); }).join(", ") + "]";
    return Number.isInteger(value) && !whole ? value + ".0" : String(value);
  }

  // The scenario's canonical text with a question's values in it: what its hash is the hash of.
  function configText(canonical, values) {
    return Object.keys(values).reduce(function (text, key) {
      return text.replace('"@' + key + '"', written(values[key], key.indexOf("ports.") === 0));
    }, canonical);
  }

  function sha256(text) {
    var bytes = Array.from(new TextEncoder().encode(text)), bits = bytes.length * 8, K = [], H = [], n = 2, i, j;
    function root(x, power) { return ((Math.pow(x, power) % 1) * 4294967296) | 0; }
    function prime(x) { for (var d = 2; d * d <= x; d++) if (x % d === 0) return false; return true; }
    for (; K.length < 64; n++) if (prime(n)) { if (H.length < 8) H.push(root(n, 1 / 2)); K.push(root(n, 1 / 3)); }
    bytes.push(128);
    while (bytes.length % 64 !== 56) bytes.push(0);
    for (i = 7; i >= 0; i--) bytes.push(Math.floor(bits / Math.pow(256, i)) & 255);
    function turn(x, by) { return (x >>> by) | (x << (32 - by)); }
    for (i = 0; i < bytes.length; i += 64) {
      var w = [], h = H.slice();
      for (j = 0; j < 64; j++) {
        if (j < 16) {
          var at = i + 4 * j;
          w[j] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
        } else {
          var a = w[j - 15], b = w[j - 2];
          w[j] = (w[j - 16] + w[j - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
        }
        var one = (h[7] + (turn(h[4], 6) ^ turn(h[4], 11) ^ turn(h[4], 25)) + ((h[4] & h[5]) ^ (~h[4] & h[6])) + K[j] + w[j]) | 0;
        var two = ((turn(h[0], 2) ^ turn(h[0], 13) ^ turn(h[0], 22)) + ((h[0] & h[1]) ^ (h[0] & h[2]) ^ (h[1] & h[2]))) | 0;
        h = [(one + two) | 0, h[0], h[1], h[2], (h[3] + one) | 0, h[4], h[5], h[6]];
      }
      H = H.map(function (x, k) { return (x + h[k]) | 0; });
    }
    return H.map(function (x) { return (x >>> 0).toString(16).padStart(8, "0"); }).join("");
  }

  function compare(a, b) { return a < b ? -1 : a > b ? 1 : 0; }

  // The chosen columns in the order of a plan: by kind, then by place.
  function chosen(P, ports) {
    var rank = kwevWhatIf.KINDS, found = [];
    P.list.forEach(function (one, k) { if (ports[k]) found.push(k); });
    return found.sort(function (a, b) {
      var x = P.list[a], y = P.list[b];
      return rank.indexOf(x.kind) - rank.indexOf(y.kind) || compare(x.id, y.id);
    });
  }

  function actions(P, ports, words) {
    var places = P.ground.places, standing = {};
    return chosen(P, ports).map(function (k) {
      var one = P.list[k], i = one.place, n = ports[k], l2 = one.kind === "new_l2" || one.kind === "add_l2";
      var before = standing[i] || [
        places.l2_ports[i], places.l3_ports[i],
        places.l2_ports[i] * places.l2_kw[i] + places.l3_ports[i] * places.l3_kw[i]
      ];
      var after = standing[i] = [
        (one.kind === "upgrade" ? 0 : before[0]) + (l2 ? n : 0), before[1] + (l2 ? 0 : n),
        Math.max(0, before[2] - one.lost_kw + one.kw * n)
      ];
      var purchase = one.fixed_cad + one.port_cad * n;
      return {
        kind: one.kind, id: one.id, place_id: places.id[i], name: places.name[i],
        category: words.categories[places.category[i]], municipality: P.ground.energy.towns[one.town],
        latitude: places.latitude[i] / 1e7, longitude: places.longitude[i] / 1e7,
        l2_ports_before: before[0], l2_ports_after: after[0], l3_ports_before: before[1], l3_ports_after: after[1],
        kw_after: after[2], grid_kw: places.capacity_kw[i], purchase_cad: purchase, resale_cad: one.resale_cad,
        net_cad: purchase - one.resale_cad, operating_cad_per_year: one.yearly + one.port_yearly * n
      };
    });
  }

  // Which cells are covered: `counts` by level and point, or null for all that could be.
  function coveredCells(P, cells, counts) {
    var reached = [0, 1].map(function (at) {
      var L = P.levels[at], could = null;
      if (!counts) {
        could = Int32Array.from(L.base);
        for (var k = 0; k < P.n; k++) if (P.gives[at][k] > 0) {
          for (var e = L.start[P.place[k]]; e < L.start[P.place[k] + 1]; e++) could[L.items[e]] = 1;
        }
      }
      var count = counts ? counts[at] : could;
      return Uint8Array.from(cells.of[at], function (g) { return g === 1 || (g > 1 && count[g - 2] > 0) ? 1 : 0; });
    });
    var sum = { l2: 0, l3: 0, ev_owners: 0 };
    for (var c = 0; c < cells.people.length; c++) {
      if (reached[0][c]) sum.l2 += cells.people[c];
      if (reached[1][c]) sum.l3 += cells.people[c];
      if (reached[0][c] || reached[1][c]) sum.ev_owners += cells.ev[c];
    }
    return { reached: reached, share: { l2: sum.l2 / P.people, l3: sum.l3 / P.people, ev_owners: sum.ev_owners / P.ev } };
  }

  function readCells(raw, levels) {
    function walk(text) {
      var at = 0;
      return kwevWhatIf.unpack(text).map(function (n) { at += n % 2 ? -(n + 1) / 2 : n / 2; return at; });
    }
    var column = walk(raw.column), line = walk(raw.line);
    return {
      ids: column.map(function (x, i) { return "c_" + x + "_" + line[i]; }),
      people: kwevWhatIf.unpack(raw.people).map(function (n) { return n / 1e6; }),
      ev: kwevWhatIf.unpack(raw.ev).map(function (n) { return n / 1e6; }),
      of: levels.map(function (level) { return kwevWhatIf.readCells(level.cells); })
    };
  }

  // `about`: scenario, geography, metric, inputs_sha256, version, solver; `bound` in points.
  function plan(P, ports, text, cells, about, words, bound) {
    var config = JSON.parse(text), now = kwevWhatIf.evaluate(P, ports), done = actions(P, ports, words);
    var base = coveredCells(P, cells, [P.levels[0].base, P.levels[1].base]);
    var after = coveredCells(P, cells, now.cover.map(function (c) { return c.count; }));
    var most = coveredCells(P, cells, null).share, wanted = {
      l2: config.targets.l2, l3: config.targets.l3, ev_owners: config.targets.ev_owners.share
    };
    var enforced = config.targets.ev_owners.enforce ? ["l2", "l3", "ev_owners"] : ["l2", "l3"];
    var short = { l2: null, l3: null, ev_owners: null }, total = P.enforced ? now.unserved : 0;
    enforced.forEach(function (name) { short[name] = Math.max(0, wanted[name] - after.share[name]); total += short[name]; });
    var witness = { actions: done.map(function (a) { return [a.id, ports[P.index[a.id]]]; }).sort(function (a, b) { return compare(a[0], b[0]); }) };
    var witnesses = {}, coverage = {}, model = {}, beyond = null, met = 100 * total <= 1e-6;
    ["l2", "l3", "ev_owners"].forEach(function (name) {
      coverage[name] = {
        before: base.share[name], after: after.share[name], target: wanted[name], attainable: after.share[name],
        ceiling: most[name], bound_checked: null
      };
      model[name] = { before: base.share[name], after: after.share[name] };
      witnesses["attainable_" + name] = witness;
      if (!beyond && enforced.indexOf(name) >= 0 && most[name] < wanted[name]) beyond = name;
    });
    if (met) witnesses.least_budget = witness;
    function ids(at) { return cells.ids.filter(function (_, c) { return after.reached[at][c]; }).sort(); }
    return {
      format_version: 2, scenario: about.scenario, geography: about.geography, metric: config.coverage.metric,
      inputs_sha256: about.inputs_sha256, config_sha256: sha256(text), config: config, actions: done,
      objective_parts: Object.assign({ idle_energy: 0 }, now.parts),
      quality: { objective: now.value, bound_checked: null, gap_checked: null, status: "not_proven" },
      model_covered: { l2: ids(0), l3: ids(1) }, coverage: coverage, model_coverage: model,
      shortfall: Object.assign(short, {
        demand: P.enforced ? now.unserved : null, rules: {}, total_points: 100 * total, bound_checked_points: null
      }),
      cost: {
        purchase_cad: now.money.purchase, resale_cad: now.money.resale, net_cad: now.money.net,
        operating_cad_per_year: now.money.yearly, budget_cad: P.budget,
        least_budget_cad: met ? now.money.net : null, least_budget_bound_checked_cad: null,
        no_least_budget: met ? null : {
          code: beyond ? "out_of_reach" : "not_sought", target: beyond,
          wanted: beyond ? wanted[beyond] : null, most: beyond ? most[beyond] : null
        }
      },
      witnesses: witnesses, proof: { missing: "not_asked", branches: {} }, certificate: null,
      solver_says: {
        kwev_version: about.version, name: "browser", version: about.version, licence: "open source", reason: "asked_for",
        ended: "limit", bound: Math.max(bound, now.value), shortfall_bound_points: 0, settings: about.solver
      }
    };
  }

  function geojson(done) {
    return {
      type: "FeatureCollection",
      features: done.map(function (a) {
        return { type: "Feature", id: a.id, geometry: { type: "Point", coordinates: [a.longitude, a.latitude] }, properties: a };
      })
    };
  }

  // As kwev/escape.py writes a cell: an apostrophe keeps a spreadsheet from computing a text.
  function csv(done) {
    var names = done.length ? Object.keys(done[0]) : [];
    function cell(value) {
      var text = String(value);
      if (typeof value === "string" && /^'*[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/.test(text)) text = "'" + text;
      return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
    }
    return [names.join(",")].concat(done.map(function (a) {
      return names.map(function (name) { return cell(a[name]); }).join(",");
    })).join("\n") + "\n";
  }

  return { configText: configText, sha256: sha256, actions: actions, coveredCells: coveredCells, readCells: readCells, plan: plan, geojson: geojson, csv: csv };
})();
