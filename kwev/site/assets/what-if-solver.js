// The solver of the page "Change the plan": pure functions, no page, no network.
//
// A question is the scenario's configuration with a reader's values, and what is forced in or out.
// Greedy by gain per dollar gives a plan; it is then torn open in places and closed again. Beside
// it a Lagrangian bound comes down by subgradient steps: whatever the multipliers are, no plan is
// better than the bound, as kwev/certify/dual_bound.py shows. All code stands in one function, so
// that a worker can be made from its text where a page is opened from a folder.
var kwevWhatIfMake = function () {
  "use strict";
  var KINDS = ["upgrade", "new_l3", "new_l2", "add_l3", "add_l2"];
  var FIT = 1e-6; // kW and dollars that rounding may take

  // -- reading what kwev/site/what_if_data.py packs -------------------------------------------

  function unpack(text) {
    var bytes = atob(text), found = [], value = 0, scale = 1;
    for (var i = 0; i < bytes.length; i++) {
      var byte = bytes.charCodeAt(i);
      value += (byte & 127) * scale;
      if (byte < 128) { found.push(value); value = 0; scale = 1; } else { scale *= 128; }
    }
    return found;
  }

  function unpackLists(text, count) {
    var numbers = unpack(text), lists = [], at = 0;
    for (var i = 0; i < count; i++) {
      var back = numbers[at++], size = numbers[at++], own = [];
      for (var j = 0; j < size; j++) own.push(j ? own[j - 1] + 1 + numbers[at++] : numbers[at++]);
      lists.push(back ? apart(lists[i - back], own) : own);
    }
    return lists;
  }

  function apart(a, b) { // what is in one of two rising lists alone
    var found = [], i = 0, j = 0;
    while (i < a.length || j < b.length) {
      if (j >= b.length || a[i] < b[j]) found.push(a[i++]);
      else if (i >= a.length || b[j] < a[i]) found.push(b[j++]);
      else { i++; j++; }
    }
    return found;
  }

  function flat(lists, size) { // lists one behind the other, and for each number who has it
    var start = new Int32Array(lists.length + 1), total = 0;
    lists.forEach(function (list, i) { total += list.length; start[i + 1] = total; });
    var items = new Int32Array(total), from = new Int32Array(size + 1), owners = new Int32Array(total);
    lists.forEach(function (list, i) { items.set(list, start[i]); });
    items.forEach(function (g) { from[g + 1]++; });
    for (var g = 0; g < size; g++) from[g + 1] += from[g];
    var next = from.slice();
    lists.forEach(function (list, i) { list.forEach(function (one) { owners[next[one]++] = i; }); });
    return { start: start, items: items, from: from, owners: owners };
  }

  function scaled(text, unit) { return Float64Array.from(unpack(text), function (n) { return n / unit; }); }

  // Points of a level: how many, what each holds, and which places reach it.
  function readLevel(raw, places) {
    var base = Int32Array.from(unpack(raw.base));
    return Object.assign(flat(unpackLists(raw.reach, places), base.length), {
      size: base.length, base: base, always: raw.always,
      people: scaled(raw.people, 1e6), ev: scaled(raw.ev, 1e6), weight: scaled(raw.weight, 1e13),
      part: scaled(raw.part, 16383)
    });
  }

  // Point of each cell: 0 never, 1 always, else 2 and its number.
  function readCells(text) {
    var most = -1;
    return Int32Array.from(unpack(text), function (back) {
      var number = most + 1 - back;
      most = Math.max(most, number);
      return number;
    }).slice(2);
  }

  // -- the question -----------------------------------------------------------------------------

  // What may be done: one column a kind of action and place, as in kwev/model/siting.py.
  function actions(ground, config) {
    var p = ground.places, costs = config.costs, run = config.operating, ports = config.ports;
    var kw2 = config.power.l2_kw, kw3 = config.power.l3_kw, found = [];
    var land = config.siting.land.map(function (name) { return ground.lands.indexOf(name); });
    function add(kind, i, more) {
      var l2 = kind === "new_l2" || kind === "add_l2";
      var one = Object.assign({
        kind: kind, place: i, id: kind + "_" + p.id[i], town: p.town[i], uses2: 1, uses3: 1,
        gives2: 0, gives3: 0, lost_kw: 0, resale_cad: 0,
        kw: l2 ? kw2 : kw3, port_cad: l2 ? costs.l2_port_cad : costs.l3_port_cad,
        fixed_cad: l2 ? costs.l2_station_cad : costs.l3_station_cad,
        port_yearly: l2 ? run.l2_port_cad_per_year : run.l3_port_cad_per_year,
        yearly: l2 ? run.l2_station_cad_per_year : run.l3_station_cad_per_year,
        least: l2 ? ports.min_l2 : ports.min_l3, most: l2 ? ports.max_new_l2 : ports.max_new_l3
      }, more);
      if (kind.slice(0, 3) === "add") Object.assign(one, { fixed_cad: 0, yearly: 0, least: 1 });
      var standing = p.l2_ports[i] * p.l2_kw[i] + p.l3_ports[i] * p.l3_kw[i];
      one.room_kw = p.capacity_kw[i] - standing + one.lost_kw;
      one.most = Math.min(one.most, Math.floor((one.room_kw + FIT) / one.kw));
      if (one.most >= one.least) found.push(one);
    }
    p.id.forEach(function (_, i) {
      var l2 = p.l2_ports[i], l3 = p.l3_ports[i];
      if (!p.station[i]) {
        if (land.indexOf(p.land[i]) < 0) return;
        add("new_l2", i, { gives2: 1 });
        add("new_l3", i, { gives3: 1 });
        return;
      }
      if (l2 && !l3) add("upgrade", i, {
        gives2: -1, gives3: 1, lost_kw: l2 * p.l2_kw[i],
        resale_cad: costs.resale_factor * (costs.l2_station_cad + costs.l2_port_cad * l2),
        yearly: run.l3_station_cad_per_year - run.l2_station_cad_per_year - run.l2_port_cad_per_year * l2
      });
      if (l2 && ports.add_l2) add("add_l2", i, { uses3: 0 });
      if (l3 && ports.add_l3) add("add_l3", i, { uses2: 0 });
    });
    return found;
  }

  function column(list, name, Type) { return Type.from(list, function (one) { return one[name]; }); }

  // All that search and bound read, as arrays. `forced`: {in: action ids, out: place ids}.
  function problem(ground, levels, config, forced) {
    var list = actions(ground, config), n = list.length, energy = ground.energy, w = config.weights;
    var need = energy.need_kwh.reduce(function (a, b) { return a + b; }, 0);
    var P = {
      list: list, n: n, places: ground.places.id.length, levels: [levels.l2, levels.l3],
      ground: ground, config: config, people: ground.people, ev: ground.ev,
      budget: config.budget.limit_cad, price: 100 * config.objective.shortfall_points_per_point,
      gain: [100 * w.l2, 100 * w.l3], target: [config.targets.l2, config.targets.l3],
      perCad: w.cost_points_per_million_cad / 1e6,
      perYearlyCad: w.operating_points_per_million_cad * config.operating.years / 1e6,
      need: Float64Array.from(energy.need_kwh, function (kwh) { return kwh / need; }),
      supply: Float64Array.from(energy.supply_kwh, function (kwh) { return kwh / need; }),
      perKw: energy.kwh_per_kw / need, place: column(list, "place", Int32Array), town: column(list, "town", Int32Array),
      gives: [column(list, "gives2", Int8Array), column(list, "gives3", Int8Array)],
      uses: [column(list, "uses2", Uint8Array), column(list, "uses3", Uint8Array)],
      least: column(list, "least", Int32Array), most: column(list, "most", Int32Array),
      net: Float64Array.from(list, function (a) { return a.fixed_cad - a.resale_cad; }),
      portCad: column(list, "port_cad", Float64Array), yearly: column(list, "yearly", Float64Array),
      portYearly: column(list, "port_yearly", Float64Array), kw: column(list, "kw", Float64Array),
      lostKw: column(list, "lost_kw", Float64Array), roomKw: column(list, "room_kw", Float64Array),
      free: new Uint8Array(n).fill(1), must: new Uint8Array(n), unknown: []
    };
    P.enforced = config.demand.enforce && need > 0;
    P.lack = P.need.map(function (share, m) { return P.enforced ? Math.max(0, share - P.supply[m]) : 0; });
    P.index = {};
    P.of = [];
    for (var i = 0; i < P.places; i++) P.of.push([]);
    list.forEach(function (one, k) { P.index[one.id] = k; P.of[one.place].push(k); });
    P.alone = [0, 1].map(function (at) { return aloneOf(P, at); });
    (forced.out || []).forEach(function (id) {
      var place = ground.index[id];
      if (place === undefined) P.unknown.push(id);
      else P.of[place].forEach(function (k) { P.free[k] = 0; });
    });
    (forced.in || []).forEach(function (id) {
      var k = P.index[id];
      var clash = k === undefined || P.of[P.place[k]].some(function (o) { return o !== k && P.must[o] && meet(P, o, k); });
      if (clash || !P.free[k]) P.unknown.push(id);
      else if (!P.must[k]) { P.must[k] = 1; }
    });
    P.sets = P.of.map(function (options) { return setsOf(P, options); });
    return P;
  }

  function meet(P, a, b) { return (P.uses[0][a] && P.uses[0][b]) || (P.uses[1][a] && P.uses[1][b]); }

  // People whom an action reaches alone of those that nobody reaches today, as shares; what is missing.
  function aloneOf(P, at) {
    var L = P.levels[at], today = L.always[0], share = new Float64Array(P.n), k, e;
    for (k = 0; k < L.size; k++) if (L.base[k] > 0) today += L.people[k];
    var missing = Math.max(0, P.target[at] - today / P.people);
    for (k = 0; k < P.n; k++) {
      if (P.gives[at][k] <= 0) continue;
      var sum = 0, p = P.place[k];
      for (e = L.start[p]; e < L.start[p + 1]; e++) if (!L.base[L.items[e]]) sum += L.people[L.items[e]];
      share[k] = Math.min(missing, sum / P.people);
    }
    return { missing: missing, share: share };
  }

  // -- what a plan is worth ----------------------------------------------------------------------

  // `ports`: of each column how many it adds, 0 where it is not done. All in points and shares.
  function evaluate(P, ports) {
    var cover = [0, 1].map(function (at) {
      var L = P.levels[at], count = L.base.slice(), sum = { people: L.always[0], ev: L.always[1], weight: L.always[2] };
      for (var k = 0; k < P.n; k++) if (ports[k] && P.gives[at][k]) {
        for (var e = L.start[P.place[k]]; e < L.start[P.place[k] + 1]; e++) count[L.items[e]] += P.gives[at][k];
      }
      for (var g = 0; g < L.size; g++) if (count[g] > 0) {
        sum.people += L.people[g]; sum.ev += L.ev[g]; sum.weight += L.weight[g];
      }
      return Object.assign(sum, { count: count, share: sum.people / P.people });
    });
    var supply = P.supply.slice(), money = { purchase: 0, resale: 0, yearly: 0 };
    for (var k = 0; k < P.n; k++) if (ports[k]) {
      var one = P.list[k];
      supply[one.town] += P.perKw * (one.kw * ports[k] - one.lost_kw);
      money.purchase += one.fixed_cad + one.port_cad * ports[k];
      money.resale += one.resale_cad;
      money.yearly += one.yearly + one.port_yearly * ports[k];
    }
    var unserved = 0;
    P.need.forEach(function (need, m) { unserved += P.enforced ? Math.max(0, need - supply[m]) : 0; });
    var short = [0, 1].map(function (at) { return Math.max(0, P.target[at] - cover[at].share); });
    money.net = money.purchase - money.resale;
    var parts = {
      l2: P.gain[0] * cover[0].weight, l3: P.gain[1] * cover[1].weight, net_cost: -P.perCad * money.net,
      operating_cost: -P.perYearlyCad * money.yearly, shortfall: -P.price * (short[0] + short[1] + unserved)
    };
    var value = parts.l2 + parts.l3 + parts.net_cost + parts.operating_cost + parts.shortfall;
    return { value: value, parts: parts, cover: cover, money: money, short: short, unserved: unserved };
  }

  // -- search ------------------------------------------------------------------------------------

  // A plan that can be changed action by action; what each place would bring is kept up to date.
  function State(P) {
    this.P = P;
    this.ports = new Int32Array(P.n);
    this.used = [new Uint8Array(P.places), new Uint8Array(P.places)];
    this.kw = new Float64Array(P.places);
    this.cost = 0;
    this.supply = P.supply.slice();
    this.levels = P.levels.map(function (L) {
      var own = {
        count: L.base.slice(), share: L.always[0] / P.people,
        openW: new Float64Array(P.places), openP: new Float64Array(P.places), // nobody serves yet
        soleW: new Float64Array(P.places), soleP: new Float64Array(P.places) // one place alone serves
      };
      for (var g = 0; g < L.size; g++) {
        if (L.base[g] > 0) own.share += L.people[g] / P.people;
        if (L.base[g] === 0) put(L, P, g, own.openW, own.openP, 1);
        if (L.base[g] === 1) put(L, P, g, own.soleW, own.soleP, 1);
      }
      return own;
    });
  }

  function put(L, P, g, weights, people, sign) {
    for (var e = L.from[g]; e < L.from[g + 1]; e++) {
      weights[L.owners[e]] += sign * L.weight[g];
      people[L.owners[e]] += sign * L.people[g] / P.people;
    }
  }

  State.prototype.change = function (k, ports) { // does an action, or undoes it with ports below 0
    var P = this.P, sign = ports > 0 ? 1 : -1, p = P.place[k];
    for (var at = 0; at < 2; at++) {
      if (P.uses[at][k]) this.used[at][p] = sign > 0 ? 1 : 0;
      var step = sign * P.gives[at][k];
      if (!step) continue;
      var L = P.levels[at], own = this.levels[at];
      for (var e = L.start[p]; e < L.start[p + 1]; e++) {
        var g = L.items[e], before = own.count[g], after = before + step;
        own.count[g] = after;
        if (before === 0 || after === 0) {
          put(L, P, g, own.openW, own.openP, before === 0 ? -1 : 1);
          own.share += (before === 0 ? 1 : -1) * L.people[g] / P.people;
        }
        if (before === 1) put(L, P, g, own.soleW, own.soleP, -1);
        if (after === 1) put(L, P, g, own.soleW, own.soleP, 1);
      }
    }
    this.ports[k] += ports;
    this.cost += sign * P.net[k] + ports * P.portCad[k];
    this.kw[p] += ports * P.kw[k] - sign * P.lostKw[k];
    this.supply[P.town[k]] += P.perKw * (ports * P.kw[k] - sign * P.lostKw[k]);
  };

  State.prototype.more = function (k, ports) { // ports more or fewer at an action that is done
    var P = this.P;
    this.ports[k] += ports;
    this.cost += ports * P.portCad[k];
    this.kw[P.place[k]] += ports * P.kw[k];
    this.supply[P.town[k]] += P.perKw * ports * P.kw[k];
  };

  State.prototype.served = function (m, kw) { // share that energy of so many kW more would serve
    if (!this.P.enforced) return 0;
    var lack = this.P.need[m] - this.supply[m];
    return Math.max(0, lack) - Math.max(0, lack - this.P.perKw * kw);
  };

  State.prototype.gain = function (k, ports) { // points that an action would bring
    var P = this.P, p = P.place[k], found = 0;
    for (var at = 0; at < 2; at++) {
      var gives = P.gives[at][k], own = this.levels[at];
      if (!gives) continue;
      var weight = gives > 0 ? own.openW[p] : -own.soleW[p], people = gives > 0 ? own.openP[p] : -own.soleP[p];
      var short = P.target[at] - own.share;
      found += P.gain[at] * weight + P.price * (Math.max(0, short) - Math.max(0, short - people));
    }
    found += P.price * this.served(P.town[k], P.kw[k] * ports - P.lostKw[k]);
    return found - P.perCad * (P.net[k] + ports * P.portCad[k]) - P.perYearlyCad * (P.yearly[k] + ports * P.portYearly[k]);
  };

  State.prototype.may = function (k) {
    var P = this.P, p = P.place[k];
    if (!P.free[k] || this.ports[k] || (P.uses[0][k] && this.used[0][p]) || (P.uses[1][k] && this.used[1][p])) return false;
    return this.kw[p] + P.least[k] * P.kw[k] <= P.roomKw[k] + FIT;
  };

  // Adds what brings most for its money until nothing fits; `noise` shakes the order.
  State.prototype.fill = function (noise, random) {
    var P = this.P;
    for (;;) {
      var best = 0, chosen = -1, extra = false, left = P.budget - this.cost + FIT;
      for (var k = 0; k < P.n; k++) {
        var ports, cad, gain;
        if (this.ports[k]) {
          var lacks = P.enforced && this.supply[P.town[k]] < P.need[P.town[k]] - 1e-12;
          if (!lacks || this.ports[k] >= P.most[k] || P.portCad[k] > left) continue;
          if (this.kw[P.place[k]] + P.kw[k] > P.roomKw[k] - P.lostKw[k] + FIT) continue;
          cad = P.portCad[k];
          gain = P.price * this.served(P.town[k], P.kw[k]) - P.perCad * cad - P.perYearlyCad * P.portYearly[k];
        } else {
          ports = P.least[k];
          cad = P.net[k] + ports * P.portCad[k];
          if (cad > left || !this.may(k)) continue;
          gain = this.gain(k, ports);
        }
        if (gain <= 1e-9) continue;
        var score = gain / Math.max(cad, 1);
        if (noise) score *= 1 + noise * (random() - 0.5);
        if (score > best) { best = score; chosen = k; extra = this.ports[k] > 0; }
      }
      if (chosen < 0) return;
      if (extra) this.more(chosen, 1); else this.change(chosen, P.least[chosen]);
    }
  };

  State.prototype.drop = function (k) { this.change(k, -this.ports[k]); };

  State.prototype.become = function (ports) { // the given plan, by the differences to this one
    for (var k = 0; k < this.ports.length; k++) if (this.ports[k] && this.ports[k] !== ports[k]) this.drop(k);
    for (k = 0; k < this.ports.length; k++) if (ports[k] && !this.ports[k]) this.change(k, ports[k]);
  };

  State.prototype.points = function () { // the plan's value from the sums kept here
    var P = this.P, found = 0, k;
    for (var at = 0; at < 2; at++) {
      var L = P.levels[at], count = this.levels[at].count, weight = L.always[2];
      for (var g = 0; g < L.size; g++) if (count[g] > 0) weight += L.weight[g];
      found += P.gain[at] * weight - P.price * Math.max(0, P.target[at] - this.levels[at].share);
    }
    for (k = 0; k < P.n; k++) if (this.ports[k]) {
      found -= P.perCad * (P.net[k] + this.ports[k] * P.portCad[k]) + P.perYearlyCad * (P.yearly[k] + this.ports[k] * P.portYearly[k]);
    }
    if (P.enforced) P.need.forEach(function (need, m) { found -= P.price * Math.max(0, need - this.supply[m]); }, this);
    return found;
  };

  function randomOf(seed) { // mulberry32: the same question is searched the same way
    return function () {
      seed = (seed + 0x6d2b79f5) | 0;
      var t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  function Search(P, seed) {
    this.P = P;
    this.state = new State(P);
    this.random = randomOf(7);
    this.rounds = 0;
    for (var k = 0; k < P.n; k++) if (P.must[k]) this.state.change(k, P.least[k]);
    this.over = this.state.cost > P.budget + FIT ? this.state.cost - P.budget : 0;
    if (!this.over) this.state.fill(0, this.random);
    this.now = this.state.points();
    this.keep();
    if (!this.over && seed && seed.length) this.from(seed);
  }

  // Starts from a known plan, [id, ports] each, as far as the question allows it, if that is better.
  Search.prototype.from = function (seed) {
    var P = this.P, state = this.state;
    state.become(P.must.map(function (must, k) { return must ? P.least[k] : 0; }));
    seed.forEach(function (one) {
      var k = P.index[one[0]];
      if (k === undefined || !state.may(k)) return;
      var ports = Math.min(P.most[k], Math.max(P.least[k], one[1]));
      if (state.cost + P.net[k] + ports * P.portCad[k] <= P.budget + FIT) state.change(k, ports);
    });
    state.fill(0, this.random);
    this.now = state.points();
    if (this.now > this.best) this.keep();
    else { state.become(this.ports); this.now = this.best; }
  };

  Search.prototype.keep = function () { this.best = this.now; this.ports = this.state.ports.slice(); };

  // Tears the plan open at one spot, or for one action more, and fills it again.
  Search.prototype.round = function () {
    var P = this.P, state = this.state, random = this.random, before = state.ports.slice(), k;
    var chosen = [];
    for (k = 0; k < P.n; k++) if (state.ports[k] && !P.must[k]) chosen.push(k);
    var centre = -1;
    if (random() < 0.35 || !chosen.length) { // an action that is not done yet, at the price of others
      for (var tries = 0; tries < 30 && centre < 0; tries++) {
        k = Math.floor(random() * P.n);
        if (state.may(k) && P.net[k] + P.least[k] * P.portCad[k] <= P.budget && state.gain(k, P.least[k]) > 0) centre = k;
      }
      if (centre >= 0) state.change(centre, P.least[centre]);
    }
    var size = 1 + Math.floor(random() * 8), away = this.apart(centre >= 0 ? centre : chosen[Math.floor(random() * chosen.length)]);
    if (chosen.length) {
      if (random() < 0.6) chosen.sort(function (a, b) { return away[P.place[a]] - away[P.place[b]]; });
      else for (var i = 0; i < Math.min(size, chosen.length); i++) {
        var j = i + Math.floor(random() * (chosen.length - i)), swap = chosen[i];
        chosen[i] = chosen[j]; chosen[j] = swap;
      }
      for (i = 0; i < chosen.length && (i < size || state.cost > P.budget + FIT); i++) state.drop(chosen[i]);
    }
    if (state.cost > P.budget + FIT) { state.become(before); return; }
    state.fill(random() < 0.5 ? 0 : 0.3, random);
    var value = state.points(), heat = 0.02 * Math.pow(0.999, this.rounds++) + 1e-9;
    if (value > this.now - heat * -Math.log(1 - random())) {
      this.now = value;
      if (value > this.best + 1e-9) this.keep();
    } else state.become(before);
    if (this.rounds % 400 === 0) { state.become(this.ports); this.now = this.best; }
  };

  Search.prototype.apart = function (k) { // squared distance of each place to that of an action
    var where = this.P.ground.places, p = k === undefined ? 0 : this.P.place[k];
    var found = new Float64Array(this.P.places);
    for (var i = 0; i < found.length; i++) {
      var x = (where.longitude[i] - where.longitude[p]) * 0.726, y = where.latitude[i] - where.latitude[p];
      found[i] = x * x + y * y;
    }
    return found;
  };

  // -- bound -------------------------------------------------------------------------------------

  // Multipliers: `part` of each point's gain that its covering row takes, points a dollar (budget),
  // a share of a target and of the energy of a municipality. None is below 0.
  function multipliers(P, rows) {
    var clamp = function (value, most) { return Math.min(Math.max(0, value || 0), most); };
    return {
      part: P.levels.map(function (L) { return Float64Array.from(L.part); }),
      budget: Math.max(0, rows.budget === undefined ? 5 : rows.budget) / 1e6,
      target: [clamp(rows.target_l2, P.price), clamp(rows.target_l3, P.price)],
      alone: [0, 0],
      town: Float64Array.from(P.lack, function (lack, m) {
        var stored = rows["unserved_" + P.ground.energy.ids[m]];
        return lack > 0 ? clamp(stored, P.price) : 0;
      })
    };
  }

  // No plan has more points than `value`; `slope` is a subgradient of it. With `capped` energy that
  // one action gives beyond what a municipality lacks counts for nothing:
  // unserved + sum of min(energy, lack) over the actions >= lack holds in every plan.
  function bound(P, M, capped) {
    var value = M.budget * P.budget, slope = {
      part: P.levels.map(function (L) { return new Float64Array(L.size); }), budget: P.budget,
      target: [0, 0], alone: [0, 0], town: new Float64Array(P.need.length), ports: new Int32Array(P.n)
    };
    var pays = [], gains = [], at, g, e, k, i;
    for (at = 0; at < 2; at++) {
      var L = P.levels[at], share = M.target[at] / P.people, gain = new Float64Array(L.size);
      var pay = new Float64Array(L.size), place = new Float64Array(P.places), part = M.part[at];
      value += P.gain[at] * L.always[2] + M.target[at] * (L.always[0] / P.people - P.target[at]);
      value -= M.alone[at] * P.alone[at].missing;
      for (g = 0; g < L.size; g++) {
        gain[g] = P.gain[at] * L.weight[g] + share * L.people[g];
        pay[g] = part[g] * gain[g];
        value += gain[g] - pay[g] + pay[g] * L.base[g];
      }
      for (var p = 0; p < P.places; p++) {
        var sum = 0;
        for (e = L.start[p]; e < L.start[p + 1]; e++) sum += pay[L.items[e]];
        place[p] = sum;
      }
      pays.push(place);
      gains.push(gain);
    }
    P.lack.forEach(function (lack, m) { value -= M.town[m] * lack; slope.town[m] = -lack; });
    var chosen = new Int32Array(P.n), profit = rates(P, M, chosen, capped);
    for (k = 0; k < P.n; k++) {
      if (!P.free[k]) continue;
      for (at = 0; at < 2; at++) {
        if (P.gives[at][k]) profit[k] += P.gives[at][k] * pays[at][P.place[k]];
        if (M.alone[at]) profit[k] += M.alone[at] * P.alone[at].share[k];
      }
    }
    for (p = 0; p < P.places; p++) {
      var sets = P.sets[p], take = sets[0], most = -Infinity;
      for (var i = 0; i < sets.length; i++) {
        var total = 0;
        for (e = 0; e < sets[i].length; e++) total += profit[sets[i][e]];
        if (total > most) { most = total; take = sets[i]; }
      }
      value += most;
      for (e = 0; e < take.length; e++) slope.ports[take[e]] = chosen[take[e]];
    }
    rise(P, M, slope, gains, capped);
    return { value: value, slope: slope };
  }

  // What each action brings beside covering, at its best ports: energy less money.
  function rates(P, M, chosen, capped) {
    var found = new Float64Array(P.n);
    for (var k = 0; k < P.n; k++) {
      if (!P.free[k]) continue;
      // linear in the ports but for the one bend where a municipality lacks no more
      var each = -(M.budget + P.perCad) * P.portCad[k] - P.perYearlyCad * P.portYearly[k], per = M.town[P.town[k]];
      var bend = (P.lack[P.town[k]] / P.perKw + P.lostKw[k]) / P.kw[k], best = -Infinity;
      for (var i = 0; i < (per && capped !== false ? 4 : 2); i++) {
        var ports = i === 0 ? P.least[k] : i === 1 ? P.most[k] : i === 2 ? Math.floor(bend) : Math.ceil(bend);
        if (ports < P.least[k] || ports > P.most[k]) continue;
        var rest = each * ports - (M.budget + P.perCad) * P.net[k] - P.perYearlyCad * P.yearly[k];
        if (per) rest += per * given(P, k, ports, capped !== false);
        if (rest > best) { best = rest; if (chosen) chosen[k] = ports; }
      }
      found[k] = best;
    }
    return found;
  }

  function given(P, k, ports, capped) { // energy of an action that counts, as a share
    var share = P.perKw * (ports * P.kw[k] - P.lostKw[k]);
    return capped ? Math.min(Math.max(0, share), P.lack[P.town[k]]) : share;
  }

  // What a place may do: none, one or two of its actions; what is forced in is in each set.
  function setsOf(P, options) {
    var sets = [[]], i, j;
    for (i = 0; i < options.length; i++) {
      sets.push([options[i]]);
      for (j = i + 1; j < options.length; j++) if (!meet(P, options[i], options[j])) sets.push([options[i], options[j]]);
    }
    return sets.filter(function (set) {
      return set.every(function (k) { return P.free[k]; })
        && options.every(function (k) { return !P.must[k] || set.indexOf(k) >= 0; });
    });
  }

  function rise(P, M, slope, gains, capped) { // fills in the slope at the actions taken
    for (var at = 0; at < 2; at++) {
      var L = P.levels[at], count = Float64Array.from(L.base), gain = gains[at], part = M.part[at];
      for (var k = 0; k < P.n; k++) if (slope.ports[k]) {
        if (P.gives[at][k]) for (var e = L.start[P.place[k]]; e < L.start[P.place[k] + 1]; e++) count[L.items[e]] += P.gives[at][k];
        slope.alone[at] += P.alone[at].share[k];
      }
      var share = L.always[0];
      for (var g = 0; g < L.size; g++) {
        slope.part[at][g] = gain[g] * (count[g] - 1);
        share += L.people[g] * (1 + part[g] * (count[g] - 1));
      }
      slope.target[at] = share / P.people - P.target[at];
      slope.alone[at] -= P.alone[at].missing;
    }
    for (k = 0; k < P.n; k++) if (slope.ports[k]) {
      slope.budget -= P.net[k] + slope.ports[k] * P.portCad[k];
      slope.town[P.town[k]] += given(P, k, slope.ports[k], capped);
    }
  }

  // Subgradient steps on the multipliers; the least bound seen is kept.
  function Dual(P, rows) {
    this.P = P;
    this.M = multipliers(P, rows || {});
    this.best = Infinity;
    this.reach = 1;
    this.stale = 0;
    this.steps = 0;
    this.way = null;
    this.rows = rows || {};
    this.prices = { budget: this.M.budget, town: this.M.town.slice(), target: this.M.target.slice() };
    this.kept = this.M;
    this.best = bound(P, this.M, true).value;
    this.factor = 1.6;
    this.turn = -1; // first as stored
    this.better = false;
  }

  var SCALE = { part: 1, budget: 0.5, target: 20, town: 1000 };

  // The stored parts made fit for other prices of money and energy: no action may pay off. Parts
  // shrink where one would, then rise again as far as all who reach a point leave room.
  function fitted(P, M) {
    var best = rates(P, M);
    M.part = M.part.map(function (part, at) {
      var L = P.levels[at], share = M.target[at] / P.people, room = new Float64Array(P.places).fill(Infinity), g, e, p;
      for (var k = 0; k < P.n; k++) if (P.free[k] && P.gives[at][k] > 0) {
        room[P.place[k]] = Math.min(room[P.place[k]], Math.max(0, -best[k] - M.alone[at] * P.alone[at].share[k]));
      }
      var gain = new Float64Array(L.size), pay = new Float64Array(L.size), ratio = new Float64Array(P.places);
      for (g = 0; g < L.size; g++) { gain[g] = P.gain[at] * L.weight[g] + share * L.people[g]; pay[g] = part[g] * gain[g]; }
      for (p = 0; p < P.places; p++) {
        var sum = 0;
        for (e = L.start[p]; e < L.start[p + 1]; e++) sum += pay[L.items[e]];
        ratio[p] = sum > room[p] ? room[p] / sum : 1;
      }
      for (g = 0; g < L.size; g++) {
        var least = 1;
        for (e = L.from[g]; e < L.from[g + 1]; e++) least = Math.min(least, ratio[L.owners[e]]);
        pay[g] *= least;
      }
      for (p = 0; p < P.places; p++) for (e = L.start[p]; e < L.start[p + 1]; e++) room[p] -= pay[L.items[e]];
      for (g = 0; g < L.size; g++) {
        var more = L.base[g] ? 0 : gain[g] - pay[g];
        for (e = L.from[g]; e < L.from[g + 1] && more > 0; e++) more = Math.min(more, room[L.owners[e]]);
        if (more <= 0) continue;
        pay[g] += more;
        for (e = L.from[g]; e < L.from[g + 1]; e++) room[L.owners[e]] -= more;
      }
      return pay.map(function (x, i) { return gain[i] > 0 ? Math.min(1, x / gain[i]) : 0; });
    });
    return M;
  }

  // One try before the first step: another price of money, energy or a target, kept where it helps.
  Dual.prototype.tune = function () {
    var P = this.P, from = this.prices, f = this.factor, way = this.turn;
    var M = multipliers(P, this.rows);
    M.budget = from.budget * (way === 0 ? f : way === 1 ? 1 / f : 1);
    function moved(price, up, down) { return way === up ? price + (P.price - price) * (1 - 1 / f) : way === down ? price / f : price; }
    M.town = from.town.map(function (price, m) { return P.lack[m] > 0 ? moved(price, 2, 3) : 0; });
    M.target = from.target.map(function (price, at) { return moved(price, 4 + 2 * at, 5 + 2 * at); });
    var prices = { budget: M.budget, town: M.town.slice(), target: M.target.slice() };
    var value = bound(P, fitted(P, M), true).value;
    if (value < this.best - 1e-7) { this.best = value; this.kept = M; this.prices = prices; this.better = true; return; }
    this.turn = (way + 1) % 8;
    if (this.turn) return;
    if (!this.better) this.factor = Math.sqrt(f);
    this.better = false;
    if (this.factor < 1.03) this.back();
  };

  Dual.prototype.step = function (value) {
    this.steps++;
    if (this.factor >= 1.03) { this.tune(); return; }
    var P = this.P, M = this.M, now = bound(P, M, true), s = now.slope, norm = 1e-12, i, at;
    if (now.value < this.best - 1e-7) {
      if (now.value < this.best - 1e-4 * Math.max(1e-3, this.best - value)) this.stale = 0;
      this.best = now.value;
      this.kept = { part: M.part.map(copy), budget: M.budget, target: M.target.slice(), alone: M.alone.slice(), town: M.town.slice() };
    }
    if (++this.stale > 12) { this.reach *= 0.7; this.stale = 0; this.back(); return; }
    if (this.reach < 1e-4) return;
    // the last direction stays in part: steps do not zigzag
    var d = this.way;
    if (!d) d = this.way = { part: s.part.map(function (a) { return new Float64Array(a.length); }), budget: 0, target: [0, 0], alone: [0, 0], town: new Float64Array(s.town.length) };
    var KEEP = 0.6;
    for (at = 0; at < 2; at++) {
      for (i = 0; i < s.part[at].length; i++) { d.part[at][i] = KEEP * d.part[at][i] + s.part[at][i]; norm += SCALE.part * d.part[at][i] * d.part[at][i]; }
      d.target[at] = KEEP * d.target[at] + s.target[at];
      d.alone[at] = KEEP * d.alone[at] + s.alone[at];
      norm += SCALE.target * (d.target[at] * d.target[at] + d.alone[at] * d.alone[at]);
    }
    d.budget = KEEP * d.budget + s.budget / 1e6;
    norm += SCALE.budget * d.budget * d.budget;
    for (i = 0; i < s.town.length; i++) { d.town[i] = KEEP * d.town[i] + s.town[i]; norm += SCALE.town * d.town[i] * d.town[i]; }
    var step = this.reach * Math.max(1e-6, now.value - value) / norm;
    for (at = 0; at < 2; at++) {
      var part = M.part[at];
      for (i = 0; i < part.length; i++) part[i] = Math.min(1, Math.max(0, part[i] - step * SCALE.part * d.part[at][i]));
      M.target[at] = Math.min(P.price, Math.max(0, M.target[at] - step * SCALE.target * d.target[at]));
      M.alone[at] = Math.min(P.price - M.target[at], Math.max(0, M.alone[at] - step * SCALE.target * d.alone[at]));
    }
    M.budget = Math.max(0, M.budget - step * SCALE.budget * d.budget / 1e6);
    for (i = 0; i < M.town.length; i++) if (P.lack[i] > 0) M.town[i] = Math.min(P.price, Math.max(0, M.town[i] - step * SCALE.town * d.town[i]));
  };

  Dual.prototype.back = function () {
    var k = this.kept;
    this.M = { part: k.part.map(copy), budget: k.budget, target: k.target.slice(), alone: k.alone.slice(), town: k.town.slice() };
    this.way = null;
  };

  function copy(array) { return array.slice(); }

  // -- one question from start to end --------------------------------------------------------------

  function Answer(P, rows, seed) {
    this.P = P;
    this.search = new Search(P, seed);
    this.dual = new Dual(P, rows);
    this.nothing = evaluate(P, new Int32Array(P.n)).value;
    this.spent = 0;
  }

  Answer.prototype.work = function (ms) {
    var end = Date.now() + ms, half = Date.now() + ms / 2;
    do { this.dual.step(this.search.best); } while (Date.now() < half && this.dual.reach >= 1e-4);
    if (!this.search.over) do { this.search.round(); } while (Date.now() < end);
    this.spent += ms;
  };

  // `gap`: how much more than this plan gains over doing nothing the best could gain (share).
  Answer.prototype.state = function () {
    var value = evaluate(this.P, this.search.ports).value, best = Math.max(value, this.dual.best + 1e-7);
    return {
      value: value, bound: best, nothing: this.nothing, ports: this.search.ports, over: this.search.over,
      gap: (best - value) / Math.max(1e-6, Math.abs(value - this.nothing)), rounds: this.search.rounds, steps: this.dual.steps
    };
  };

  // Takes messages, posts answers; works in slices, so that a new question ends an old one.
  function engine(post) {
    var ground = null, levels = {}, current = null;
    return function (message) {
      if (message.ground) ground = message.ground;
      if (message.level) levels[message.level] = readLevel(message.raw, ground.places.id.length);
      if (message.stop) current = null;
      if (!message.ask) return;
      current = message.ask;
      var q = message, P = problem(ground, { l2: levels[q.l2], l3: levels[q.l3] }, q.config, q.forced);
      var answer = new Answer(P, q.rows, q.seed), began = Date.now();
      function tell(done) { post(Object.assign(answer.state(), { ask: q.ask, done: done, unknown: P.unknown })); }
      tell(answer.search.over > 0);
      (function go() {
        if (current !== q.ask || answer.search.over) return;
        answer.work(q.slice_ms);
        var done = Date.now() - began > q.most_ms || answer.state().gap <= q.enough;
        tell(done);
        if (!done) setTimeout(go, 0);
      })();
    };
  }

  return {
    KINDS: KINDS, engine: engine, unpack: unpack, unpackLists: unpackLists, readLevel: readLevel, readCells: readCells, problem: problem, evaluate: evaluate,
    multipliers: multipliers, bound: bound, Search: Search, Dual: Dual, Answer: Answer
  };
};
var kwevWhatIf = kwevWhatIfMake();
