// Numbers as people write them: "405B", "40%", "54 to 75 days", "65B±5%", "4050亿". The same rules as Python's
// `comptometer.notation`, `units` and `vocabulary`, held to them by the cases that both are tested with.
(function () {
  "use strict";
  var page = window.comptometer;
  var LONGEST = 200, LARGEST = 1e60, UPPER_BOUND_SPAN = 10, Z90 = 1.6448536269514722;
  var SUFFIXES = { K: 1e3, k: 1e3, M: 1e6, B: 1e9, T: 1e12, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7,
    "亿": 1e8, "十亿": 1e9, "百亿": 1e10, "千亿": 1e11, "万亿": 1e12 };
  var NUMBER = "((?:\\d{1,3}(?:,\\d{3})+|\\d+)(?:\\.\\d+)?|\\.\\d+)([eE][+-]?\\d+)?" +
    "(万亿|千亿|百亿|十亿|千万|百万|[千万亿]|[kKMBT](?![A-Za-z]))?(\\s?%)?";
  var RANGE = /\s+to\s+|\s*\.\.\.?\s*|\s*[–—]\s*|\s*[至到]\s*|(?<=[\d.%kKMBT千万亿])\s*-\s*(?=[\d.])/g;
  var SPREAD = /\s*(±|\+\/-|×\/÷|x\/÷|\*\/\/|x\/:)\s*/;
  var MIDDLE = /^([^()]*[^()\s])\s*\(([^()]*)\)(\s*(?:[A-Za-z$一-鿿][^()]*)?)$/;
  var BINDING = { "+": 1, "*": 2, "×": 2, "/": 2, "^": 3 };

  // A text that cannot be read: why, as the name of a message.
  function Unread(why, values) { this.why = why; this.values = values || {}; }
  function refuse(why, values) { throw new Unread(why, values); }

  // A text → { belief, unit }: the shape of the belief with its numbers, and the unit as written.
  function parse(text) {
    var said = checked(text);
    if (said[0] === "<" || said[0] === "≤") {
      var bound = quantity(said.slice(1));
      positive(bound.value);
      return { belief: { shape: "loguniform", low: bound.value / UPPER_BOUND_SPAN, high: bound.value }, unit: bound.unit };
    }
    var uniform = said.indexOf("uniform ") === 0;
    var body = uniform ? said.slice("uniform ".length) : said;
    var spread = uniform ? null : SPREAD.exec(body);
    if (spread) return around(body.slice(0, spread.index), spread[1], body.slice(spread.index + spread[0].length));
    var central = uniform ? null : MIDDLE.exec(body);
    var ends = central ? bounds(central[2]) : null;
    if (ends) return middled(central[1], ends[0], ends[1] + central[3]);
    ends = bounds(body);
    if (ends) return interval(ends[0], ends[1], uniform);
    if (uniform) refuse("uniform");
    var plain = quantity(body);
    return { belief: { shape: "point", value: plain.value }, unit: plain.unit };
  }

  function checked(text) {
    var said = text.trim().replace(/[０-９]/g, function (digit) { return String.fromCharCode(digit.charCodeAt(0) - 0xfee0); });
    if (!said) refuse("missing");
    if (said.length > LONGEST) refuse("long", { n: said.length });
    if (said.indexOf("兆") >= 0) refuse("region");
    if ("~≈>≥".indexOf(said[0]) >= 0) refuse("unsure");
    return said;
  }

  function bounds(body) {
    var found = Array.from(body.matchAll(RANGE));
    if (found.length > 1) refuse("ends");
    return found.length ? [body.slice(0, found[0].index), body.slice(found[0].index + found[0][0].length)] : null;
  }

  function interval(lowText, highText, uniform) {
    var found = bothEnds(lowText, highText);
    if (found.low === found.high) return { belief: { shape: "point", value: found.low }, unit: found.unit };
    if (uniform) return { belief: { shape: "uniform", low: found.low, high: found.high }, unit: found.unit };
    positive(found.low);
    var sigma = (Math.log(found.high) - Math.log(found.low)) / (2 * Z90);
    var median = Math.sqrt(found.low) * Math.sqrt(found.high);
    return { belief: { shape: "lognormal", median: median, sigma: sigma }, unit: found.unit };
  }

  function bothEnds(lowText, highText) { // in the unit that is written with the second
    var first = quantity(lowText), second = quantity(highText), low = first.value;
    if (first.unit && first.unit !== second.unit) refuse("units");
    if (lowText.indexOf("%") >= 0 && highText.indexOf("%") < 0) refuse("percent");
    var scale = saidOnce(lowText, highText);
    if (scale && low * scale <= second.value) low *= scale; // "5 to 10B" says B once; "500,000 to 1M" does not
    if (low > second.value) refuse("upside");
    return { low: low, high: second.value, unit: second.unit };
  }

  function saidOnce(lowText, highText) { // what "10B" says for both ends of "5 to 10B"
    var low = new RegExp("^" + NUMBER + "$").exec(lowText.trim()), high = new RegExp("^" + NUMBER).exec(highText.trim());
    if (!low || !high || low[3] || low[4] || low[2]) return null;
    return (SUFFIXES[high[3]] || 1) / (high[4] ? 100 : 1);
  }

  function middled(middleText, lowText, highText) { // "2.1e25 (8.2e24 to 4.4e25) FLOP"
    var middle = quantity(middleText), found = bothEnds(lowText, highText);
    if (middle.unit && middle.unit !== found.unit) refuse("units");
    positive(found.low);
    if (!(found.low < middle.value && middle.value < found.high)) refuse("inside");
    var belief = { shape: "split", median: middle.value, below: Math.log(middle.value / found.low) / Z90,
      above: Math.log(found.high / middle.value) / Z90 };
    return { belief: belief, unit: found.unit };
  }

  function around(middleText, sign, widthText) {
    var middle = quantity(middleText), width = quantity(widthText), unit = width.unit || middle.unit;
    if (width.unit && middle.unit && width.unit !== middle.unit) refuse("units");
    positive(middle.value);
    if (sign !== "±" && sign !== "+/-") {
      if (width.value <= 1) refuse("factor");
      return { belief: { shape: "lognormal", median: middle.value, sigma: Math.log(width.value) / Z90 }, unit: unit };
    }
    var share = widthText.indexOf("%") >= 0 && middleText.indexOf("%") < 0;
    var reach = share ? middle.value * width.value : width.value;
    if (!(reach > 0 && reach < middle.value)) refuse("spread");
    var sigma = Math.log((middle.value + reach) / (middle.value - reach)) / (2 * Z90);
    return { belief: { shape: "lognormal", median: middle.value, sigma: sigma }, unit: unit };
  }

  function positive(value) { if (!(value > 0)) refuse("positive"); }

  // Sums, products, quotients and powers of literals, by precedence climbing; what follows is the unit.
  function quantity(text) {
    var at = 0;

    function space() { while (at < text.length && /\s/.test(text[at])) at += 1; }

    function expression(floor) {
      var value = operand();
      for (;;) {
        space();
        var operator = text[at], binding = BINDING[operator], start = at;
        if (!binding || binding <= floor) return value;
        at += 1;
        space();
        if ("*/×".indexOf(operator) >= 0 && !/[(0-9.]/.test(text[at] || "")) { // "/s" belongs to the unit
          at = start;
          return value;
        }
        value = combined(operator, value, expression(binding - (operator === "^" ? 1 : 0)));
      }
    }

    function operand() {
      space();
      if (text[at] === "(") {
        at += 1;
        var inner = expression(0);
        if (text[at] !== ")") refuse("parenthesis");
        at += 1;
        return inner;
      }
      var sign = text[at] === "-" ? -1 : 1;
      if (sign < 0) at += 1;
      var number = new RegExp(NUMBER, "y");
      number.lastIndex = at;
      var found = number.exec(text);
      if (!found) refuse("number");
      at += found[0].length;
      return sign * Number(found[1].split(",").join("") + (found[2] || "")) * (SUFFIXES[found[3]] || 1) / (found[4] ? 100 : 1);
    }

    var value = expression(0);
    if (!isFinite(value)) refuse("finite");
    if (Math.abs(value) > LARGEST) refuse("large");
    var unit = text.slice(at).trim();
    if (unit && !/^[A-Za-z$一-鿿]/.test(unit)) refuse("rest", { rest: unit });
    return { value: value, unit: unit };
  }

  function combined(operator, left, right) {
    if (operator === "+") return left + right;
    if (operator === "/") return left / right;
    return operator === "^" ? Math.pow(left, right) : left * right;
  }

  // Units: what one is in its base, and its dimensions (FLOP, second, chip, token, example, parameter).
  var BASES = {
    FLOP: [1, "op"], MAC: [2, "op"], s: [1, "time"], min: [60, "time"], h: [3600, "time"], day: [86400, "time"],
    week: [604800, "time"], month: [30.4375 * 86400, "time"], year: [365.25 * 86400, "time"], chip: [1, "chip"],
    token: [1, "token"], example: [1, "example"], parameter: [1, "parameter"]
  };
  var SPELLED = { flop: "FLOP", mac: "MAC", second: "s", sec: "s", minute: "min", hour: "h", hr: "h", d: "day", GPU: "chip",
    TPU: "chip", gpu: "chip", tpu: "chip", accelerator: "chip", tok: "token", image: "example", sample: "example",
    param: "parameter" };
  var PREFIXES = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18, Z: 1e21, Y: 1e24, kilo: 1e3, mega: 1e6, giga: 1e9,
    tera: 1e12, peta: 1e15, exa: 1e18, zetta: 1e21, yotta: 1e24 };
  var CHINESE = [["小时", "h"], ["分钟", "min"], ["秒", "s"], ["个月", "month"], ["天", "day"], ["日", "day"], ["周", "week"],
    ["年", "year"], ["卡", "chip"], ["张", "chip"]];
  var WORD = "[A-Za-z$]{1,20}(?:\\^-?\\d(?:\\.\\d)?)?";
  var ALLOWED = new RegExp("^(?:1/)?" + WORD + "(?:[*/ -]" + WORD + "){0,6}$");
  var AMBIGUOUS = /(?<![A-Za-z])[A-Za-z]{0,6}(FLOPs|FLOPS|flops|Flops)(?![A-Za-z])/;

  function unit(text) {
    var said = text.trim().replace(/\s*([*\/·])\s*/g, "$1").split("·").join("*");
    CHINESE.forEach(function (pair) { said = said.split(pair[0]).join(pair[1]); });
    if (AMBIGUOUS.test(said)) refuse("ambiguous", { unit: text });
    if (said && !ALLOWED.test(said)) refuse("unit", { unit: text });
    var found = { factor: 1, powers: {} };
    // A rate for a day is an amount; words joined by a hyphen stand together, behind a stroke as well.
    said = said.replace(/(\w*(?:FLOP|flop))\/s-(\w+)/g, "$1*$2/s").replace(/([A-Za-z]) +(?=[A-Za-z])/g, "$1*");
    (said ? said.match(/[*\/]?[^*\/]+/g) : []).forEach(function (part) {
      var sign = part[0] === "/" ? -1 : 1;
      part.replace(/^[*\/]/, "").split(/-(?=[A-Za-z])/).forEach(function (word) { join(found, word, sign, text); });
    });
    return found;
  }

  function join(found, word, sign, whole) {
    if (word === "1") return;
    var split = word.split("^"), power = sign * (split.length > 1 ? Number(split[1]) : 1);
    var known = base(split[0]);
    if (!known) refuse("unit", { unit: whole });
    found.factor *= Math.pow(known.factor, power);
    Object.keys(known.powers).forEach(function (name) {
      found.powers[name] = (found.powers[name] || 0) + power * known.powers[name];
      if (!found.powers[name]) delete found.powers[name];
    });
  }

  function base(word) { // as it stands, with a prefix, or in the plural
    var forms = [word].concat(/s$/.test(word) && word.length > 1 ? [word.slice(0, -1)] : []);
    for (var form of forms) {
      if (named(form)) return named(form);
      for (var prefix of Object.keys(PREFIXES)) {
        var rest = form.slice(prefix.length);
        if (form.indexOf(prefix) === 0 && named(rest)) {
          return { factor: PREFIXES[prefix] * named(rest).factor, powers: named(rest).powers };
        }
      }
    }
    return null;
  }

  function named(word) {
    if (word === "pfs") return { factor: 1e15, powers: { op: 1, time: -1 } };
    var own = Object.prototype.hasOwnProperty, name = own.call(SPELLED, word) ? SPELLED[word] : word;
    if (!own.call(BASES, name)) return null;
    var powers = {};
    powers[BASES[name][1]] = 1;
    return { factor: BASES[name][0], powers: powers };
  }

  function same(one, other) {
    var names = Object.keys(one.powers).concat(Object.keys(other.powers));
    return names.every(function (name) { return (one.powers[name] || 0) === (other.powers[name] || 0); });
  }

  // The value of a figure, in the unit that belongs to it; `rule` is what the vocabulary says of it.
  function read(text, rule, bare) {
    var said = parse(text), belief = said.belief;
    if (said.unit) {
      var isMac = said.unit.toUpperCase().indexOf("MAC") >= 0;
      if (isMac !== (rule.about === "macs_per_example") && /FLOP|MAC/i.test(said.unit)) refuse("fit", { unit: said.unit, example: rule.example });
      var given = unit(said.unit), wanted = unit(rule.unit);
      if (rule.shorthand && same(given, unit(rule.shorthand))) wanted = unit(rule.shorthand);
      if (!same(given, wanted)) refuse("fit", { unit: said.unit, example: rule.example });
      belief = scaled(belief, given.factor / wanted.factor);
    } else if (!bare) {
      refuse("bare", { example: rule.example });
    }
    var ends = page.beliefs.support(belief);
    if (!(ends[0] > 0)) refuse("above");
    if (rule.share && ends[1] > 1 + 1e-9) refuse("share");
    if (rule.counted && ends[1] < 1) refuse("least");
    return rule.share && belief.shape !== "point" ? { shape: "truncated", inner: belief, low: 0, high: 1 } : belief;
  }

  function scaled(belief, factor) {
    var found = Object.assign({}, belief);
    ["value", "median", "low", "high"].forEach(function (name) { if (name in found) found[name] *= factor; });
    return found;
  }

  page.notation = { parse: parse, read: read, Unread: Unread };
})();
