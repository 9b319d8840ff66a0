// What a reader types, found by name: streets with numbers, areas, stations and sites.
// The words of a query may be short or long, in any case, with or without accents and commas.
(function () {
  "use strict";
  const QUOTES = /['\u2018\u2019\u02bc]/g;
  const FSA = /^[a-z]\d[a-z]$/;
  const LOCAL = /^\d[a-z]\d$/;
  const KINDS = ["postal code", "municipality", "settlement", "street", "station", "site"];
  const UNITS = new Set(["unit", "apt", "apartment", "suite"]);
  const NOISE = new Set(["on", "ont", "ontario", "canada"]);

  function plain(text) {
    const bare = text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
    return bare.replace(QUOTES, "").match(/[a-z0-9]+/g) || [];
  }

  function spelling(words, text) {
    return plain(text).map((word) => (Object.hasOwn(words, word) ? words[word] : word));
  }

  // the number that a query begins with ("12-120 King": the second), and its other words
  function parsed(words, text) {
    let parts = plain(text).flatMap((word) => (/^[a-z]\d[a-z]\d[a-z]\d$/.test(word) ? [word.slice(0, 3), word.slice(3)] : [word]));
    parts = parts.filter((word, i) => !UNITS.has(word) && !UNITS.has(parts[i - 1] || ""));
    const codes = parts.filter((word) => FSA.test(word));
    const rest = parts.filter((word) => !FSA.test(word) && !LOCAL.test(word));
    if (codes.length && !rest.length) { return { number: null, words: codes, code: true }; }
    let number = null;
    if (rest.length > 1 && /^\d+[a-z]?$/.test(rest[0])) {
      if (rest.length > 2 && /^\d+[a-z]?$/.test(rest[1])) { rest.shift(); }
      number = parseInt(rest.shift(), 10);
    }
    const kept = rest.filter((word, i) => i === 0 || !NOISE.has(word));
    return { number: number, words: kept.map((word) => (Object.hasOwn(words, word) ? words[word] : word)), code: false };
  }

  function indexOf(names, chargers) {
    const town = (at) => (at === null ? "" : names.towns[at]);
    const items = names.streets.map((row, id) => ({
      kind: "street", id: id, name: row[0], town: town(row[1]), more: row[6] || "",
      low: row[2], high: row[3], middle: [row[4], row[5] * 100, 0]
    }));
    names.areas.forEach((row) => items.push({
      kind: row[1], name: row[0], town: row[1] === "settlement" ? town(row[2]) : "", more: "", spot: row[3], people: row[4], shares: row[5]
    }));
    chargers.places.forEach((row, id) => items.push({
      kind: row[8] & 3 ? "station" : "site", id: id, name: row[1], town: town(row[3]), more: row[2], spot: row[6], drive: row[7]
    }));
    const forms = {};
    Object.entries(names.words).forEach(([long, short]) => { (forms[short] = forms[short] || []).push(long); });
    items.forEach((item) => {
      item.words = spelling(names.words, item.name);
      item.around = spelling(names.words, item.town + " " + item.more.replace(/\|/g, " "));
    });
    return { items: items, words: names.words, forms: forms };
  }

  // 2 for the same word, 1 for its beginning (of a long form too), 0 for another
  function alike(index, word, asked) {
    if (word === asked) { return 2; }
    if (word.startsWith(asked)) { return 1; }
    return (index.forms[word] || []).some((form) => form.startsWith(asked)) ? 1 : 0;
  }

  function rank(index, item, asked) {
    const open = item.words.slice();
    let partly = 0;
    let named = 0;
    let first = 2;
    for (let i = 0; i < asked.words.length; i += 1) {
      const likes = open.map((word) => alike(index, word, asked.words[i]));
      const best = Math.max(0, ...likes);
      if (best) {
        const at = likes.indexOf(best);
        if (i === 0 && open[at] === item.words[0]) { first = 2 - best; }
        partly += 2 - best;
        named += 1;
        open.splice(at, 1);
        continue;
      }
      const around = Math.max(0, ...item.around.map((word) => alike(index, word, asked.words[i])));
      if (!around) { return null; }
      partly += 2 - around;
    }
    if (!named) { return null; }
    const inside = asked.number === null || (item.kind === "street" && item.low && asked.number >= item.low && asked.number <= item.high);
    const whole = open.length === 0 && asked.words.length > 1 ? 0 : open.length < 3 ? 1 : 2;
    return [inside ? 0 : 1, first, whole, KINDS.indexOf(item.kind), partly, item.kind === "street" ? item.low - item.high : 0];
  }

  function label(item, number) {
    const street = item.kind === "street";
    const start = street && number !== null ? number + " " : "";
    const settlement = street && item.more && !item.more.includes("|") ? ", " + item.more : "";
    return start + item.name + settlement + (item.town ? ", " + item.town : "");
  }

  function matches(index, asked) {
    const found = [];
    index.items.forEach((item) => {
      if (asked.code !== (item.kind === "postal code") || (asked.number !== null && item.kind !== "street")) { return; }
      const score = rank(index, item, asked);
      if (score) { found.push({ item: item, number: item.kind === "street" ? asked.number : null, score: score }); }
    });
    return found;
  }

  // the best matches, at most `most`: {item, number, label}; a number may stand behind its street too
  function search(index, text, most) {
    const asked = parsed(index.words, text);
    if (!asked.words.length) { return []; }
    let found = matches(index, asked);
    const last = asked.words.findIndex((word, i) => i > 0 && /^\d+$/.test(word));
    if (!found.length && asked.number === null && last > 0) {
      found = matches(index, { number: Number(asked.words[last]), words: asked.words.filter((_, i) => i !== last), code: false });
    }
    const text_of = (one) => label(one.item, one.number);
    found.sort((a, b) => {
      for (let i = 0; i < a.score.length; i += 1) {
        if (a.score[i] !== b.score[i]) { return a.score[i] - b.score[i]; }
      }
      return text_of(a) < text_of(b) ? -1 : text_of(a) > text_of(b) ? 1 : 0;
    });
    return found.slice(0, most).map((one) => ({ item: one.item, number: one.number, label: text_of(one) }));
  }

  // edits between two words: letters added, left out, changed or swapped; more than `most` is told as most + 1
  function edits(one, other, most) {
    if (Math.abs(one.length - other.length) > most) { return most + 1; }
    let before = [];
    let last = Array.from({ length: other.length + 1 }, (_, i) => i);
    for (let i = 1; i <= one.length; i += 1) {
      const row = [i];
      for (let j = 1; j <= other.length; j += 1) {
        const same = one[i - 1] === other[j - 1] ? 0 : 1;
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + same);
        if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) { row[j] = Math.min(row[j], before[j - 2] + 1); }
      }
      before = last;
      last = row;
    }
    return last[other.length];
  }

  // names spelt nearest to what was asked, where nothing is found: word by word, in its short or long form
  function nearest(index, text, most) {
    const asked = parsed(index.words, text);
    const found = [];
    index.items.forEach((item) => {
      if (item.kind === "postal code" || (asked.number !== null && item.kind !== "street")) { return; }
      const off = apart(index, item, asked.words);
      if (off !== null) { found.push({ item: item, number: item.kind === "street" ? asked.number : null, off: off }); }
    });
    found.sort((a, b) => a.off - b.off || (label(a.item, a.number) < label(b.item, b.number) ? -1 : 1));
    return found.slice(0, most).map((one) => ({ item: one.item, number: one.number, label: label(one.item, one.number) }));
  }

  // edits that lead from the words of a name to those asked; null where they are too many
  function apart(index, item, asked) {
    const count = Math.min(item.words.length, asked.length);
    let sum = 0;
    let letters = 0;
    for (let i = 0; i < count; i += 1) {
      const most = Math.max(1, Math.floor(asked[i].length / 3));
      const forms = [item.words[i], ...(index.forms[item.words[i]] || [])];
      const off = Math.min(...forms.map((form) => edits(asked[i], form, most)));
      if (off > most) { return null; }
      sum += off;
      letters += asked[i].length;
    }
    const others = asked.slice(count).filter((word) => !item.around.includes(word)).length;
    if (!letters || sum > letters / 3 || others > 1) { return null; }
    return sum + 0.5 * (item.words.length - count) + others;
  }

  window.kwevPlaceSearch = { spelling: spelling, parsed: parsed, indexOf: indexOf, search: search, nearest: nearest, label: label };
})();
